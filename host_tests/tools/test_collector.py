"""What the collector keeps of the messages of docs/history.md: each minute once, whatever comes.
Compared with what was sent, summed up here."""

from __future__ import annotations

import csv
import io
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from gateway_host.collector import export, report
from gateway_host.collector.holes import Asking, State, holes
from gateway_host.collector.ledger import Ledger, Taken
from gateway_host.errors import UserError
from history_messages import DEVICE, LAYOUT, POINTS, START, layout, message, record


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    opened = Ledger(tmp_path / "history.db")
    yield opened
    opened.close()


def energy(ledger: Ledger) -> tuple[int, int]:
    """Import of the first point, export of the second, of all records."""
    rows = ledger.db.execute("SELECT import, export FROM records").fetchall()
    return (
        sum(json.loads(imports)[0] or 0 for imports, _ in rows),
        sum(json.loads(exports)[1] or 0 for _, exports in rows),
    )


def gaps(ledger: Ledger) -> list[tuple[int, int, bool]]:
    return [(hole.first, hole.last, hole.state is State.GONE) for hole in holes(ledger.db)]


def states(ledger: Ledger) -> list[tuple[int, int, State]]:
    return [(hole.first, hole.last, hole.state) for hole in holes(ledger.db)]


def test_the_example_of_the_documentation(ledger: Ledger) -> None:
    """docs/history.md itself is well-formed, and kept."""
    text = (Path(__file__).parents[2] / "docs" / "history.md").read_text()
    blocks = [block for block in text.split("\n\n") if block.startswith('    {"device"')]
    for kind, block in zip(("minutes", "history", "layout"), blocks, strict=True):
        payload = block.replace("...", "").replace("},", "},").rstrip()
        payload = payload.replace("}, ]", "}]").encode()
        assert ledger.take([(f"servicelocation/x/{kind}", payload)]).aside == 0
    assert ledger.db.execute("SELECT device, sequence, time FROM records").fetchall() == [
        ("5100000123", 40211, 1764000060)
    ]


def test_doubles_in_any_order(ledger: Ledger) -> None:
    """A thousand minutes, each once to four times, in random order and batches."""
    chance = random.Random(1)
    sent = [n for n in range(1, 1001) for _ in range(chance.randint(1, 4))]
    chance.shuffle(sent)
    total = Taken()
    while sent:
        part = [sent.pop() for _ in range(min(len(sent), chance.randint(1, 10)))]
        taken = ledger.take([message(*(record(n) for n in part))])
        total.records += taken.records
        total.doubles += taken.doubles
        assert taken.aside == taken.replaced == 0
    assert total.records == 1000
    assert energy(ledger) == (sum(range(1001, 2001)), sum(range(10, 10001, 10)))
    assert ledger.db.execute("SELECT first, last FROM held").fetchall() == [(1, 1000)]
    (found,) = report.devices(ledger.db)
    assert found["doubles"] == total.doubles > 0
    assert found["waiting"] == found["gone"] == found["timeless"] == 0


def test_holes(ledger: Ledger) -> None:
    ledger.take([message(*(record(n) for n in (3, 4, 7, 12)))])
    assert gaps(ledger) == [(1, 2, False), (5, 6, False), (8, 11, False)]
    ledger.take([message(record(13), oldest=10)])
    assert gaps(ledger) == [(5, 6, True), (8, 9, True), (10, 11, False)]
    ledger.take([message(record(9), record(10), record(11), kind="history", oldest=9)])
    assert gaps(ledger) == [(5, 6, True), (8, 8, True)]
    (found,) = report.devices(ledger.db)
    assert (found["gone"], found["waiting"], found["minutes"]) == (3, 0, 8)


def test_a_reader_that_comes_late_misses_nothing_that_is_gone(ledger: Ledger) -> None:
    ledger.take([message(record(5000), oldest=4990)])
    assert gaps(ledger) == [(4990, 4999, False)]


def test_what_stays_away_is_asked_for(ledger: Ledger) -> None:
    """After 300 s, then more and more seldom; the lowest holes first."""
    asking = Asking(after_s=300)

    def asked(now: float) -> list[tuple[int, int]]:
        return [(hole.first, hole.last) for hole in asking.due(ledger.db, now)]

    ledger.take([message(*(record(n) for n in (1, 5, 9)))])
    assert asked(0) == []
    assert asked(300) == [(2, 4), (6, 8)]
    again = [now for now in range(301, 6000) if asked(now)]
    assert again == [900, 2100, 3900, 5700]  # nobody has answered
    ledger.take([message(*(record(n) for n in (2, 3, 4, 11, 13, 15, 17, 19)))])
    assert asked(6000) == []
    assert asked(6300) == [(10, 10), (12, 12), (14, 14), (16, 16)]  # four holes at a time
    assert asked(6599) == []
    assert asked(6600) == [(18, 18)]


def test_holes_that_never_fill_are_given_up(ledger: Ledger) -> None:
    """They do not keep others from their turn. A gateway that is not heard loses nothing."""
    asking = Asking(after_s=300)
    ledger.take([message(*(record(n) for n in range(1, 14, 2)))])  # six holes
    asked = {hole: 0 for hole in holes(ledger.db)}

    def pass_by(hours: range) -> None:
        for now in range(hours.start * 3600, hours.stop * 3600, 10):
            for hole in asking.due(ledger.db, now):
                asked[hole] += 1

    pass_by(range(50))
    assert min(asked.values()) > 80
    assert all(hole.state is State.TO_COME for hole in holes(ledger.db))
    asked = dict.fromkeys(asked, 0)
    for hour in range(50, 70):
        ledger.db.execute("UPDATE devices SET heard = heard + 1")
        pass_by(range(hour, hour + 1))
    assert max(asked.values()) < 40
    assert all(hole.state is State.GIVEN_UP for hole in holes(ledger.db))
    (found,) = report.devices(ledger.db)
    assert (found["gone"], found["waiting"]) == (6, 0)
    assert all("given up" in line for line in report.hole_lines(ledger.db))
    asked = {}
    assert Asking(after_s=0).due(ledger.db, 0) == []  # nor after a restart
    ledger.take([message(record(4))])  # it has come all the same
    ledger.take([message(record(16))])
    assert [one for one in states(ledger) if one[2] is State.TO_COME] == [(14, 15, State.TO_COME)]
    assert len(list(holes(ledger.db))) == 6


def test_what_the_gateway_has_lost(ledger: Ledger) -> None:
    """It is named, and not asked for any more; what comes all the same is kept."""
    ledger.take([message(*(record(n) for n in (1, 10, 20)))])
    taken = ledger.take([message(kind="history", lost=lost) for lost in ([4, 6], [7, 9])])
    assert (taken.messages, taken.records, taken.aside) == (2, 0, 0)
    there = [(2, 3, State.TO_COME), (4, 9, State.LOST), (11, 19, State.TO_COME)]
    assert states(ledger) == there
    ledger.take([message(kind="history", lost=[8, 14])] * 2)
    there = [*there[:2], (11, 14, State.LOST), (15, 19, State.TO_COME)]
    assert states(ledger) == there
    asking = Asking(after_s=0)
    assert [(hole.first, hole.last) for hole in asking.due(ledger.db, 0)] == [(2, 3), (15, 19)]
    (found,) = report.devices(ledger.db)
    assert (found["gone"], found["waiting"]) == (10, 7)
    assert sum("the gateway has lost it" in line for line in report.hole_lines(ledger.db)) == 2
    ledger.take([message(record(5), record(15), kind="history", oldest=5)])
    assert states(ledger) == [
        (2, 4, State.GONE), (6, 9, State.LOST), (11, 14, State.LOST), (16, 19, State.TO_COME),
    ]  # fmt: skip


def merged(first: int, last: int, **more: Any) -> dict[str, Any]:
    """What the minutes from first to last are together."""
    minutes = range(first, last + 1)
    return record(
        last,
        **{
            "first": first,
            "seconds": 60 * len(minutes),
            "import": [sum(1000 + n for n in minutes), 0],
            "export": [0, sum(10 * n for n in minutes)],
        },
        **more,
    )


def test_merged_records(ledger: Ledger) -> None:
    """Five minutes replace those of it that are there; what comes again is a double."""
    whole = sum(range(1001, 1021)), sum(range(10, 201, 10))
    ledger.take([message(*(record(n) for n in (1, 2, 3, 16)))])
    taken = ledger.take([message(merged(1, 5), merged(6, 10), kind="history")])
    assert (taken.records, taken.replaced, taken.doubles) == (2, 3, 0)
    taken = ledger.take([message(record(2), merged(1, 5), merged(11, 15), kind="history")])
    assert (taken.records, taken.doubles, taken.aside) == (1, 2, 0)
    ledger.take([message(*(record(n) for n in range(17, 21)))])
    assert energy(ledger) == whole
    # A quarter of an hour that stands for three records of five minutes, which are there.
    taken = ledger.take([message(merged(1, 15), kind="history")])
    assert taken.doubles == 1 and energy(ledger) == whole
    assert gaps(ledger) == []
    # One that only half overlaps cannot be of the same gateway: it is kept aside.
    assert ledger.take([message(merged(19, 23), kind="history")]).records == 1
    assert ledger.take([message(merged(22, 26), kind="history")]).aside == 1
    assert ledger.take([message(record(40, first=36, seconds=300), kind="history")]).records == 1
    assert gaps(ledger) == [(24, 35, False)]


def test_a_record_across_sequences_that_were_left_out(ledger: Ledger) -> None:
    """Firmware of before said of the next record that it stands for them too."""
    assert ledger.take([message(record(1115, first=100), kind="history")]).records == 1


def times(ledger: Ledger) -> list[tuple[int | None, int]]:
    return ledger.db.execute("SELECT time, worked_out FROM records ORDER BY sequence").fetchall()


def test_a_time_that_is_known_later(ledger: Ledger) -> None:
    """The records of a boot follow each other: one with a time places the others, as far as
    nothing is missing in between; another boot's are not touched."""
    ledger.take([message(*(record(n, time=None) for n in (1, 2, 3, 4, 6)))])
    assert times(ledger) == [(None, 0)] * 5
    ledger.take([message(record(5, time=None), record(8, time=None))])
    ledger.take([message(record(7), record(9, boot=2), record(10, time=None, boot=2))])
    expected = [(START + 60 * n, int(n != 7 and n != 9)) for n in range(1, 11)]
    assert times(ledger) == expected
    # The gateway's own word counts more than what was worked out.
    ledger.take([message(record(3, time=START + 181))])
    assert times(ledger)[2] == (START + 181, 0)
    ledger.take([message(record(12, time=None, boot=3))])
    assert times(ledger)[-1] == (None, 0)


MALFORMED = [
    (b"", "no JSON"),
    (b"{", "no JSON"),
    (b"\xff\xfe", "no JSON"),
    (b"[" * 100_000, "no JSON"),
    (b'{"device": NaN}', "no JSON"),
    (b"[]", "no JSON object"),
    (b"{}", "records: is missing"),
    (message(record(1), device="51")[1], "device: of another shape"),
    (message(record(1), device=5100000123)[1], "device: of another kind"),
    (message(record(1), layout="grid")[1], "layout: of another shape"),
    (message()[1], "records: 0 of them"),
    (message(*(record(n) for n in range(1, 102)))[1], "records: 101 of them"),
    (message(record(0))[1], "sequence: out of range"),
    (message(record(1.5))[1], "sequence: of another kind"),
    (message(record(1) | {"sequence": True})[1], "sequence: out of range"),
    (message(record(1 << 60))[1], "sequence: out of range"),
    (message(record(500_000, first=1))[1], "first: out of range"),
    (message(record(5, first=6))[1], "first: out of range"),
    (message(record(1, time="now"))[1], "time: of another kind"),
    (message(record(1, seconds=-1))[1], "seconds: out of range"),
    (message(record(1, boot=None))[1], "boot: of another kind"),
    (message(record(1, **{"import": [1]}))[1], "import, export: not as many points"),
    (message(record(1, **{"import": [-1, 0]}))[1], "import: no list of numbers of points"),
    (message(record(1, **{"export": ["1", 0]}))[1], "export: no list of numbers of points"),
    (message(record(1, missing=[1]))[1], "missing: not as many points"),
    (message(record(1), oldest=-1)[1], "oldest: out of range"),
    (message()[1], "records: 0 of them"),
    (message(lost=5)[1], "lost: of another kind"),
    (message(lost=[5])[1], "lost: no first and last sequence"),
    (message(lost=[0, 4])[1], "lost: no first and last sequence"),
    (message(lost=[5, 4])[1], "lost: no first and last sequence"),
    (message(lost=[4, True])[1], "lost: no first and last sequence"),
    (b" " * (1 << 19), "524288 bytes, at most 262144"),
]


@pytest.mark.parametrize("payload, reason", MALFORMED, ids=[reason for _, reason in MALFORMED])
def test_malformed_messages_are_put_aside(ledger: Ledger, payload: bytes, reason: str) -> None:
    """Counted, kept for a person, and nothing of them in the history; the good one beside it is
    kept."""
    topic = "servicelocation/a-house/minutes"
    taken = ledger.take([(topic, payload), message(record(1))])
    assert (taken.aside, taken.records) == (1, 1)
    assert ledger.db.execute("SELECT topic, reason, payload FROM aside").fetchall() == [
        (topic, reason, payload[:4096])
    ]


def test_a_sequence_that_is_given_twice_is_not_thrown_away(ledger: Ledger) -> None:
    """As from a gateway that has lost its journal: a person sees it."""
    ledger.take([message(record(1))])
    taken = ledger.take([message(record(1, boot=9, **{"import": [7, 7]}))])
    assert (taken.doubles, taken.aside) == (0, 1)
    (line,) = report.aside_lines(ledger.db)
    assert "sequence 1: was given twice, for another record" in line


def test_layouts_change(ledger: Ledger) -> None:
    """Each record is read by its own; arrays that do not fit theirs are put aside."""
    ledger.take([message(record(1)), layout()])  # in this order too
    other = layout(layout="00000001", since=2, points=[*POINTS, {"name": "Boiler"}])
    third = record(2, **{"import": [1, 2, 3], "export": [0, 0, None]})
    ledger.take([other, message(third, layout="00000001")])
    assert ledger.take([message(record(3), layout="00000001")]).aside == 1
    assert ledger.take([layout(points=POINTS[:1])]).aside == 1
    rows = ledger.db.execute(
        "SELECT sequence, name, import, export FROM point_records ORDER BY sequence, point"
    )
    assert rows.fetchall() == [
        (1, "Grid", 1001, 0),
        (1, "Solar, roof = east", 0, 10),
        (2, "Grid", 1, 0),
        (2, "Solar, roof = east", 2, 0),
        (2, "Boiler", 3, None),
    ]
    assert ledger.take([(layout()[0], b"")]).aside == 0  # a retained one that is taken back


def rows_of(ledger: Ledger, per: str) -> list[dict[str, str]]:
    text = io.StringIO()
    assert export.write(ledger.db, text, per) == len(text.getvalue().splitlines()) - 1
    return list(csv.DictReader(io.StringIO(text.getvalue())))


def test_csv(ledger: Ledger) -> None:
    """Hours and days of the site, with the hour that an autumn night has twice; the sums are the
    minutes'."""
    autumn = 1761438600 - 60 * 60  # 2025-10-26 01:30 in Brussels; clocks go back at 03:00
    minutes = [record(n, time=autumn + 60 * n) for n in range(1, 241)]
    minutes[9]["import"] = [None, 0]
    ledger.take([layout()])
    for part in range(0, 240, 10):
        ledger.take([message(*minutes[part : part + 10])])
    one = rows_of(ledger, "minute")
    assert len(one) == 480
    assert one[0]["start"] == "2025-10-26T01:30:00+02:00" and one[0]["import_j"] == "1001"
    assert one[18]["import_j"] == "" and one[18]["known_s"] == "0"
    hours = [row for row in rows_of(ledger, "hour") if row["point"] == "0"]
    assert [(row["start"], row["seconds"]) for row in hours] == [
        ("2025-10-26T01:00:00+02:00", "1800"),
        ("2025-10-26T02:00:00+02:00", "3600"),
        ("2025-10-26T02:00:00+01:00", "3600"),
        ("2025-10-26T03:00:00+01:00", "3600"),
        ("2025-10-26T04:00:00+01:00", "1800"),
    ]
    known = sum(minute["import"][0] or 0 for minute in minutes)
    assert sum(int(row["import_j"]) for row in hours) == known
    assert hours[0]["known_s"] == "1740"
    (day, sun) = rows_of(ledger, "day")
    assert day["start"] == "2025-10-26T00:00:00+02:00" and int(day["import_j"]) == known
    assert sun["name"] == "Solar, roof = east" and sun["export_j"] == str(10 * sum(range(1, 241)))


def test_csv_of_records_without_a_time(ledger: Ledger) -> None:
    """In the hour of both neighbours, else in a row without a start; nothing is left out."""
    ledger.take([layout()])
    boots = [(1, 1), (2, 2), (3, 3), (70, 4), (71, 5), (140, 6), (141, 7)]
    for sequence, (minute, boot) in enumerate(boots, 1):
        time = None if boot in (2, 5, 7) else START + 60 * minute
        ledger.take([message(record(sequence, time=time, boot=boot))])
    hours = [row for row in rows_of(ledger, "hour") if row["point"] == "0"]
    assert [(row["start"], row["seconds"]) for row in hours] == [
        ("2025-11-24T17:00:00+01:00", "180"),
        ("2025-11-24T18:00:00+01:00", "60"),
        ("", "60"),
        ("2025-11-24T19:00:00+01:00", "60"),
        ("", "60"),
    ]


def test_what_is_no_history_is_refused(tmp_path: Path) -> None:
    missing, text, foreign = (tmp_path / name for name in ("none.db", "text.db", "other.db"))
    text.write_text("no database" * 100)
    with sqlite3.connect(foreign) as db:
        db.execute("CREATE TABLE t(x)")
    for file, words in ((missing, "no such history"), (text, "cannot be used"), (foreign, "ano")):
        with pytest.raises(UserError, match=words):
            Ledger(file, create=False)
    assert not missing.exists() and text.read_text().startswith("no database")


def test_a_file_that_is_full_keeps_all_as_it_was(ledger: Ledger) -> None:
    ledger.take([message(record(1))])
    pages = ledger.db.execute("PRAGMA page_count").fetchone()[0]
    ledger.db.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        for n in range(2, 5000):
            ledger.take([message(record(n, note="x" * 500))])
    held = ledger.db.execute("SELECT last FROM held").fetchone()[0]
    assert held == ledger.db.execute("SELECT count(*) FROM records").fetchone()[0]
    assert LAYOUT and DEVICE
    ledger.db.execute(f"PRAGMA max_page_count = {pages + 1000}")
    assert ledger.take([message(record(held + 1))]).records == 1
