"""What the collector holds, compared with what the gateways made: record by record."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from gateway_host.collector.holes import State, holes
from gateway_host.soak.gateways import EPOCH, Driven, energy, serial

_LEFT_OUT = 900  # sequences: a thousand, less those that had come


@dataclass
class Verdict:
    """Of one gateway or all. records: minutes that were made; lost: those that the collector has
    not, or with another energy; doubled: those that it has twice."""

    records: int = 0
    lost: int = 0
    doubled: int = 0
    coarser: int = 0  # minutes that stand in records of several
    sent_again: int = 0

    def add(self, other: Verdict) -> None:
        """Both together."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def judge(db: sqlite3.Connection, gateway: Driven) -> Verdict:
    """By the records' energies, which follow from their minutes: not from their sequences, which
    a gateway leaves out where it cannot know whether it gave them (docs/journal.md)."""
    made, points, device = gateway.state["kept"], gateway.kind.points, gateway.device
    verdict = Verdict(made)
    seen = bytearray(made + 1)
    rows = db.execute(
        "SELECT time, seconds, import FROM records WHERE device = ?", (serial(device),)
    )
    for time, seconds, taken in rows:
        after = (time - EPOCH) // 60 + 1
        minutes = range(after - round(seconds / 60), after)
        right = [sum(energy(device, one, point) for one in minutes) for point in range(points)]
        good = json.loads(taken) == right
        verdict.coarser += len(minutes) * (len(minutes) > 1)
        for one in minutes:
            if not 0 < one <= made or seen[one]:
                verdict.doubled += 1
            elif good:
                seen[one] = 1
    verdict.lost = made - sum(seen)
    again = db.execute("SELECT doubles FROM devices WHERE device = ?", (serial(device),))
    verdict.sent_again = (again.fetchone() or (0,))[0]
    return verdict


def missing(db: sqlite3.Connection, device: str) -> int:
    """How many sequences before the last one are not there, but for those that the gateway has
    left out: a thousand at once, as it could not know whether it gave them (docs/journal.md)."""
    own = (hole for hole in holes(db) if hole.device == device)
    found = ((hole.state, hole.last - hole.first + 1) for hole in own)
    return sum(count for state, count in found if state is not State.LOST or count < _LEFT_OUT)


def held(db: sqlite3.Connection, gateway: Driven) -> int:
    """The last of its sequences that the collector has, less those that are missing before."""
    device = serial(gateway.device)
    row = db.execute("SELECT coalesce(max(last), 0) FROM held WHERE device = ?", (device,))
    return row.fetchone()[0] - missing(db, device)
