"""What is missing in a history: holes that are still to come, and those that never will."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from gateway_host.collector.placing import Own

ASK_AFTER_S = 300  # what is on its way needs so long
AGAIN = 6  # asked again after twice, four times, at most so many times as long
_MAX_AT_ONCE = 1000
_MAX_OF_ONE = 4  # on their way: a gateway takes 8 at a time
_MAX_ASKED = 12  # in vain, while the gateway was heard: more than five hours


class State(Enum):
    """What becomes of a hole."""

    TO_COME = "to come"
    GONE = "will not come: the gateway keeps it no longer"  # below `oldest`
    LOST = "will not come: the gateway has lost it"  # it says so
    MOVED = "will not come: the gateway measures another site now"  # it was freed
    GIVEN_UP = "given up: the gateway was asked for it again and again"


@dataclass(frozen=True)
class Hole:
    """The sequences `first` to `last` of a device, at the site `uuid`, are not there."""

    device: str
    uuid: str
    first: int
    last: int
    state: State


_Ranges = list[tuple[int, int]]  # in their order, apart
_ROWS = """
SELECT h.device, h.site, s.uuid, d.oldest, h.first, h.last, EXISTS(
    SELECT 1 FROM devices o WHERE o.device = d.device AND o.site != d.site AND o.heard > d.heard)
FROM held h JOIN devices d USING(device, site) JOIN sites s USING(site)
ORDER BY h.device, h.site, h.first
"""


def holes(db: sqlite3.Connection) -> Iterator[Hole]:
    """All holes, cut where their state changes. What lies below the first record that was ever
    held and is gone is none: the reader was not there yet."""
    given_up, lost = _ranges(db, "given_up"), _ranges(db, "lost")
    before, end = None, 0
    for device, site, uuid, oldest, first, last, moved in db.execute(_ROWS):
        own = device, site
        if own != before:
            before, end = own, min(first, oldest) - 1
        for start, stop, state in _parts(end + 1, first - 1, oldest, lost[own]):
            if state is State.TO_COME and moved:
                state = State.MOVED
            elif state is State.TO_COME and _within(start, stop, given_up[own]):
                state = State.GIVEN_UP
            yield Hole(device, uuid, start, stop, state)
        end = max(end, last)


def _ranges(db: sqlite3.Connection, table: str) -> defaultdict[Own, _Ranges]:
    """Of each device at each site."""
    found: defaultdict[Own, _Ranges] = defaultdict(list)
    rows = db.execute(f"SELECT * FROM {table} ORDER BY device, site, first")
    for device, site, first, last in rows:
        found[device, site].append((first, last))
    return found


def _parts(first: int, last: int, oldest: int, lost: _Ranges) -> Iterator[tuple[int, int, State]]:
    """`first` to `last`, if there is anything, cut where the state changes."""
    if first < oldest and first <= last:
        yield first, min(last, oldest - 1), State.GONE
        first = oldest
    place = bisect(lost, first, key=lambda one: one[1] + 1)
    while first <= last and place < len(lost) and lost[place][0] <= last:
        start, end = lost[place]
        if first < start:
            yield first, start - 1, State.TO_COME
        yield max(first, start), min(last, end), State.LOST
        first, place = end + 1, place + 1
    if first <= last:
        yield first, last, State.TO_COME


def _within(first: int, last: int, ranges: _Ranges) -> bool:
    """Whether one of these ranges has all of it."""
    place = bisect(ranges, first, key=lambda one: one[0])
    return place > 0 and last <= ranges[place - 1][1]


@dataclass
class _Request:
    """When a hole is asked for next, and how long after that again; how often it was in vain.
    asked: when it was asked for last, and when its gateway had been heard last then."""

    due: float
    pause: float
    in_vain: int = 0
    asked: tuple[float, int] | None = None


class Asking:
    """Which holes are to be asked for now: those that stay, in turns."""

    def __init__(self, after_s: float = ASK_AFTER_S):
        self._after_s = after_s
        self._requests: dict[Hole, _Request] = {}

    def due(self, db: sqlite3.Connection, now: float | None = None) -> list[Hole]:
        """Those whose time has come, who has waited longest first; a few of each device at a
        time. What was asked for too often is given up in `db`."""
        now = time.monotonic() if now is None else now
        before, self._requests = self._requests, {}
        for hole in holes(db):
            if hole.state is State.TO_COME:
                new = _Request(now + self._after_s, 2 * self._after_s)
                self._requests[hole] = before.get(hole, new)
        requests = self._requests
        away = Counter(
            hole.device
            for hole, request in requests.items()
            if request.asked and now < request.asked[0] + self._after_s
        )
        found = []
        in_turns = sorted(requests, key=lambda one: (requests[one].due, one.device, one.first))
        for hole in in_turns:
            if requests[hole].due > now or len(found) == _MAX_AT_ONCE:
                break
            if away[hole.device] < _MAX_OF_ONE and self._ask(db, hole, requests[hole], now):
                away[hole.device] += 1
                found.append(hole)
        return found

    def _ask(self, db: sqlite3.Connection, hole: Hole, request: _Request, now: float) -> bool:
        """Whether the hole is asked for once more."""
        (heard,) = db.execute(
            "SELECT heard FROM devices JOIN sites USING(site) WHERE device = ? AND uuid = ?",
            (hole.device, hole.uuid),
        ).fetchone()
        if request.asked and heard > request.asked[1]:
            request.in_vain += 1
        request.asked = now, heard
        request.due = now + request.pause
        request.pause = min(2 * request.pause, AGAIN * self._after_s)
        if request.in_vain < _MAX_ASKED:
            return True
        with contextlib.suppress(sqlite3.Error):  # next time, then
            db.execute(
                "INSERT OR REPLACE INTO given_up SELECT ?, site, ?, ? FROM sites WHERE uuid = ?",
                (hole.device, hole.first, hole.last, hole.uuid),
            )
        return False
