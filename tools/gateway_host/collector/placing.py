"""Gives records a time that the gateway did not know when it sent them.

Of one boot, records follow each other without a gap in between (docs/history.md): one that has a
time places its neighbours, and these theirs, as far as the sequence has no hole.
"""

from __future__ import annotations

import sqlite3

Own = tuple[str, int]  # a device and the number of its site: whose records follow each other
OWN = "device = ? AND site = ?"
_COLUMNS = "sequence, first, time, seconds, boot"
# What ends before `first`, and what comes behind.
_BEFORE = f"SELECT {_COLUMNS} FROM records WHERE {OWN} AND sequence = ?"
_BEHIND = f"SELECT {_COLUMNS} FROM records WHERE {OWN} AND sequence > ? ORDER BY sequence LIMIT 1"


def place(db: sqlite3.Connection, own: Own, sequence: int) -> None:
    """Works out the time of this record, and with it those of its neighbours that have none."""
    record = db.execute(_BEFORE, (*own, sequence)).fetchone()
    time = record[2]
    before, behind = _before(db, own, record), _behind(db, own, record)
    if time is None:
        if before and before[2] is not None:
            time = before[2] + record[3]
        elif behind and behind[2] is not None:
            time = behind[2] - behind[3]
        else:
            return
        _set(db, own, sequence, time)
    end, one = time, record
    while (behind := _behind(db, own, one)) and behind[2] is None:
        end += behind[3]
        _set(db, own, behind[0], end)
        one = behind
    end, one = time, record
    while (before := _before(db, own, one)) and before[2] is None:
        end -= one[3]
        _set(db, own, before[0], end)
        one = before


def _before(db: sqlite3.Connection, own: Own, record: tuple) -> tuple | None:
    found = db.execute(_BEFORE, (*own, record[1] - 1)).fetchone()
    return found if found and found[4] == record[4] else None


def _behind(db: sqlite3.Connection, own: Own, record: tuple) -> tuple | None:
    found = db.execute(_BEHIND, (*own, record[0])).fetchone()
    return found if found and found[1] == record[0] + 1 and found[4] == record[4] else None


def _set(db: sqlite3.Connection, own: Own, sequence: int, time: float) -> None:
    db.execute(
        f"UPDATE records SET time = ?, worked_out = 1 WHERE {OWN} AND sequence = ?",
        (round(time), *own, sequence),
    )
