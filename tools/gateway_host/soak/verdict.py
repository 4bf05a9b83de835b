"""What the collector holds, compared with what the gateways made: record by record."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

from gateway_host.soak.gateways import EPOCH, Driven, energy, serial


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


def held(db: sqlite3.Connection, gateway: Driven) -> int:
    """How many of its sequences the collector holds."""
    row = db.execute(
        "SELECT coalesce(sum(last - first + 1), 0) FROM held WHERE device = ?",
        (serial(gateway.device),),
    )
    return row.fetchone()[0]
