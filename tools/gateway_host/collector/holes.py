"""What is missing in a history: holes that are still to come, and those that never will."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

ASK_AFTER_S = 300  # what is on its way needs so long
AGAIN = 6  # asked again after twice, four times, at most so many times as long
_MAX_AT_ONCE = 1000
_MAX_OF_ONE = 4  # a gateway takes 8 at a time


@dataclass(frozen=True)
class Hole:
    """The sequences `first` to `last` of a device are not there. gone: they are below `oldest`."""

    device: str
    uuid: str
    first: int
    last: int
    gone: bool


def holes(db: sqlite3.Connection) -> Iterator[Hole]:
    """All holes, each cut in two where it lies on both sides of `oldest`. What lies below the
    first record that was ever held and is gone is none: the reader was not there yet."""
    rows = db.execute(
        "SELECT h.device, d.uuid, d.oldest, h.first, h.last FROM held h JOIN devices d "
        "USING(device) ORDER BY h.device, h.first"
    )
    device, end = None, 0
    for name, uuid, oldest, first, last in rows:
        if name != device:
            device, end = name, min(first, oldest) - 1
        if end + 1 < oldest and end + 1 < first:
            yield Hole(name, uuid, end + 1, min(first, oldest) - 1, True)
            end = min(first, oldest) - 1
        if end + 1 < first:
            yield Hole(name, uuid, end + 1, first - 1, False)
        end = max(end, last)


class Asking:
    """Which holes are to be asked for now: those that stay."""

    def __init__(self, after_s: float = ASK_AFTER_S):
        self._after_s = after_s
        self._again_s = AGAIN * after_s
        self._due: dict[tuple[str, int], tuple[float, float]] = {}  # when, and the next pause

    def due(self, db: sqlite3.Connection, now: float | None = None) -> list[Hole]:
        """Those of the lowest few holes of each device whose time has come."""
        now = time.monotonic() if now is None else now
        known: dict[tuple[str, int], Hole] = {}
        count: Counter[str] = Counter()
        for hole in holes(db):
            if not hole.gone and count[hole.device] < _MAX_OF_ONE:
                count[hole.device] += 1
                known[hole.device, hole.first] = hole
        first = now + self._after_s, 2 * self._after_s
        self._due = {key: self._due.get(key, first) for key in known}
        found = [hole for key, hole in known.items() if self._due[key][0] <= now]
        for hole in found[:_MAX_AT_ONCE]:
            pause = self._due[hole.device, hole.first][1]
            self._due[hole.device, hole.first] = now + pause, min(2 * pause, self._again_s)
        return found[:_MAX_AT_ONCE]
