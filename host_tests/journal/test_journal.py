"""The journal (firmware/journal): what is in its records, and when they are written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from journal_runs import run

NOON = 1764000000  # a whole hour


def seconds(start: int, count: int, known: bool = True, **more: Any) -> list[dict[str, Any]]:
    """So many reports of a second; the first ends at start + 1."""
    return [{"now": (start + k + 1) * 1000 if known else None, **more} for k in range(count)]


def minutes(start: int, count: int, **more: Any) -> list[dict[str, Any]]:
    """So many minutes, of two reports each."""
    return [{"now": (start + 30 * (k + 1)) * 1000, "s": 30, **more} for k in range(2 * count)]


def column(records: Iterable[dict[str, Any]], name: str) -> list[Any]:
    return [record[name] for record in records]


def test_a_record_ends_at_the_clocks_minute(bits, tmp_path):
    steps = seconds(NOON + 40, 150, **{"in": [1000, 0, 7], "out": [0, 35, 0]})
    done = run(tmp_path, steps, bits=bits)
    assert done.read == done.news
    assert column(done.read, "sequence") == column(done.read, "first") == [1, 2, 3]
    assert column(done.read, "time") == [NOON + 60, NOON + 120, NOON + 180]
    assert column(done.read, "seconds") == [20, 60, 60]
    assert column(done.read, "imported") == [[20000, 0, 140], *[[60000, 0, 420]] * 2]
    assert column(done.read, "exported") == [[0, 700, 0], *[[0, 2100, 0]] * 2]
    assert column(done.read, "boot") == [1] * 3 and column(done.read, "cut") == [False] * 3
    assert (done.said["first"], done.said["last"]) == (1, 3)
    text = json.loads(done.said["text"])
    assert text["layout"] == done.said["layout"] == done.read[0]["layout"]
    assert [point["node"] for point in text["points"]] == ["5500000000"] * 3
    assert [point["name"] for point in text["points"]] == ["Load 0", "Load 1", "Load 2"]


def test_what_varies(bits, tmp_path):
    """Least and greatest: of the grid and the voltages in each minute, of the points in each
    quarter of an hour; a phase that is not connected, and what was never measured, is null."""
    steps = []
    for k in range(1800):
        steps += seconds(
            NOON + k, 1, grid=[-700, 2950, None][k % 3], volts=[228.41 + k % 5, 230, None],
            watts=[k, None, -k * 3],
        )  # fmt: skip
    done = run(tmp_path, steps, bits=bits)
    assert column(done.read, "grid") == [[-700, 2950]] * 30
    assert column(done.read, "voltages") == [[[2284, 2324], [2300, 2300], None]] * 30
    powers = [record["power"] for record in done.read if record["power"]]
    assert powers == [[[0, 899], None, [-2697, 0]], [[900, 1799], None, [-5397, -2700]]]
    assert done.read[14]["power"] and done.read[29]["power"]


def test_what_is_unknown_stays_unknown(tmp_path):
    missed = {"missed": [0, 3200, 0], "in": [5, 0, 5]}
    steps = seconds(NOON, 60, **missed)
    steps += seconds(NOON + 60, 30, **missed)
    steps += seconds(NOON + 90, 30, missed=[0, 0, 0], **{"in": [5, 9, 5]}, estimated=2)
    done = run(tmp_path, steps)
    assert column(done.read, "imported") == [[300, None, 300], [300, 270, 300]]
    assert column(done.read, "exported") == [[0, None, 0], [0, 0, 0]]
    assert column(done.read, "missing") == [[0, 192000, 0], [0, 96000, 0]]
    assert column(done.read, "estimated") == [0, 60]
    assert column(done.read, "grid") == [None] * 2


def test_pulses_and_events(tmp_path):
    """Counts since the record before, also over a restart; the first total is where they begin."""
    steps = minutes(NOON, 1, pulses={"5700000011": [5, None, None, None]}, events=1)
    steps += minutes(NOON + 60, 1, pulses={"5700000011": [17, None, None, 40]}, events=0)
    steps += minutes(NOON + 120, 1, pulses={})
    steps += [{"restart": True, "end": True}]
    steps += minutes(NOON + 600, 1, pulses={"5700000011": [1 << 33, None, None, 41]})
    done = run(tmp_path, steps)
    assert column(done.read, "pulses") == [
        {"5700000011": [0, None, None, None]},
        {"5700000011": [12, None, None, 0]},
        {"5700000011": [0, None, None, 0]},
        {"5700000011": [(1 << 33) - 17, None, None, 1]},
    ]
    assert column(done.read, "events") == [2, 0, 0, 0]


@pytest.mark.parametrize("more", [0, 1], ids=["behind a minute", "within a minute"])
def test_an_end_within_a_report(more, tmp_path):
    """What the registers have counted of it is in a record, also where it is the first one of a
    minute."""
    each = {"in": [1000, 0, 7]}
    steps = seconds(NOON, 60 + more, **each)
    steps += [{"restart": True, "end": True, "counted": 500}]
    steps += seconds(NOON + 100, 60, **each)
    done = run(tmp_path, steps, end=True)
    imported = [sum(one[i] for one in column(done.read, "imported") if one[i]) for i in range(3)]
    assert (
        imported == done.said["joules"][:6:2] == [500 + 1000 * (120 + more), 0, 7 * (120 + more)]
    )


def test_the_time_becomes_known_later(tmp_path):
    """Of the records of the same start, and they keep it after the next start; a start that never
    knew it has none."""
    steps = seconds(0, 130, known=False)
    done = run(tmp_path, steps)
    assert column(done.read, "time") == [None] * 2
    steps = seconds(0, 130, known=False) + seconds(NOON + 10, 60)
    later = run(tmp_path, steps)
    assert column(later.news, "time") == [None, None, NOON + 60]
    expected = [None, None, NOON - 60, NOON, NOON + 60]
    assert column(later.read, "time") == expected
    assert column(later.read, "boot") == [1, 1, 2, 2, 2]
    assert column(later.read, "seconds") == [60, 60, 60, 60, 60]
    again = run(tmp_path, seconds(NOON + 3600, 60))
    assert column(again.read, "time") == [*expected, NOON + 3660]


@pytest.mark.parametrize("step_s", [-7200, -40, 40, 7200])
def test_the_clock_is_set(tmp_path, step_s):
    """Every joule is in one record; each record ends when the clock says so."""
    steps = seconds(NOON, 90, **{"in": [100, 0, 0]}) + seconds(NOON + 90 + step_s, 300)
    done = run(tmp_path, steps, end=True)
    assert sum(one[0] for one in column(done.read, "imported")) == 39000
    assert sum(column(done.read, "seconds")) == 390
    ends = [time % 60 for time in column(done.read, "time")[:-1]]
    assert sum(end != 0 for end in ends) <= 1


def test_an_end_and_a_cut(tmp_path):
    """A clean end loses nothing. A cut loses what was measured since the last record, and the
    first record behind it says so; registers and records agree."""
    steps = seconds(NOON, 80, **{"in": [100, 0, 0]})
    done = run(tmp_path, steps, end=True)
    assert column(done.read, "imported") == [[6000, 0, 0], [2000, 0, 0]]
    steps = seconds(NOON + 100, 90, **{"in": [100, 0, 0]})
    done = run(tmp_path, steps)
    assert column(done.read, "imported") == [
        [6000, 0, 0],
        [2000, 0, 0],
        [2000, 0, 0],
        [6000, 0, 0],
    ]
    assert column(done.read, "cut") == [False] * 4 and done.said["errors"] == []
    done = run(tmp_path, seconds(NOON + 300, 60, **{"in": [100, 0, 0]}), end=True)
    assert column(done.read, "cut") == [False] * 4 + [True]
    assert done.said["errors"] == ["registers.cut"]
    assert done.said["joules"][0] == sum(one[0] for one in column(done.read, "imported")) == 22000
    assert column(done.read, "sequence") == [1, 2, 3, 4, 5]


def test_a_bus_that_cannot_wait(tmp_path):
    """The record waits for 30 s at most, and what came meanwhile is a record as well, so that
    the registers are what the records say."""
    steps = seconds(NOON, 70, calm=False, **{"in": [100, 0, 0]}) + seconds(NOON + 70, 1, calm=True)
    done = run(tmp_path, steps)
    assert column(done.read, "seconds") == [60, 11]
    steps = seconds(NOON + 120, 200, calm=False, **{"in": [100, 0, 0]})
    done = run(tmp_path, steps)
    assert column(done.read, "seconds") == [60, 11, 60, 30, 30, 30]
    assert done.said["joules"][0] == 7100 + 20000


def test_a_day(bits, tmp_path):
    """Records move to segments, and are all there, wherever one begins to read."""
    steps = []
    for k in range(1440):
        joules = [60000 + k * k % 977, 0, 12 * k]
        steps += minutes(NOON + 60 * k, 1, **{"in": joules}, out=[0, k % 7, 0])
    done = run(tmp_path, steps, bits=bits)
    assert done.read == done.news and len(done.read) == 1440
    assert list((tmp_path / "journal").glob("1.1"))
    for first in (2, 700, 1439, 1440):
        again = run(tmp_path, [{"restart": True}], bits=bits, **{"from": first})
        assert again.read == done.read[first - 1 :]
    assert run(tmp_path, [{"restart": True}], **{"from": 1441}).read == []


def test_a_full_flash(tmp_path):
    """The record waits, and so nobody has a sequence that a power cut would give once more. It is
    said, and what was measured meanwhile is there as soon as there is room."""
    steps = minutes(NOON, 2, **{"in": [1000, 0, 0]})
    steps += minutes(NOON + 120, 70, full=True)
    done = run(tmp_path, steps)
    assert column(done.read, "sequence") == column(done.news, "sequence") == [1, 2]
    assert [name for name, _ in done.said["advice"]] == ["journal"]
    assert set(done.said["errors"]) == {"registers.unwritten"}
    again = run(tmp_path, minutes(NOON, 1, **{"in": [1000, 0, 0]}))
    assert column(again.read, "sequence") == [1, 2, 3]
    steps = minutes(NOON + 120, 70, full=True, **{"in": [1000, 0, 0]})
    steps += minutes(NOON + 4320, 2, full=False)
    done = run(tmp_path, steps)
    assert done.said["joules"][0] == sum(one[0] for one in column(done.read, "imported"))
    assert sum(column(done.news, "seconds")) == 72 * 60
    assert done.said["advice"] == []
    steps = minutes(NOON + 8640, 500, full=True) + minutes(NOON + 38640, 3, full=False)
    done = run(tmp_path, [*steps, {"restart": True}])
    assert len(done.news) <= 63 and sum(column(done.news, "seconds")) == 503 * 60
    assert done.said["joules"][0] == sum(one[0] for one in column(done.read, "imported"))


def test_power_is_cut_when_too_many_records_have_waited(tmp_path):
    """What is written then is registers and records of the same moment."""
    steps = minutes(NOON, 200, full=True, **{"in": [1000, 0, 0]})
    later = minutes(NOON + 12000, 3, full=False)
    written = []
    for k in range(6):
        place = tmp_path / str(k)
        place.mkdir()
        done = run(place, [*steps, *later[:k], {"restart": True}])
        assert done.said["joules"][0] == sum(one[0] for one in column(done.read, "imported"))
        assert done.read == done.news
        written.append(len(done.read))
    assert written[0] == 0 and 0 < max(written) <= 63


def test_segments_that_cannot_be_written(tmp_path):
    """What has no place behind the registers either is dropped, and counted."""
    (tmp_path / "journal").write_text("no folder")
    steps = []
    for k in range(700):
        steps += minutes(NOON + 60 * k, 1, **{"in": [(k * 7919 + i) % 65537 for i in range(28)]})
    done = run(tmp_path, steps, points=28, heap="20M")
    assert set(done.said["errors"]) == {"journal.unwritten", "journal.dropped"}
    assert done.read == done.news[-len(done.read) :]
    assert (tmp_path / "registers.0").stat().st_size < 30000


@pytest.mark.parametrize("place", [0, 3, 40, -1])
def test_damaged_segments(tmp_path, place):
    """A chunk is passed over, and all else is there; registers go on."""
    steps = []
    for k in range(100):
        steps += minutes(NOON + 60 * k, 1, **{"in": [(k * 7919 + i) % 65537 for i in range(28)]})
    done = run(tmp_path, steps, points=28, heap="20M")
    segment = tmp_path / "journal" / "1.1"
    data = bytearray(segment.read_bytes())
    data[place] ^= 64
    segment.write_bytes(data)
    after = run(tmp_path, [{"restart": True}], points=28)
    assert set(after.said["errors"]) == {"registers.cut", "journal.damaged"}
    assert after.said["unread"] == 0  # it will never be there
    [(name, text)] = after.said["advice"]
    assert (name, text[:41]) == ("journal", "a part of the history in the flash is dam")
    assert after.said["joules"] == done.said["joules"]
    sequences = column(after.read, "sequence")
    assert sequences == sorted(set(sequences)) and all(one in done.read for one in after.read)
    lost = {0: 100, 3: 100, 40: 20, -1: 20}[place]
    assert len(done.read) - lost <= len(after.read) < len(done.read)
    more = run(tmp_path, minutes(NOON + 7200, 60, **{"in": [5] * 28}), points=28)
    assert column(more.news, "sequence") == list(range(101, 161))
    assert more.news == more.read[-60:]


def test_minutes_that_nobody_has(tmp_path):
    """Of a flash that was erased the first sequence is a time, and not so many minutes. What could
    not be written counts too, at last as minutes that make one record."""
    steps = minutes(NOON, 3, **{"in": [5] * 3})
    fresh = run(tmp_path, steps, since=1735689600)
    assert fresh.read[0]["sequence"] > 1000000 and fresh.said["undelivered"] == 3
    cursors = {"broker": fresh.said["last"] - 1}
    assert run(tmp_path, [{"restart": True}], cursors=cursors).said["undelivered"] == 1
    full = [dict(step, full=True) for step in minutes(NOON + 180, 70, **{"in": [5] * 3})]
    done = run(tmp_path, full, cursors=cursors)
    assert len(done.read) == 3 and done.said["undelivered"] == 1 + 70


def test_records_that_were_damaged(tmp_path):
    """Both slots behind the registers: the sequences that may have been given are given to
    nobody, and the next record does not stand for them: a reader may have them."""
    steps = []
    for k in range(40):
        steps += minutes(NOON + 60 * k, 1, **{"in": [(k * 7919 + i) % 65537 for i in range(28)]})
    run(tmp_path, [*steps[:10], {"restart": True}, *steps[10:]], points=28, heap="20M")
    for slot in (0, 1):
        (tmp_path / f"registers.{slot}").write_bytes(b"DUR1")
    after = run(tmp_path, minutes(NOON + 7200, 2, **{"in": [5] * 28}), points=28)
    last = after.read[-3]["sequence"]
    assert after.said["errors"] == ["registers.lost", "registers.cut"]
    assert "they have begun at 0" in after.said["advice"][0][1]
    assert [(one["first"], one["sequence"]) for one in after.news] == [
        (last + 1001, last + 1001),
        (last + 1002, last + 1002),
    ]
    assert {one["boot"] for one in after.read[:-2]} == {1, 2}
    assert all(one["boot"] > 2 for one in after.news)


def test_the_newest_record_is_damaged(tmp_path):
    """Its sequence is known to a reader, and given to no other minute; so is its start."""
    before = run(tmp_path, minutes(NOON, 4, **{"in": [5] * 3}))
    sizes = {len(slot.read_bytes()): slot for slot in tmp_path.glob("registers.*")}
    newest = sizes[max(sizes)]  # has a record more
    data = bytearray(newest.read_bytes())
    data[-20] ^= 4
    newest.write_bytes(data)
    after = run(tmp_path, minutes(NOON + 600, 1, **{"in": [5] * 3}))
    known = {one["sequence"] for one in before.news}
    assert known == {1, 2, 3, 4} and after.news[0]["sequence"] == 3 + 1001
    assert after.news[0]["first"] == 1004 and after.news[0]["boot"] > before.news[-1]["boot"]
    total = sum(one[0] for one in column(after.read, "imported"))
    assert after.said["joules"][0] == total


@pytest.mark.parametrize("ends", [0, 1, 2])
def test_the_first_sequence_is_a_time(tmp_path, ends):
    """Also where the gateway was started, and ended, before it measured anything."""
    since = NOON - 7000
    for _ in range(ends):
        run(tmp_path, [], end=True, since=since)
    done = run(tmp_path, minutes(NOON, 2, **{"in": [5] * 3}), since=since)
    assert column(done.news, "sequence") == column(done.news, "first") == [7061, 7062]
    assert set(done.said["errors"]) <= {"registers.cut"}


def test_the_first_sequence_is_a_time_behind_a_cut(tmp_path):
    """The first record is lost, and what was written before it is there: nobody has it."""
    run(tmp_path, seconds(0, 60, known=False))
    (tmp_path / "registers.1").unlink()
    done = run(tmp_path, minutes(NOON, 2, **{"in": [5] * 3}), since=NOON - 7000)
    assert column(done.news, "sequence") == column(done.news, "first") == [7061, 7062]


def test_another_site(tmp_path):
    """Its records have another layout; those of the old one are read with the old one's."""
    first = run(tmp_path, minutes(NOON, 3, **{"in": [5, 6, 7]}), points=3)
    second = run(tmp_path, minutes(NOON + 600, 3, **{"in": [8, 9]}), points=2)
    layouts = column(second.read, "layout")
    assert layouts == [first.said["layout"]] * 3 + [second.said["layout"]] * 3
    assert column(second.read, "imported") == [[10, 12, 14]] * 3 + [[16, 18]] * 3
    texts = [json.loads(file.read_text()) for file in (tmp_path / "journal").glob("*.json")]
    assert {text["layout"]: text["since"] for text in texts} == {
        layouts[0]: 1,
        layouts[-1]: 4,
    }


def test_in_a_small_heap(tmp_path):
    """Of which the task of the test takes most."""
    steps = minutes(NOON, 40, **{"in": list(range(28)), "watts": [7] * 28})
    done = run(tmp_path, steps, points=28, heap="400K")
    assert len(done.read) == 40 and done.said["errors"] == []
