"""What a history holds, for each device at each site, for people and as JSON."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from gateway_host.collector.holes import State, holes

_SHOWN = 20  # holes that are listed
_UUID = 8  # letters of a site's, which tell sites apart


def devices(db: sqlite3.Connection) -> list[dict[str, Any]]:
    """A dict for each device at each site: `site` (uuid), `records`, `minutes` (sequences held),
    `from` and `to` (epoch s), `waiting` and `gone` (sequences in holes), `doubles`, `replaced`,
    `timeless`."""
    missing: dict[tuple[str, str, bool], int] = {}
    for hole in holes(db):
        key = hole.device, hole.uuid, hole.state is not State.TO_COME
        missing[key] = missing.get(key, 0) + hole.last - hole.first + 1
    rows = db.execute(
        "SELECT d.device, s.uuid, d.oldest, d.doubles, d.replaced, count(r.sequence), "
        "(SELECT sum(last - first + 1) FROM held h WHERE (h.device, h.site) = (d.device, d.site)),"
        "min(r.time), max(r.time), sum(r.sequence IS NOT NULL AND r.time IS NULL) "
        "FROM devices d JOIN sites s USING(site) LEFT JOIN records r USING(device, site) "
        "GROUP BY d.device, d.site ORDER BY d.device, min(r.time)"
    )
    return [
        {
            "device": device,
            "site": uuid,
            "oldest": oldest,
            "records": count,
            "minutes": held or 0,
            "from": start,
            "to": end,
            "waiting": missing.get((device, uuid, False), 0),
            "gone": missing.get((device, uuid, True), 0),
            "doubles": doubles,
            "replaced": replaced,
            "timeless": timeless or 0,
        }
        for device, uuid, oldest, doubles, replaced, count, held, start, end, timeless in rows
    ]


def table(found: list[dict[str, Any]]) -> Table:
    """The same as a table."""
    shown = Table()
    for title in ("device", "site", "from (UTC)", "to (UTC)"):
        shown.add_column(title, no_wrap=True)
    for title in ("records", "to come", "gone", "doubles", "no time"):
        shown.add_column(title, justify="right")
    for one in found:
        numbers = (one[name] for name in ("records", "waiting", "gone", "doubles", "timeless"))
        shown.add_row(
            one["device"],
            one["site"][:_UUID],
            _utc(one["from"]),
            _utc(one["to"]),
            *(f"{n:,}" for n in numbers),
        )
    return shown


def hole_lines(db: sqlite3.Connection) -> Iterator[str]:
    """The first holes, a line each."""
    for number, hole in enumerate(holes(db)):
        if number == _SHOWN:
            yield "  ... and more"
            return
        where = f"{hole.device} at {hole.uuid[:_UUID]}"
        yield f"  {where}: {hole.first} to {hole.last}: {hole.state.value}"


def aside_lines(db: sqlite3.Connection) -> Iterator[str]:
    """How many messages were put aside, for each reason and topic."""
    rows = db.execute(
        "SELECT reason, topic, count(*) FROM aside GROUP BY reason, topic "
        "ORDER BY count(*) DESC LIMIT ?",
        (_SHOWN,),
    )
    for reason, topic, count in rows:
        yield f"  {count} x {topic}: {reason}"


def _utc(time: int | None) -> str:
    return "" if time is None else f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}"
