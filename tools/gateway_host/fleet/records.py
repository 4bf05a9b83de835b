"""The records of a gateway of the fleet: made anew at any time from device and sequence, as a
journal would give them, and checked against what a collector holds.
"""

from __future__ import annotations

import json
import sqlite3

POINTS = 28
EPOCH = 1764000000


def device(number: int) -> str:
    """The serial number of a gateway of the fleet."""
    return f"51{number:08d}"


def uuid(number: int) -> str:
    """The site that it measures."""
    return f"fleet-{number:08d}"


def energy(number: int, sequence: int, point: int) -> int:
    """Import of a point in a record, J: of a few watts to some kilowatts."""
    return (number * 7919 + sequence * 104729 + point * 1299709) % 90000


def message(number: int, sequences: list[int], historical: bool) -> bytes:
    """The payload of `minutes` or `history`, as docs/history.md shows it."""
    records = ",".join(_record(number, sequence) for sequence in sequences)
    return (
        f'{{"device":"{device(number)}","layout":"{layout_name()}",'
        f'"historical":{str(historical).lower()},"oldest":1,"records":[{records}]}}'
    ).encode()


def _record(number: int, sequence: int) -> str:
    taken = ",".join(str(energy(number, sequence, point)) for point in range(POINTS))
    return (
        f'{{"sequence":{sequence},"time":{EPOCH + 60 * sequence},"seconds":60,"boot":1,'
        f'"import":[{taken}],"export":[{",".join("0" * POINTS)}],"estimated":0,'
        f'"grid":[640,2950],"voltages":[[2284,2319],[2290,2301],[2270,2300]],"events":0}}'
    )


def layout_name() -> str:
    """Of all gateways of the fleet."""
    return "0f1ee700"


def layout(number: int) -> bytes:
    """The payload of `layout`."""
    points = [{"name": f"Load {point + 1}", "role": "circuit"} for point in range(POINTS)]
    return json.dumps(
        {
            "device": device(number),
            "layout": layout_name(),
            "since": 1,
            "name": f"House {number}",
            "timezone": "Europe/Brussels",
            "points": points,
        }
    ).encode()


def check(db: sqlite3.Connection, number: int, made: int) -> tuple[int, int]:
    """(lost, doubled) of the records 1 to `made` of a gateway: by the records that are there, and
    by their energy."""
    rows = db.execute(
        "SELECT sequence, import FROM records WHERE device = ?", (device(number),)
    ).fetchall()
    wrong = sum(
        json.loads(taken) != [energy(number, sequence, point) for point in range(POINTS)]
        for sequence, taken in rows
    )
    there = {sequence for sequence, _ in rows}
    lost = len(set(range(1, made + 1)) - there)
    return lost + wrong, len(rows) - len(there) + len(there - set(range(1, made + 1)))


def held(db: sqlite3.Connection) -> int:
    """How many sequences the collector holds."""
    return db.execute("SELECT coalesce(sum(last - first + 1), 0) FROM held").fetchone()[0]
