"""The history as CSV: a row for each point of each minute, hour or day.

Owns what a row says. Hours and days are those of the site's time zone. What is not known stays
empty: it is never 0.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, TextIO

from gateway_host.collector import hours

PERIODS = ("minute", "hour", "day")
HEADER = ("device", "site", "start", "point", "name", "role", "phase", "seconds", "known_s",
          "import_j", "export_j", "missing_samples")  # fmt: skip
_RECORDS = """
SELECT r.sequence, r.time, r.seconds, r.layout, r.import, r.export, r.missing,
    l.name, l.timezone, l.points
FROM records r LEFT JOIN layouts l ON l.device = r.device AND l.layout = r.layout
JOIN sites s USING(site)
WHERE r.device = ? AND s.uuid = ? ORDER BY r.sequence
"""


def write(
    db: sqlite3.Connection,
    file: TextIO,
    per: str,
    device: str | None = None,
    uuid: str | None = None,
) -> int:
    """Writes the rows of one device or all, at one site (uuid) or all, in the order of the
    sequence; returns how many.

    A record without a time has an empty `start`, or that of the hour or day in which both its
    neighbours lie.
    """
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(HEADER)
    count = 0
    for name, site in hours.devices(db):
        if device not in (None, name) or uuid not in (None, site):
            continue
        records = db.execute(_RECORDS, (name, site))
        made = _minutes(records) if per == "minute" else _periods(records, per)
        for row in made:
            rows.writerow((name, *row))
            count += 1
    return count


def _minutes(records: sqlite3.Cursor) -> Iterator[tuple]:
    for record in records:
        start = ""
        if record[1] is not None:
            begun = datetime.fromtimestamp(record[1] - record[2], _zone(record[8]))
            start = begun.isoformat(timespec="seconds")
        period = _Period(start, record)
        period.add(record)
        yield from period.rows()


def _periods(records: sqlite3.Cursor, per: str) -> Iterator[tuple]:
    """Follows the sequence; a period ends where the next record lies in another, or has another
    layout."""
    period: _Period | None = None
    timeless: list[tuple] = []
    for record in records:
        if record[1] is None:
            timeless.append(record)
            continue
        start = _start_of(record, per)
        same = period is not None and period.start == start and period.layout == record[3]
        if timeless and not (same and all(one[3] == record[3] for one in timeless)):
            if period:
                yield from period.rows()
            period = None
            yield from _together(timeless)
        elif period and not same:
            yield from period.rows()
            period = None
        period = period or _Period(start, record)
        for one in [*timeless, record] if same else [record]:
            period.add(one)
        timeless = []
    if period:
        yield from period.rows()
    yield from _together(timeless)


def _together(records: list[tuple]) -> Iterator[tuple]:
    period: _Period | None = None
    for record in records:
        if period and period.layout != record[3]:
            yield from period.rows()
            period = None
        period = period or _Period("", record)
        period.add(record)
    if period:
        yield from period.rows()


class _Period:
    """What the points of one layout took in one period."""

    def __init__(self, start: str, record: tuple):
        self.start = start
        self.layout = record[3]
        self._site = record[7] or ""
        self._points: list[dict[str, Any]] = json.loads(record[9]) if record[9] else []
        self._seconds = 0.0
        self._sums: list[list[Any]] = []

    def add(self, record: tuple) -> None:
        imports, exports = json.loads(record[4]), json.loads(record[5])
        missing = json.loads(record[6]) if record[6] else [0] * len(imports)
        self._seconds += record[2]
        while len(self._sums) < len(imports):
            self._sums.append([0.0, None, None, 0])
        for own, taken, given, lost in zip(self._sums, imports, exports, missing, strict=False):
            own[0] += record[2] if taken is not None else 0
            own[1] = _plus(own[1], taken)
            own[2] = _plus(own[2], given)
            own[3] += lost

    def rows(self) -> Iterator[tuple]:
        for number, (known, taken, given, lost) in enumerate(self._sums):
            point = self._points[number] if number < len(self._points) else {}
            words = (point.get(name) or "" for name in ("name", "role", "phase"))
            seconds = (_plain(self._seconds), _plain(known))
            yield (self._site, self.start, number, *words, *seconds, taken, given, lost)


def _plus(one: int | None, other: int | None) -> int | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _plain(number: float) -> float | int:
    return int(number) if number == int(number) else round(number, 3)


def _start_of(record: tuple, per: str) -> str:
    """The beginning of the hour or day in which the middle of the record lies: local time with its
    offset (an hour that comes twice is two)."""
    middle = datetime.fromtimestamp(record[1] - record[2] / 2, UTC)
    local = middle.astimezone(_zone(record[8]))
    if per == "day":
        start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    else:
        into = timedelta(minutes=local.minute, seconds=local.second)
        start = (middle - into).astimezone(local.tzinfo)
    return start.isoformat(timespec="seconds")


def _zone(name: str | None) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(name or "UTC")
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
