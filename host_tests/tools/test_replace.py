"""A gateway takes another one's place: its counters go on from the old one's flash or from a
collector's file, no minute counts twice, no secret goes along, and what cannot be is refused."""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from gateway_host.__main__ import main
from gateway_host.broker import Broker
from gateway_host.collector.ledger import Ledger
from gateway_host.collector.victoria import prune
from gateway_host.replace import flash
from gateway_host.session import ROOT, SERIAL, Session
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from in_interpreter import succeed
from journal_runs import run, site
from running_gateway import Listener, mqtt_at

OLD, NEW = "5130000007", "5010000042"
START = 1764000000
MINUTES = 40


def minutes(first: int, count: int) -> list[dict[str, Any]]:
    """Steps of a minute each, of three points; the third one gives."""
    return [
        {
            "now": (START + 60 * k) * 1000,
            "s": 60,
            "in": [60000 + k, 0, 7 * k],
            "out": [0, 0, 30000 + k],
        }
        for k in range(first, first + count)
    ]


def quiet(place: Path, second: int, **more: Any) -> None:
    """A start in which nothing is measured for some seconds: what was written goes to a segment.
    Its record is one more."""
    rest = {"s": 1, "in": [0, 0, 0], "out": [0, 0, 0]}
    steps = [rest | {"now": (START + second + k) * 1000} for k in range(1, 5)]
    run(place, steps, end=True, **more)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The files of a gateway that has measured for so many minutes, of which a reader has 25."""
    place = tmp_path / "old"
    place.mkdir()
    found = run(place, minutes(1, 25), end=True)
    assert found.said["errors"] == []
    run(
        place,
        [*minutes(26, MINUTES - 25)],
        end=True,
        cursors={"broker": found.said["last"]},
    )
    (place / "site.json").write_text(json.dumps(site() | {"gateway": OLD}))
    (place / "settings.0").write_text("SECRET")
    (place / "factory.json").write_text(json.dumps({"serial": OLD, "hotspot_key": "SECRET"}))
    (place / "profiles").mkdir()
    (place / "profiles" / "own.json").write_text("{}")
    return place


def replace(place: Path, *more: str, new: str = NEW, charger: str | None = "no") -> int:
    words = ["--new", new, "--out", f"{place / 'new'}", *more]
    return main(["replace", *words, *(["--charger", charger] if charger else [])])


def sums(file: Path, device: str | None = None) -> list[list[int]]:
    """Import and export of each point, J, of all records of a collector's file."""
    with contextlib.closing(Ledger(file, create=False)) as ledger:
        rows = ledger.db.execute(
            "SELECT point, sum(import), sum(export) FROM point_records WHERE ? IN (device, '') "
            "GROUP BY point ORDER BY point",
            (device or "",),
        ).fetchall()
    return [[taken, given] for _, taken, given in rows]


RIGHT = [
    [sum(step["in"][i] for step in minutes(1, MINUTES)),
     sum(step["out"][i] for step in minutes(1, MINUTES))]
    for i in range(3)
]  # fmt: skip


def collected(place: Path, device: str, document: dict[str, Any], file: Path) -> None:
    """What a collector has of that gateway's journal."""
    with contextlib.closing(Ledger(file)) as ledger:
        taken = ledger.take(flash.journal(place, device, document).messages)
        assert taken.aside == 0


def test_counters_and_history_from_the_flash(tmp_path, old, capsys):
    """The old one is dead, its flash is not: what nobody has of its minutes goes to the collector
    under its own number, the counters go on, and both together are what was measured."""
    history = tmp_path / "history.db"
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    assert replace(tmp_path, "--flash", f"{old}", "--history", f"{history}") == 0
    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == before
    said = capsys.readouterr().out
    assert f"{MINUTES} minutes of {OLD} are new, 0 were there" in said
    assert sums(history) == RIGHT
    new = tmp_path / "new"
    names = {path.name for path in new.iterdir()}
    assert names == {"site.json", "registers.0", "registers.1", "profiles", "replacement.json"}
    assert b"SECRET" not in b"".join(path.read_bytes() for path in new.iterdir() if path.is_file())
    document = json.loads((new / "site.json").read_text())
    assert document == site() | {"gateway": NEW}
    record = json.loads((new / "replacement.json").read_text())
    assert (record["old"], record["new"], record["points"]) == (OLD, NEW, RIGHT)
    goes_on(tmp_path, document)
    # Once more: nothing is taken twice, and nothing is written over.
    assert replace(tmp_path, "--flash", f"{old}", "--history", f"{history}") == 2
    assert "there is something in it" in capsys.readouterr().err
    collected(old, OLD, document, history)
    assert sums(history, OLD) == RIGHT


def goes_on(tmp_path: Path, document: dict[str, Any]) -> None:
    """The new gateway counts from there; the history of the site stays the sum of both."""
    new, history = tmp_path / "new", tmp_path / "history.db"
    later = run(new, minutes(MINUTES + 1, 12), end=True, since=1735689600)
    assert later.said["errors"] == []
    assert [one["imported"][0] for one in later.read] == [
        step["in"][0] for step in minutes(MINUTES + 1, 12)
    ]
    assert later.read[0]["sequence"] > 1000  # a number of its own device
    joules = later.said["joules"][:6]
    whole = minutes(1, MINUTES + 12)
    ways = [(i, way) for i in range(3) for way in ("in", "out")]
    assert joules == [sum(step[way][i] for step in whole) for i, way in ways]
    collected(new, NEW, document, history)
    found = sums(history)
    assert joules == [joule for both in found for joule in both]
    assert sums(history, OLD) == RIGHT


def used_before(place: Path, uuid: str) -> None:
    """A gateway that has measured two hours at a site, in segments, and nobody has fetched it."""
    place.mkdir(exist_ok=True)
    there = {"site": site() | {"uuid": uuid}, "since": 1735689600, "capacity": 1 << 12}
    for k in range(4):
        run(place, minutes(-500 + 40 * k, 30), end=True, **there)
        quiet(place, 60 * (-500 + 40 * k + 30), **there)
    assert len(list((place / "journal").glob("*.1"))) > 1
    (place / "journal" / "running").touch()  # it was unplugged


@pytest.mark.parametrize("erased", [0, 1])
def test_a_gateway_that_was_used_before(tmp_path, old, erased):
    """What it has measured at another site is not sent as this one's; also where the power is cut
    when some of that is erased."""
    assert replace(tmp_path, "--flash", f"{old}") == 0
    new = tmp_path / "new"
    used_before(new, "v")
    assert replace(tmp_path, "--flash", f"{old}", "--out", f"{tmp_path / 'made'}") == 0
    shutil.copytree(tmp_path / "made", new, dirs_exist_ok=True)
    for path in sorted((new / "journal").glob("*.1"))[:erased]:
        path.unlink()
    later = run(new, minutes(MINUTES + 1, 12), end=True, since=1735689600)
    assert later.said["errors"] == ["journal.foreign"]
    assert "a history of another site, which is erased" in later.said["advice"][0][1]
    assert [one["imported"] for one in later.read] == [
        step["in"] for step in minutes(MINUTES + 1, 12)
    ]
    assert not later.read[0]["cut"] and later.said["kept"]["first"] == later.read[0]["sequence"]
    joules = [sum(step["in"][0] for step in minutes(1, MINUTES + 12))]
    assert later.said["joules"][:1] == joules
    again = run(new, minutes(MINUTES + 13, 2), end=True)
    assert again.said["errors"] == [] and len(again.read) == 14


def test_a_site_that_somebody_has_put_there(tmp_path):
    """Without a word to the gateway: neither registers nor minutes are those of the new site."""
    place = tmp_path / "used"
    used_before(place, "v")
    later = run(place, minutes(1, 3), end=True, since=1735689600)
    assert {"registers.lost", "journal.foreign"} == set(later.said["errors"])
    assert [one["imported"][0] for one in later.read] == [step["in"][0] for step in minutes(1, 3)]


def test_the_files_are_put_on_the_new_one_once_more(tmp_path, old):
    """When it has measured at this very site: its own minutes that nobody has fetched stay."""
    assert replace(tmp_path, "--flash", f"{old}") == 0
    new = tmp_path / "new"
    made = {path: path.read_bytes() for path in new.glob("registers.*")}
    run(new, minutes(MINUTES + 1, 30), end=True, since=1735689600)
    for later in (1, 2):
        quiet(new, 60 * (MINUTES + 40 + later), since=1735689600)
    (segment,) = (new / "journal").glob("*.1")
    for path, data in made.items():
        path.write_bytes(data)
    later = run(new, minutes(MINUTES + 50, 3), end=True)
    assert later.said["errors"] == [] and segment.exists()
    read = [one["imported"][0] for one in later.read if one["imported"][0]]
    assert read == [
        step["in"][0] for step in [*minutes(MINUTES + 1, 30), *minutes(MINUTES + 50, 3)]
    ]
    sequences = [one["sequence"] for one in later.read]
    assert sequences == sorted(set(sequences)) and later.news[0]["sequence"] > sequences[-4] + 999
    assert later.said["undelivered"] >= 33


def test_counters_from_the_collector(tmp_path, old, capsys):
    """Nothing is left of the old one but its document: what the collector has goes on."""
    history = tmp_path / "history.db"
    collected(old, OLD, site(), history)
    document = tmp_path / "site.json"
    shutil.copy(old / "site.json", document)
    shutil.rmtree(old)
    assert replace(tmp_path, "--site", f"{document}", "--history", f"{history}") == 0
    assert f"{MINUTES} records of {OLD}" in capsys.readouterr().out
    record = json.loads((tmp_path / "new" / "replacement.json").read_text())
    assert record["source"] == "history"
    assert record["points"] == record["loads"] == RIGHT  # of a load with one point
    goes_on(tmp_path, json.loads((tmp_path / "new" / "site.json").read_text()))


def test_registers_day_and_month_go_on_from_the_flash(tmp_path):
    """All that the registers' record has, to the last varsecond: a load's phases, the quadrants,
    what was estimated, today, the month's demand, what always runs."""
    place = tmp_path / "old"
    place.mkdir()
    plan = site()
    day = 20560 * 86400 + 36000
    steps = [[(day + 900 * k) * 1000, 2000, 900 * 3200] for k in range(1, 9)]
    given = {"site": plan, "steps": steps, "keep": True}
    before = succeed("keep_record", given=given, heap="2M", cwd=place).splitlines()[-1]
    (place / "site.json").write_text(json.dumps(plan))
    assert replace(tmp_path, "--flash", f"{place}", "--old", OLD) == 0
    given = {"site": plan | {"gateway": NEW}, "steps": [], "keep": False}
    after = succeed("keep_record", given=given, heap="2M", cwd=tmp_path / "new").splitlines()[0]
    assert json.loads(after)[:-2] == json.loads(before)[:-2]
    assert json.loads(after)[0][0] > 0 and json.loads(after)[-2] == []


def test_a_load_of_two_phases_is_added_up_by_the_minute(tmp_path):
    """One takes while the other gives: the difference is the load's. Two gateways before this one
    have counted; and one record has a point that is not known."""
    plan = site()
    plan["points"][1]["load"] = "Load 0"
    plan["loads"].pop(1)
    described = [
        {"name": name, "node": "5500000000", "input": "ABC"[i]}
        for i, name in enumerate(("Load 0", "Load 0", "Load 2"))
    ]
    messages = []
    for k, device in enumerate(("5130000001", OLD)):
        head = {"device": device, "layout": "9c41d2e7"}
        layout = head | {"since": 1, "name": "", "timezone": "UTC", "points": described}
        rows = [(100, 10, 5, 40, 0, 0), (7, 90, None, 0, 60, None)]
        records = [
            {"sequence": n, "time": START + 60 * n, "seconds": 60, "boot": 1,
             "import": [a, b, c], "export": [d, e, f]}
            for n, (a, b, c, d, e, f) in enumerate(rows, 1 + 10 * k)
        ]  # fmt: skip
        body = head | {"historical": False, "oldest": 1, "records": records}
        messages.append(("servicelocation/u/layout", json.dumps(layout).encode()))
        messages.append(("servicelocation/u/minutes", json.dumps(body).encode()))
    with contextlib.closing(Ledger(tmp_path / "history.db")) as ledger:
        assert ledger.take(messages).aside == 0
    (tmp_path / "site.json").write_text(json.dumps(plan | {"gateway": OLD}))
    words = "--site", f"{tmp_path}/site.json", "--history", f"{tmp_path}/history.db"
    assert replace(tmp_path, *words) == 0
    record = json.loads((tmp_path / "new" / "replacement.json").read_text())
    assert record["points"] == [[214, 80], [200, 120], [10, 0]]
    assert record["loads"] == [[2 * (70 + 37), 0], [10, 0]]


def test_each_minute_counts_by_the_wiring_of_its_time(tmp_path, capsys):
    """A heat pump gets a third phase, the CT of the sun goes to another load, and one load is no
    more: its energy is named. A flash that was erased in between left out no minute."""
    plan = site()
    described = [
        {"name": name, "node": "5500000000", "input": "ABC"[i]}
        for i, name in enumerate(("Load 0", "Load 0", "Load 1"))
    ]
    other = [
        dict(one, name=name)
        for one, name in zip(described, ("Load 0", "Pond", "Load 2"), strict=True)
    ]
    messages = []
    for k, (layout, points) in enumerate((("9c41d2e7", described), ("9c41d2e8", other))):
        head = {"device": OLD, "layout": layout}
        table = head | {"since": 1, "name": "", "timezone": "UTC", "points": points}
        records = [
            {"sequence": 1 + 10**6 * k, "time": START + 180 * k, "seconds": 60, "boot": 1 + k,
             "import": [100, 0, 7], "export": [0, 30, 0]}
        ]  # fmt: skip
        body = head | {"oldest": 1 + 10**6 * k, "records": records}
        messages.append(("servicelocation/u/layout", json.dumps(table).encode()))
        messages.append(("servicelocation/u/minutes", json.dumps(body).encode()))
    with contextlib.closing(Ledger(tmp_path / "history.db")) as ledger:
        assert ledger.take(messages).aside == 0
    (tmp_path / "site.json").write_text(json.dumps(plan | {"gateway": OLD}))
    words = "--site", f"{tmp_path}/site.json", "--history", f"{tmp_path}/history.db"
    assert replace(tmp_path, *words) == 0
    record = json.loads((tmp_path / "new" / "replacement.json").read_text())
    assert record["points"] == [[200, 0], [0, 60], [14, 0]]
    assert record["loads"] == [[70 + 100, 0], [7, 0], [7, 0]]
    said = capsys.readouterr().out
    assert "Pond " in said and "the site has no load of that name any more" in said
    assert "2 minutes are missing there" in said


def test_a_genius_flex_brings_its_own_power_box(tmp_path, old, capsys):
    assert replace(tmp_path, "--flash", f"{old}", new="5020000099") == 0
    document = json.loads((tmp_path / "new" / "site.json").read_text())
    assert (document["gateway"], document["head"]) == ("5020000099", "5020000099")
    assert f"{MINUTES - 25} minutes of {OLD} were not delivered" in capsys.readouterr().out


def change(old: Path, **fields: Any) -> None:
    """Of the old gateway's site."""
    document = json.loads((old / "site.json").read_text()) | copy.deepcopy(fields)
    (old / "site.json").write_text(json.dumps(document))


def test_the_whole_gateway_goes_on(tmp_path):
    """One that runs is ended, another one starts with what `replace` has made: what it publishes
    goes on where the other one has been, from its first message on."""
    house = load_house(ROOT / "tools" / "houses" / "single_phase.toml")
    plan, old, ends = house.site_json(), tmp_path / "old", []
    with Broker() as broker, Listener(plan, broker.port) as listener:
        for place, given in ((old, plan), (tmp_path / "new", None)):
            if given is None:
                words = "--flash", f"{old}", "--old", OLD, "--head", plan["head"]
                assert replace(tmp_path, *words, new=SERIAL) == 0
            mqtt = mqtt_at(broker.port)
            with Session(Installation(house), given, mqtt=mqtt, directory=place) as session:
                seen = len(listener.of("realtime"))
                listener.wait("realtime", seen + 6)
                session.check()
            ends.append((listener.of("realtime")[seen], listener.of("realtime")[-1]))
    (_, last), (again, end) = ends
    assert 0 < last["totalImportEnergy"] <= again["totalImportEnergy"] < end["totalImportEnergy"]
    moved = json.loads((tmp_path / "new" / "replacement.json").read_text())["points"]
    channels = zip(last["channelPowers"], moved, again["channelPowers"], strict=True)
    for before, (taken, given), after in channels:
        assert before["importEnergy"] <= taken <= after["importEnergy"]
        assert before["exportEnergy"] <= given <= after["exportEnergy"]


FLEX = "5020000001"
MODULE = {"input_modules": [{"serial": "5700000011", "inputs": []}]}
REFUSED = [
    ({}, {"built_in": "EV Wall Home"}, {}, f"{OLD} is built into EV Wall Home, which does not"),
    ({}, {}, {"charger": "yes"}, f"{OLD} is built into a charger, which does not work without"),
    ({}, {}, {"charger": None}, f"{OLD} may be built into an EV Wall Home or an EV One Home"),
    ({}, {}, {"new": OLD}, f"NEW: {OLD} is the one that is replaced"),
    ({}, {}, {"new": "5400000001"}, "NEW: '5400000001' is not ten digits that begin with 50"),
    ({"gateway": "5130000008"}, {}, {}, f"this is not one gateway: factory.json says {OLD}, the"),
    ({"b_bus": MODULE}, {}, {"new": "5100000001"}, "NEW: 5100000001 has no Input and Output mod"),
    (
        {"b_bus": {}},
        {},
        {"new": "5140000001"},
        "NEW: 5140000001 has no B-bus, and the site",
    ),
    ({"gateway": FLEX}, {"serial": FLEX}, {}, f"HEAD: {FLEX} was its own Power Box, and {NEW}"),
]


@pytest.mark.parametrize(("fields", "label", "words", "line"), REFUSED)
def test_what_is_refused(tmp_path, old, capsys, fields, label, words, line):
    change(old, **fields)
    factory = json.loads((old / "factory.json").read_text()) | label
    (old / "factory.json").write_text(json.dumps(factory))
    assert replace(tmp_path, "--flash", f"{old}", **words) == 2
    said = capsys.readouterr()
    assert line in said.err and said.err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def damage(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_registers_that_cannot_be_read(tmp_path, old, capsys):
    """Not 0: refused, and the collector's file named. With that its sum is taken, of which the
    minutes that the segments have are a part."""
    quiet(old, 60 * MINUTES)
    for name in ("registers.0", "registers.1"):
        damage(old / name, 40)
    assert replace(tmp_path, "--flash", f"{old}") == 2
    assert "its registers cannot be read (registers.lost): take" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    history = tmp_path / "history.db"
    assert replace(tmp_path, "--flash", f"{old}", "--history", f"{history}") == 0
    assert f"the counters are the sum of {history}" in capsys.readouterr().out
    record = json.loads((tmp_path / "new" / "replacement.json").read_text())
    assert record["source"] == "history" and record["points"] == sums(history)
    assert (tmp_path / "new" / "profiles").exists()


@pytest.mark.parametrize("with_history", [False, True])
def test_a_part_of_the_journal_that_cannot_be_read(tmp_path, old, capsys, with_history):
    """It is named and counted, not passed over; the counters are whole."""
    quiet(old, 60 * MINUTES)
    (segment,) = (old / "journal").glob("*.1")
    damage(segment, 60)
    words = ("--history", f"{tmp_path / 'history.db'}") if with_history else ()
    assert replace(tmp_path, "--flash", f"{old}", *words) == 0
    said = capsys.readouterr().out
    assert f"25 minutes of {OLD} cannot be read in its flash (journal.damaged 1): they are" in said
    assert f"{MINUTES + 1 - 25} minutes of {OLD} " in said
    assert json.loads((tmp_path / "new" / "replacement.json").read_text())["points"] == RIGHT


def test_registers_of_another_site(tmp_path, old, capsys):
    """With its own document damaged one gives another; its counters are not 0 then, and its
    minutes do not become another site's."""
    other = json.loads((old / "site.json").read_text())
    other["uuid"] = "00000000-0000-4000-8000-000000000001"
    (tmp_path / "other.json").write_text(json.dumps(other))
    words = ("--flash", f"{old}", "--site", f"{tmp_path / 'other.json'}")
    assert replace(tmp_path, *words, "--history", f"{tmp_path / 'history.db'}") == 2
    assert "its registers are not those of the site 00000000-0000" in capsys.readouterr().err
    assert not (tmp_path / "new").exists() and not (tmp_path / "history.db").exists()


def test_nothing_is_written_where_the_history_cannot_be(tmp_path, old):
    (tmp_path / "history.db").write_bytes(b"no database" * 500)
    with contextlib.suppress(sqlite3.Error):
        assert replace(tmp_path, "--flash", f"{old}", "--history", f"{tmp_path}/history.db") == 2
    assert not (tmp_path / "new").exists()


def test_a_slot_that_is_damaged_is_said(tmp_path, old, capsys):
    (old / "registers.0").write_bytes(b"cut")
    assert replace(tmp_path, "--flash", f"{old}") == 0
    assert "up to a minute may be missing" in capsys.readouterr().out


def test_minutes_that_were_handed_on_and_removed(tmp_path, old, capsys):
    """Their sum would be too low, and nobody would see it."""
    history = tmp_path / "history.db"
    collected(old, OLD, site(), history)
    with contextlib.closing(Ledger(history)) as ledger:
        ledger.db.execute("UPDATE records SET sent = 1")
        assert prune(ledger.db, START + 60 * 10) == 9
    words = "--site", f"{old}/site.json", "--history", f"{history}"
    assert replace(tmp_path, *words) == 2
    assert "9 minutes of the site were handed on to a store" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_nothing_says_what_was_counted(tmp_path, capsys):
    (tmp_path / "site.json").write_text(json.dumps(site() | {"gateway": OLD}))
    assert replace(tmp_path, "--site", f"{tmp_path}/site.json") == 2
    assert "nothing says what was counted" in capsys.readouterr().err
    Ledger(tmp_path / "history.db").close()
    words = "--site", f"{tmp_path}/site.json", "--history", f"{tmp_path}/history.db"
    assert replace(tmp_path, *words) == 2
    assert "the history has no minute of the site u" in capsys.readouterr().err
