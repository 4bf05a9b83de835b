"""Energy of each load and hour out of the history, as Home Assistant keeps it.

Owns the keys under which a gateway announces them (docs/home-assistant.md): they are made of the
load's name.
"""

from __future__ import annotations

import json
import sqlite3
import string
from binascii import crc32
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

HOUR_S = 3600
_LETTERS = frozenset(string.ascii_letters + string.digits + "_-")
_RECORDS = """
SELECT r.time, r.seconds, r.import, r.export, l.points
FROM sites s CROSS JOIN devices d USING(site) CROSS JOIN records r USING(device, site)
JOIN layouts l ON l.device = r.device AND l.layout = r.layout
WHERE s.uuid = ? AND r.time IS NOT NULL
"""


@dataclass(frozen=True)
class Register:
    """`unique_id`: of the entity; `joules`: {start of the hour, epoch s: J}."""

    unique_id: str
    joules: dict[int, int]


def devices(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """[(serial number, uuid of a site that it has measured)]."""
    rows = db.execute("SELECT device, uuid FROM devices JOIN sites USING(site) ORDER BY 1, 2")
    return rows.fetchall()


def registers(db: sqlite3.Connection, uuid: str) -> list[Register]:
    """Every load of a site in both directions, of all gateways that it has had. The phases of a
    load are added up within each record, as in its registers: what one takes and another gives is
    no energy of the load. An energy that is not known is left out: its hour has what is known, or
    is not there."""
    root = "".join(c if c in _LETTERS else "_" for c in uuid)
    joules: dict[str, Counter[int]] = defaultdict(Counter)
    for time, seconds, imports, exports, points in db.execute(_RECORDS, (uuid,)):
        hour = int((time - seconds / 2) // HOUR_S * HOUR_S)
        for name, taken, given in _loads(points, imports, exports):
            for way, energy in (("import", taken), ("export", given)):
                if energy is not None:
                    joules[_key(name) + way][hour] += energy
    return [Register(root + key, dict(joules[key])) for key in sorted(joules)]


def _loads(
    points: str, imports: str, exports: str
) -> Iterator[tuple[str, int | None, int | None]]:
    """(name, import, export) of each load of a record. Of several points it is the sum of those
    that are known."""
    found: dict[str, list[tuple[int | None, int | None]]] = defaultdict(list)
    energies = zip(json.loads(imports), json.loads(exports), strict=False)
    for point, both in zip(json.loads(points), energies, strict=False):
        found[point["name"]].append(both)
    for name, own in found.items():
        known = [(taken, given) for taken, given in own if None not in (taken, given)]
        if len(own) == 1:
            yield name, *own[0]
        elif known:
            net = sum(taken - given for taken, given in known)
            yield name, max(net, 0), max(-net, 0)


def _key(load: str) -> str:
    return f"l{crc32(load.encode()):08x}"
