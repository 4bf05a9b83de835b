"""Gives records a time that the gateway did not know when it sent them.

Of one boot, records follow each other without a gap in between (docs/history.md): one that has a
time places its neighbours, and these theirs, as far as the sequence has no hole.
"""

from __future__ import annotations

import sqlite3

_COLUMNS = "sequence, first, time, seconds, boot"
_BEFORE = (
    f"SELECT {_COLUMNS} FROM records WHERE device = ? AND sequence = ?"  # what ends before `first`
)
_BEHIND = (
    f"SELECT {_COLUMNS} FROM records WHERE device = ? AND sequence > ? ORDER BY sequence LIMIT 1"
)


def place(db: sqlite3.Connection, device: str, sequence: int) -> None:
    """Works out the time of this record, and with it those of its neighbours that have none."""
    own = db.execute(_BEFORE, (device, sequence)).fetchone()
    time = own[2]
    before, behind = _before(db, device, own), _behind(db, device, own)
    if time is None:
        if before and before[2] is not None:
            time = before[2] + own[3]
        elif behind and behind[2] is not None:
            time = behind[2] - behind[3]
        else:
            return
        _set(db, device, sequence, time)
    end, one = time, own
    while (behind := _behind(db, device, one)) and behind[2] is None:
        end += behind[3]
        _set(db, device, behind[0], end)
        one = behind
    end, one = time, own
    while (before := _before(db, device, one)) and before[2] is None:
        end -= one[3]
        _set(db, device, before[0], end)
        one = before


def _before(db: sqlite3.Connection, device: str, own: tuple) -> tuple | None:
    found = db.execute(_BEFORE, (device, own[1] - 1)).fetchone()
    return found if found and found[4] == own[4] else None


def _behind(db: sqlite3.Connection, device: str, own: tuple) -> tuple | None:
    found = db.execute(_BEHIND, (device, own[0])).fetchone()
    return found if found and found[1] == own[0] + 1 and found[4] == own[4] else None


def _set(db: sqlite3.Connection, device: str, sequence: int, time: float) -> None:
    db.execute(
        "UPDATE records SET time = ?, worked_out = 1 WHERE device = ? AND sequence = ?",
        (round(time), device, sequence),
    )
