"""The tables of the collector's SQLite file, and opening it.

Owns the schema. `records` is the history, keyed by (device, sequence); `held` the sequences that
are there, as ranges, so that holes and doubles are found at once; the view `point_records` has a
row for each point of each record, with its name.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gateway_host.errors import UserError

VERSION = 1
# Ranges that are not asked for any more: in vain too often, or the gateway has lost them. Files of
# before do not have these tables.
_NOT_ASKED_FOR = """
CREATE TABLE IF NOT EXISTS {}(
    device TEXT, first INTEGER, last INTEGER NOT NULL, PRIMARY KEY(device, first)
) WITHOUT ROWID
"""
_APPLICATION = 0x67776863  # "gwhc"
_BUSY_S = 30.0  # another collector of the same file holds it
_SCHEMA = """
CREATE TABLE devices(
    device TEXT PRIMARY KEY, uuid TEXT NOT NULL, oldest INTEGER NOT NULL, heard INTEGER NOT NULL,
    doubles INTEGER NOT NULL DEFAULT 0, replaced INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE layouts(
    device TEXT, layout TEXT, since INTEGER NOT NULL, name TEXT NOT NULL, timezone TEXT NOT NULL,
    points TEXT NOT NULL, PRIMARY KEY(device, layout)
) WITHOUT ROWID;
CREATE TABLE records(
    device TEXT, sequence INTEGER, first INTEGER NOT NULL,
    time INTEGER,               -- when it ends, epoch s; NULL where nobody knows
    worked_out INTEGER NOT NULL, -- 1: the time is not the gateway's but follows from the boot's
    seconds REAL NOT NULL, boot INTEGER NOT NULL, layout TEXT NOT NULL,
    historical INTEGER NOT NULL,
    import TEXT NOT NULL, export TEXT NOT NULL, missing TEXT, rest TEXT NOT NULL, -- JSON
    sent INTEGER NOT NULL,      -- 1: a time-series store has it
    sent_before TEXT,           -- what a store has of it from records that it replaced, JSON
    PRIMARY KEY(device, sequence)
) WITHOUT ROWID;
CREATE INDEX records_by_time ON records(device, time);
CREATE INDEX records_to_send ON records(device, sequence) WHERE sent = 0;
CREATE TABLE held(
    device TEXT, first INTEGER, last INTEGER NOT NULL, PRIMARY KEY(device, first)
) WITHOUT ROWID;
CREATE TABLE aside(
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, topic TEXT NOT NULL,
    reason TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE VIEW point_records AS
SELECT r.device, r.sequence, r.time, r.seconds, r.layout, p.key AS point,
    json_extract(l.points, '$[' || p.key || '].name') AS name,
    json_extract(l.points, '$[' || p.key || '].role') AS role,
    json_extract(l.points, '$[' || p.key || '].phase') AS phase,
    p.value AS import, json_extract(r.export, '$[' || p.key || ']') AS export,
    CASE WHEN r.missing IS NULL THEN 0 ELSE json_extract(r.missing, '$[' || p.key || ']') END
        AS missing
FROM records r JOIN json_each(r.import) p
LEFT JOIN layouts l ON l.device = r.device AND l.layout = r.layout;
"""


def connect(file: Path, create: bool) -> sqlite3.Connection:
    """The file, opened, with autocommit; it is made with its tables where `create` says so.
    UserError where it cannot be used."""
    if not create and not file.exists():
        raise UserError(f"{file}: there is no such history: `make collect` makes one")
    try:
        db = sqlite3.connect(file, timeout=_BUSY_S, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # what is acknowledged is on the disk
        db.execute("BEGIN IMMEDIATE")
        try:
            _make(db, file)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    except sqlite3.Error as error:
        raise UserError(f"{file}: cannot be used as a history: {error}") from None
    return db


def _make(db: sqlite3.Connection, file: Path) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables == 0:
        for statement in _SCHEMA.split(";\n"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
        db.execute(f"PRAGMA user_version = {VERSION}")
    elif application != _APPLICATION:
        raise UserError(f"{file}: is another program's database: name another file")
    elif version != VERSION:
        raise UserError(f"{file}: has version {version}, this collector reads {VERSION}")
    for table in ("given_up", "lost"):
        db.execute(_NOT_ASKED_FOR.format(table))
