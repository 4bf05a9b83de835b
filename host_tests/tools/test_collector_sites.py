"""A gateway that was freed measures another site under its old number: what it has measured before
stays the history of the site where that was. Files of before, with one site a device, are taken
over as they are."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import sqlite3
from binascii import crc32
from pathlib import Path
from typing import Any

import pytest
from gateway_host.__main__ import main as program_main
from gateway_host.collector import export, hours, report, victoria
from gateway_host.collector.holes import Asking, State, holes
from gateway_host.collector.ledger import Ledger
from gateway_host.errors import UserError
from gateway_host.replace import counters
from history_messages import DEVICE, LAYOUT, POINTS, START, UUID, layout, message, record

OTHER = "another-house"
# What the collector made when it kept one site of each device.
VERSION_1 = """
CREATE TABLE devices(
    device TEXT PRIMARY KEY, uuid TEXT NOT NULL, oldest INTEGER NOT NULL, heard INTEGER NOT NULL,
    doubles INTEGER NOT NULL DEFAULT 0, replaced INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE layouts(
    device TEXT, layout TEXT, since INTEGER NOT NULL, name TEXT NOT NULL, timezone TEXT NOT NULL,
    points TEXT NOT NULL, PRIMARY KEY(device, layout)
) WITHOUT ROWID;
CREATE TABLE records(
    device TEXT, sequence INTEGER, first INTEGER NOT NULL, time INTEGER,
    worked_out INTEGER NOT NULL, seconds REAL NOT NULL, boot INTEGER NOT NULL,
    layout TEXT NOT NULL, historical INTEGER NOT NULL, import TEXT NOT NULL, export TEXT NOT NULL,
    missing TEXT, rest TEXT NOT NULL, sent INTEGER NOT NULL, sent_before TEXT,
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
CREATE VIEW point_records AS SELECT device, sequence FROM records;
PRAGMA application_id = 1735878755;
PRAGMA user_version = 1;
"""
RANGE_1 = """
CREATE TABLE {}(
    device TEXT, first INTEGER, last INTEGER NOT NULL, PRIMARY KEY(device, first)
) WITHOUT ROWID
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    """Ten minutes at a house without the fifth, then three at another, whose sequences begin
    anew: nobody knew the time."""
    with contextlib.closing(Ledger(tmp_path / "history.db")) as opened:
        assert opened.take([layout(), message(*(record(n) for n in range(1, 11) if n != 5))])
        opened.db.execute("UPDATE devices SET heard = heard - 60")
        there = [record(n, time=START + 7200 + 60 * n, boot=1) for n in (1, 2, 3)]
        taken = opened.take([message(*there, uuid=OTHER)])
        assert (taken.records, taken.doubles, taken.aside) == (3, 0, 0)
        yield opened


def test_each_site_keeps_its_own(ledger: Ledger) -> None:
    rows = "SELECT site, count(*) FROM point_records WHERE point = 0 GROUP BY site ORDER BY site"
    assert ledger.db.execute(rows).fetchall() == [(UUID, 9), (OTHER, 3)]
    first, second = report.devices(ledger.db)
    assert (first["site"], first["minutes"], first["gone"]) == (UUID, 9, 1)
    assert (second["site"], second["minutes"], second["gone"]) == (OTHER, 3, 0)
    again = ledger.take([message(record(4)), message(record(2), uuid=OTHER)])
    assert (again.records, again.doubles, again.aside) == (0, 2, 0)


def test_a_hole_of_the_former_site_is_not_asked_for(ledger: Ledger) -> None:
    """Its gateway has erased it. What comes all the same is kept."""
    ledger.take([message(record(9, time=START + 7740), uuid=OTHER)])
    found = [(hole.uuid, hole.first, hole.last, hole.state) for hole in holes(ledger.db)]
    assert found == [(UUID, 5, 5, State.MOVED), (OTHER, 4, 8, State.TO_COME)]
    assert [hole.uuid for hole in Asking(after_s=0).due(ledger.db, 0)] == [OTHER]
    assert ledger.take([message(record(5), kind="history")]).records == 1
    assert [hole.uuid for hole in holes(ledger.db)] == [OTHER]


def test_a_site_is_found_by_its_key(ledger: Ledger) -> None:
    """Not by a look at each record of each site."""
    for words, keys in ((hours._RECORDS, [UUID]), (counters._RECORDS, [UUID, DEVICE])):
        rows = ledger.db.execute("EXPLAIN QUERY PLAN " + words, keys).fetchall()
        plan = [row[3] for row in rows]
        assert "SEARCH r USING PRIMARY KEY (device=? AND site=?)" in plan
        assert not any("TEMP" in words for words in plan)


def test_what_was_asked_for_in_vain_is_given_up_at_its_site(ledger: Ledger) -> None:
    ledger.take([message(record(9, time=START + 7740), uuid=OTHER)])
    asking = Asking(after_s=1)
    for now in range(0, 1000, 10):
        ledger.db.execute("UPDATE devices SET heard = heard + 1")
        asking.due(ledger.db, now)
    states = {hole.uuid: hole.state for hole in holes(ledger.db)}
    assert states == {UUID: State.MOVED, OTHER: State.GIVEN_UP}


def test_hours_and_table_of_one_site(ledger: Ledger, tmp_path: Path) -> None:
    assert hours.devices(ledger.db) == sorted([(DEVICE, UUID), (DEVICE, OTHER)])
    for uuid, numbers in ((UUID, [1, 2, 3, 4, 6, 7, 8, 9, 10]), (OTHER, [1, 2, 3])):
        found = hours.registers(ledger.db, uuid)
        taken = sum(sum(one.joules.values()) for one in found if one.unique_id.endswith("import"))
        assert taken == sum(1000 + n for n in numbers)
        assert all(one.unique_id.startswith(uuid) for one in found)
        text = io.StringIO()
        export.write(ledger.db, text, "day", uuid=uuid)
        grid, _ = csv.DictReader(io.StringIO(text.getvalue()))
        assert int(grid["import_j"]) == taken
    words = ["collect", "--file", str(tmp_path / "history.db"), "--per", "minute"]
    assert program_main([*words, "--site", OTHER, "--export", str(tmp_path / "one.csv")]) == 0
    assert len((tmp_path / "one.csv").read_text().splitlines()) == 1 + 3 * 2


@pytest.mark.parametrize(
    "energies, hour",
    [
        (([0, 1, 1], [3, 0, 0]), (0, 1)),
        (([0, 2, 2], [3, 0, 0]), (1, 0)),
        (([0, 2, None], [3, 0, None]), (0, 1)),  # what is known of it
        (([None] * 3, [None] * 3), None),
    ],
)
def test_phases_of_a_load_are_added_up(tmp_path: Path, energies: Any, hour: Any) -> None:
    """Within a record, as the load's register has it, whose entity Home Assistant keeps."""
    kwh = 3_600_000
    taken, given = ([one and one * kwh for one in way] for way in energies)
    points = [dict(POINTS[0], input=name, phase=f"L{k}") for k, name in enumerate("ABC", 1)]
    both = {"import": [*taken, 5], "export": [*given, 7]}
    with contextlib.closing(Ledger(tmp_path / "history.db")) as opened:
        opened.take([layout(points=[*points, POINTS[1]]), message(record(1, **both))])
        found = {
            one.unique_id: sum(one.joules.values()) for one in hours.registers(opened.db, UUID)
        }
    grid, sun = (f"{UUID}l{crc32(one['name'].encode()):08x}" for one in POINTS)
    assert (found.pop(sun + "import"), found.pop(sun + "export")) == (5, 7)
    if hour is None:
        assert found == {}
    else:
        assert found == {grid + "import": hour[0] * kwh, grid + "export": hour[1] * kwh}


def test_a_store_can_tell_the_sites_apart(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    store = victoria.Victoria("http://127.0.0.1:1/write")
    monkeypatch.setattr(store, "_post", sent.append)
    assert (store.forward(ledger.db), store.forward(ledger.db)) == (12, 0)
    lines = sent[0].splitlines()
    assert sum(f"device={DEVICE},site={OTHER},point=0,name=Grid" in one for one in lines) == 3
    assert sum(f"device={DEVICE},site={UUID},point=0,name=Grid" in one for one in lines) == 9


@pytest.mark.parametrize("ranges", [(), ("given_up", "lost")])
def test_a_file_of_before_is_taken_over(tmp_path: Path, ranges: tuple[str, ...]) -> None:
    """Every row of it; and what comes then is entered as in a new one."""
    file = tmp_path / "history.db"
    devices = [(DEVICE, UUID, 1, 70, 2, 3), ("5100000124", UUID, 9, 80, 0, 0)]
    rows = [
        (device, n, n, START + 60 * n, n % 2, 60.0, 1, LAYOUT, 0, f"[{n}, 0]", "[0, 1]",
         None if n % 3 else "[0, 7]", '{"events": 1}', n % 2, "[[1], [2]]" if n == 4 else None)
        for device in (DEVICE, "5100000124") for n in (1, 2, 3, 4, 12, 20)
    ]  # fmt: skip
    held = [(device, *ends) for device, *_ in devices for ends in ((1, 4), (12, 12), (20, 20))]
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.executescript(VERSION_1)
        for table in ranges:
            db.execute(RANGE_1.format(table))
            db.execute(f"INSERT INTO {table} VALUES(?, 13, 19)", (DEVICE,))
        db.executemany("INSERT INTO devices VALUES(?, ?, ?, ?, ?, ?)", devices)
        values = (DEVICE, LAYOUT, 1, "A house", "UTC", json.dumps(POINTS))
        db.execute("INSERT INTO layouts VALUES(?, ?, ?, ?, ?, ?)", values)
        db.executemany(f"INSERT INTO records VALUES({', '.join('?' * 15)})", rows)
        db.executemany("INSERT INTO held VALUES(?, ?, ?)", held)
        db.execute("INSERT INTO aside VALUES(7, 1, 't', 'r', 'p')")
        db.commit()
    for _ in range(2):  # and it stays so
        with contextlib.closing(Ledger(file, create=False)) as ledger:
            names = "device, sequence, first, time, worked_out, seconds, boot, layout, historical"
            more = "import, export, missing, rest, sent, sent_before"
            kept = f"SELECT {names}, {more} FROM records JOIN sites USING(site) WHERE uuid = ?"
            assert ledger.db.execute(kept, (UUID,)).fetchall() == rows
            kept = "SELECT device, uuid, oldest, heard, doubles, replaced FROM devices"
            assert ledger.db.execute(f"{kept} JOIN sites USING(site)").fetchall() == devices
            kept = "SELECT device, first, last FROM held ORDER BY 1, 2"
            assert ledger.db.execute(kept).fetchall() == held
            for table in ("given_up", "lost"):
                found = ledger.db.execute(f"SELECT device, first, last FROM {table}").fetchall()
                assert found == ([(DEVICE, 13, 19)] if ranges else [])
            assert ledger.db.execute("SELECT number FROM aside").fetchall() == [(7,)]
            tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '*_1'"
            assert ledger.db.execute(tables).fetchall() == []
    with contextlib.closing(Ledger(file)) as ledger:
        known = {"import": [20, 0], "export": [0, 1]}
        taken = ledger.take([message(record(20, **known)), message(record(20), uuid=OTHER)])
        assert (taken.doubles, taken.records, taken.aside) == (1, 1, 0)
        assert len(report.devices(ledger.db)) == 3


def test_a_file_that_cannot_be_taken_over_stays(tmp_path: Path) -> None:
    """An error in its midst leaves all as it was."""
    file = tmp_path / "history.db"
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.executescript(VERSION_1)
        db.execute("INSERT INTO held VALUES('5100000123', 1, 4)")
        db.execute("CREATE TABLE held_1(x)")  # in the way
        db.commit()
    with pytest.raises(UserError, match="cannot be used as a history"):
        Ledger(file)
    with contextlib.closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT * FROM held").fetchall() == [("5100000123", 1, 4)]
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
