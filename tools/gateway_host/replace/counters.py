"""What a gateway that is gone has counted, as a collector's file knows it: the sum of the minutes
of its site. Owns how these become counters of points and loads."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from gateway_host.collector.holes import holes
from gateway_host.errors import UserError

_RECORDS = """
SELECT l.points, r.import, r.export, r.missing
FROM sites s JOIN devices d USING(site) JOIN records r USING(device, site)
LEFT JOIN layouts l ON l.device = r.device AND l.layout = r.layout
WHERE s.uuid = ?
"""


@dataclass
class Counters:
    """`points`: import and export of each, J; `loads`: the same; `missing`: samples of each point
    that did not arrive; `records`: how many they are the sum of; `lacking`: minutes that the file
    has not; `unnamed`: records of which nobody knows the points."""

    points: list[list[int]]
    loads: list[list[int]]
    missing: list[int]
    records: int = 0
    lacking: int = 0
    unnamed: int = 0
    devices: list[str] = field(default_factory=list)


def counted(db: sqlite3.Connection, document: dict[str, Any]) -> Counters:
    """The counters of the document's points and loads: all that any gateway of this site has
    counted. A load's phases are added up within each minute: what one takes and another gives is
    no energy of the load. UserError where the file knows nothing of the site."""
    uuid = document["uuid"]
    rows = db.execute(
        "SELECT device FROM devices JOIN sites USING(site) WHERE uuid = ? ORDER BY device", (uuid,)
    )
    devices = [device for (device,) in rows]
    if not devices:
        raise UserError(f"the history has no minute of the site {uuid}: take the file that has it")
    if removed := _removed(db, uuid):
        raise UserError(
            f"{removed} minutes of the site were handed on to a store and removed from the file: "
            "without them the counters would be too low; take the old one's flash, FLASH=folder"
        )
    points, loads = document["points"], document["loads"]
    places = {(one.get("meter") or one["node"], one["input"]): i for i, one in enumerate(points)}
    names = {load["name"]: k for k, load in enumerate(loads)}
    of_load = [names[one["load"]] for one in points]
    single = [of_load.count(k) == 1 for k in range(len(loads))]
    found = Counters([[0, 0] for _ in points], [[0, 0] for _ in loads], [0] * len(points))
    found.devices = devices
    known: dict[str, list[int | None]] = {}
    for described, taken, given, missing in db.execute(_RECORDS, (uuid,)):
        if described is None:
            found.unnamed += 1
            continue
        found.records += 1
        if described not in known:
            known[described] = [
                places.get((point.get("node"), point.get("input")))
                for point in json.loads(described)
            ]
        net: dict[int, int] = {}
        lost = json.loads(missing) if missing else []
        for at, (i, one, other) in enumerate(
            zip(known[described], json.loads(taken), json.loads(given), strict=True)
        ):
            if i is None:
                continue
            one, other = one or 0, other or 0
            found.points[i][0] += one
            found.points[i][1] += other
            found.missing[i] += lost[at] if at < len(lost) else 0
            k = of_load[i]
            if single[k]:
                found.loads[k][0] += one
                found.loads[k][1] += other
            else:
                net[k] = net.get(k, 0) + one - other
        for k, energy in net.items():
            found.loads[k][int(energy < 0)] += abs(energy)
    found.lacking = sum(hole.last - hole.first + 1 for hole in holes(db) if hole.uuid == uuid)
    return found


def _removed(db: sqlite3.Connection, uuid: str) -> int:
    """How many sequences the file has held of which no record is there any more."""
    held, there = (
        db.execute(
            f"SELECT total(one.last - one.first + 1) FROM ({rows}) one JOIN sites s "
            "USING(site) WHERE s.uuid = ?",
            (uuid,),
        ).fetchone()[0]
        for rows in (
            "SELECT site, first, last FROM held",
            "SELECT site, first, sequence AS last FROM records",
        )
    )
    return int(held - there)
