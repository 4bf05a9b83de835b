"""What a gateway that is gone has counted, as a collector's file knows it: the sum of the minutes
of its site. Owns how these become counters of points and loads: each minute by the wiring that it
was measured with."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from gateway_host.errors import UserError
from gateway_host.replace import gaps

_RECORDS = """
SELECT r.device, r.first, r.sequence, r.boot, r.time, r.seconds, d.oldest,
    l.points, r.import, r.export, r.missing
FROM sites s CROSS JOIN devices d USING(site) CROSS JOIN records r USING(device, site)
LEFT JOIN layouts l ON l.device = r.device AND l.layout = r.layout
WHERE s.uuid = ? AND d.device = ? ORDER BY r.sequence
"""


@dataclass
class Counters:
    """`points`: import and export of each, J; `loads`: the same; `missing`: samples of each point
    that did not arrive; `records`: how many they are the sum of; `lacking`: minutes that the file
    has not; `unnamed`: records of which nobody knows the points; `unknown`: records in which the
    energy of a point is not known; `elsewhere`: the same as `loads` by name, of loads that the
    document has not."""

    points: list[list[int]]
    loads: list[list[int]]
    missing: list[int]
    records: int = 0
    lacking: int = 0
    unnamed: int = 0
    unknown: int = 0
    elsewhere: dict[str, list[int]] = field(default_factory=dict)
    devices: list[str] = field(default_factory=list)


class _Wiring:
    """A layout's. `points`: where each is in the document, or None; `loads`: of each load's name,
    its points' places in a record."""

    def __init__(self, described: list[dict[str, Any]], places: dict[tuple[Any, Any], int]):
        self.points = [places.get((one.get("node"), one.get("input"))) for one in described]
        self.loads: dict[str, list[int]] = {}
        for at, one in enumerate(described):
            self.loads.setdefault(one["name"], []).append(at)


def counted(db: sqlite3.Connection, document: dict[str, Any]) -> Counters:
    """The counters of the document's points and loads: all that any gateway of this site has
    counted. A load is what the site called so when the minute was measured, as in the registers.
    Its phases are added up within each record: what one takes and another gives is no energy of
    the load. UserError where the file knows nothing of the site."""
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
    sums = {load["name"]: [0, 0] for load in loads}
    found = Counters([[0, 0] for _ in points], list(sums.values()), [0] * len(points))
    found.devices = devices
    wirings: dict[str, _Wiring] = {}
    before: gaps.Ends | None = None
    rows = (row for device in devices for row in db.execute(_RECORDS, (uuid, device)))
    for *ends, oldest, described, taken, given, missing in rows:
        own = gaps.Ends(*ends)
        found.lacking += gaps.between(before, own, oldest)
        before = own
        if described is None:
            found.unnamed += 1
            continue
        found.records += 1
        if described not in wirings:
            wirings[described] = _Wiring(json.loads(described), places)
        both = list(zip(json.loads(taken), json.loads(given), strict=True))
        found.unknown += any(None in one for one in both)
        known = [(one or 0, other or 0) for one, other in both]
        _add(found, sums, wirings[described], known, json.loads(missing) if missing else [])
    return found


def _add(
    found: Counters,
    sums: dict[str, list[int]],
    wiring: _Wiring,
    both: list[tuple[int, int]],
    missing: list[int],
) -> None:
    """One record. both: import and export of each of its points."""
    for at, i in enumerate(wiring.points):
        if i is not None:
            found.points[i][0] += both[at][0]
            found.points[i][1] += both[at][1]
            found.missing[i] += missing[at] if missing else 0
    for name, own in wiring.loads.items():
        taken, given = both[own[0]]
        if len(own) > 1:
            net = sum(both[at][0] - both[at][1] for at in own)
            taken, given = max(net, 0), max(-net, 0)
        counter = sums.get(name) or found.elsewhere.setdefault(name, [0, 0])
        counter[0] += taken
        counter[1] += given


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
