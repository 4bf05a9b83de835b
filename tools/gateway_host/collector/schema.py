"""The tables of the collector's SQLite file, and opening it.

Owns the schema, and how an older file becomes one of today. `records` is the history, keyed by
(device, site, sequence): a gateway that was freed measures another site under its old number.
`held` has the sequences that are there, as ranges, so that holes and doubles are found at once;
the view `point_records` has a row for each point of each record, with its name.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from gateway_host.errors import UserError

VERSION = 2
_APPLICATION = 0x67776863  # "gwhc"
_BUSY_S = 30.0  # another collector of the same file holds it
# Ranges of sequences: those that are there, and those that are not asked for any more, in vain too
# often, or lost by the gateway.
_RANGES = ("held", "given_up", "lost")
_SCHEMA = """
CREATE TABLE IF NOT EXISTS sites(site INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE);
CREATE TABLE devices(
    device TEXT, site INTEGER, oldest INTEGER NOT NULL, heard INTEGER NOT NULL,
    doubles INTEGER NOT NULL DEFAULT 0, replaced INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY(device, site)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS layouts(
    device TEXT, layout TEXT, since INTEGER NOT NULL, name TEXT NOT NULL, timezone TEXT NOT NULL,
    points TEXT NOT NULL, PRIMARY KEY(device, layout)
) WITHOUT ROWID;
CREATE TABLE records(
    device TEXT, site INTEGER, sequence INTEGER, first INTEGER NOT NULL,
    time INTEGER,               -- when it ends, epoch s; NULL where nobody knows
    worked_out INTEGER NOT NULL, -- 1: the time is not the gateway's but follows from the boot's
    seconds REAL NOT NULL, boot INTEGER NOT NULL, layout TEXT NOT NULL,
    historical INTEGER NOT NULL,
    import TEXT NOT NULL, export TEXT NOT NULL, missing TEXT, rest TEXT NOT NULL, -- JSON
    sent INTEGER NOT NULL,      -- 1: a time-series store has it
    sent_before TEXT,           -- what a store has of it from records that it replaced, JSON
    PRIMARY KEY(device, site, sequence)
) WITHOUT ROWID;
CREATE INDEX records_by_time ON records(device, site, time);
CREATE INDEX records_to_send ON records(device, site, sequence) WHERE sent = 0;
CREATE TABLE IF NOT EXISTS aside(
    number INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, topic TEXT NOT NULL,
    reason TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE VIEW point_records AS
SELECT r.device, s.uuid AS site, r.sequence, r.time, r.seconds, r.layout, p.key AS point,
    json_extract(l.points, '$[' || p.key || '].name') AS name,
    json_extract(l.points, '$[' || p.key || '].role') AS role,
    json_extract(l.points, '$[' || p.key || '].phase') AS phase,
    p.value AS import, json_extract(r.export, '$[' || p.key || ']') AS export,
    CASE WHEN r.missing IS NULL THEN 0 ELSE json_extract(r.missing, '$[' || p.key || ']') END
        AS missing
FROM records r JOIN sites s USING(site) JOIN json_each(r.import) p
LEFT JOIN layouts l ON l.device = r.device AND l.layout = r.layout;
"""
_RANGE = """
CREATE TABLE {}(
    device TEXT, site INTEGER, first INTEGER, last INTEGER NOT NULL,
    PRIMARY KEY(device, site, first)
) WITHOUT ROWID
"""
# Version 1 kept one site of each device. Its files do not all have every table of ranges.
_RECORD_1 = (
    "r.sequence, r.first, r.time, r.worked_out, r.seconds, r.boot, r.layout, r.historical, "
    "r.import, r.export, r.missing, r.rest, r.sent, r.sent_before"
)
_TAKE_OVER = {
    "devices": "r.oldest, r.heard, r.doubles, r.replaced",
    "records": _RECORD_1,
} | dict.fromkeys(_RANGES, "r.first, r.last")


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
        _make_tables(db)
        db.execute(f"PRAGMA application_id = {_APPLICATION}")
    elif application != _APPLICATION:
        raise UserError(f"{file}: is another program's database: name another file")
    elif version == 1:
        _take_over(db)
    elif version != VERSION:
        raise UserError(f"{file}: has version {version}, this collector reads {VERSION}")


def _make_tables(db: sqlite3.Connection) -> None:
    for statement in [*_SCHEMA.split(";\n"), *(_RANGE.format(table) for table in _RANGES)]:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")


def _take_over(db: sqlite3.Connection) -> None:
    """All that a file of version 1 has, each device's with the site that it had there."""
    tables = [
        name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    db.execute("DROP VIEW point_records")
    for index in ("records_by_time", "records_to_send"):
        db.execute(f"DROP INDEX {index}")
    before = [table for table in _TAKE_OVER if table in tables]
    for table in before:
        db.execute(f"ALTER TABLE {table} RENAME TO {table}_1")
    _make_tables(db)
    db.execute("INSERT INTO sites(uuid) SELECT DISTINCT uuid FROM devices_1 ORDER BY uuid")
    for table in before:
        db.execute(
            f"INSERT INTO {table} SELECT r.device, s.site, {_TAKE_OVER[table]} FROM {table}_1 r "
            "JOIN devices_1 d USING(device) JOIN sites s ON s.uuid = d.uuid"
        )
    for table in before:
        db.execute(f"DROP TABLE {table}_1")
