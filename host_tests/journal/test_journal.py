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
