"""What becomes of the journal when its room is full (firmware/journal/thinning.py): old minutes
become records of 5, then of 15 minutes, and nothing is counted twice."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from journal_runs import Run, run

NOON = 1764000000  # a whole hour
ROOM = 1 << 14
HEADER = 34  # bytes of a chunk's, docs/journal.md


def days(count: float, start: int = NOON) -> list[dict[str, Any]]:
    """Of minutes, of three reports each, with a gap, pulses and events now and then."""
    steps = []
    for k in range(int(count * 1440)):
        end = (start + 60 * (k + 1)) * 1000
        gap = k % 50 == 7
        step = {
            "s": 20, "in": [20000 + k * k % 977, 0, 12 * k], "out": [0, 5000 + k % 7, 0],
            "missed": [0, 64000 if gap else 0, 0], "watts": [k % 300, -(k % 77), None],
            "grid": k % 3000 - 500, "volts": [230 + k % 9, 229, None], "estimated": k % 5,
            "events": int(k % 100 == 3), "pulses": {"5700000011": [3 * k, None, None, 7]},
        }  # fmt: skip
        if gap:
            step["out"] = [0, 0, 0]
        steps.append({**step, "now": end - 40000})
        steps.append({"now": end - 20000, "events": 0, "estimated": 0})
        steps.append({"now": end})
    return steps


def merged(records: list[dict[str, Any]]) -> dict[str, Any]:
    """What several records are as one, in the plainest way."""

    def add(values):
        known = [one for one in values if one is not None]
        return sum(known) if known else None

    def span(ranges):
        known = [one for one in ranges if one is not None]
        return [min(one[0] for one in known), max(one[1] for one in known)] if known else None

    def each(of, rows):
        return [of(column) for column in zip(*rows, strict=True)]

    last, powers = records[-1], [one["power"] for one in records if one["power"]]
    made = {name: last[name] for name in ("sequence", "time", "boot", "layout")}
    made["first"] = records[0]["first"]
    for name in ("seconds", "estimated", "events"):
        made[name] = sum(one[name] for one in records)
    for name in ("imported", "exported", "missing"):
        made[name] = each(add, [one[name] for one in records])
    made["grid"] = span([one["grid"] for one in records])
    made["voltages"] = each(span, [one["voltages"] for one in records])
    made["power"] = each(span, powers) if powers else None
    made["pulses"] = {
        serial: each(add, [one["pulses"][serial] for one in records]) for serial in last["pulses"]
    }
    made["cut"] = any(one["cut"] for one in records)
    return made


def hold(done: Run, news: list[dict[str, Any]]) -> list[int]:
    """What is read is what was news, in order, without a hole: minutes of each record."""
    by_sequence = {one["sequence"]: one for one in news}
    following = done.read[0]["first"]
    for one in done.read:
        assert one["first"] == following
        parts = [by_sequence[k] for k in range(one["first"], one["sequence"] + 1)]
        assert one == merged(parts)
        following = one["sequence"] + 1
    assert following == done.said["last"] + 1 == len(news) + 1
    return [one["sequence"] - one["first"] + 1 for one in done.read]


def graded(lengths: list[int]) -> None:
    """The older the longer; some are shorter, where a segment has ended."""
    ends = [max(k for k, n in enumerate(lengths) if n > most) for most in (5, 1)]
    old, middle = lengths[: ends[0] + 1], lengths[ends[0] + 1 : ends[1] + 1]
    assert max(old) == 15 and old.count(15) > len(old) / 3
    assert max(middle) == 5 and middle.count(5) > len(middle) / 2


def sizes(place: Path) -> int:
    return sum(file.stat().st_size for file in (place / "journal").glob("*.*[0-9]"))


def test_old_minutes_become_5_then_15(bits, tmp_path):
    done = run(tmp_path, days(1.6), bits=bits, capacity=ROOM, heap="100M")
    lengths = hold(done, done.news)
    assert done.read[0]["sequence"] == 15 and lengths[0] == 15  # nothing was dropped
    graded(lengths)
    assert sum(lengths[-200:]) == 200  # the last ones are minutes
    assert sizes(tmp_path) < 1.3 * ROOM
    assert done.said["errors"] == []


def test_the_oldest_are_dropped_at_last(tmp_path):
    """Of 15 minutes, and that is counted where no reader had them."""
    done = run(tmp_path, days(2.2), capacity=ROOM, heap="100M")
    lengths = hold(done, done.news)
    assert done.said["first"] == done.read[0]["first"] > 1
    graded(lengths)
    assert set(done.said["errors"]) == {"journal.dropped"}


def test_what_is_delivered_goes_first(tmp_path):
    """Minutes that no reader has stay minutes as long as there is something else."""
    first = run(tmp_path, days(1.2), capacity=ROOM, heap="100M", end=True)
    cursors = {"cloud": first.said["last"]}
    more = days(0.25, NOON + 2 * 86400)
    done = run(tmp_path, [*more, {"restart": True}], capacity=ROOM, heap="100M", cursors=cursors)
    lengths = hold(done, first.news + done.news)
    later = [n for one, n in zip(done.read, lengths, strict=True) if one["boot"] > 1]
    assert later == [1] * 360
    assert 15 in lengths
    assert done.said["advice"] == []
    assert done.said["kept"]["delivered"] == cursors


def test_a_reader_that_is_in_it(tmp_path):
    """What it has and what it has not is never in one record, and all it gets is all there is."""
    steps = days(2)
    place = 700
    done = run(tmp_path, steps, capacity=ROOM, heap="100M", cursors={"cloud": place, "other": 33})
    hold(done, done.news)
    for one in done.read:
        for cursor in (place, 33):
            assert not one["first"] <= cursor < one["sequence"]
    [(name, text)] = done.said["advice"]
    assert name == "journal" and text.startswith("the flash is full of minutes that")


def test_a_power_cut_before_what_was_merged_is_removed(tmp_path):
    """It is merged again then, and what is there of it already stays out of the 15 minutes."""
    done = run(tmp_path, days(3), capacity=2 * ROOM, heap="100M", cuts=[0, 3, 7, 13, 20])
    assert done.said["errors"].count("registers.cut") == 5
    assert 15 in hold(done, done.news)


def test_a_flash_without_room(tmp_path):
    """What is there is thinned until there is room for what comes; all of it stays."""
    steps = [*days(0.8), {"jam": True}, *days(1, NOON + 2 * 86400)]
    done = run(tmp_path, steps, capacity=2 * ROOM, heap="100M")
    lengths = hold(done, done.news)
    assert done.read[0]["first"] == 1 and 15 in lengths
    assert set(done.said["errors"]) == {"journal.unwritten"}


def test_a_flash_without_room_to_merge(tmp_path):
    """The oldest are dropped, the newest stay."""
    steps = [*days(0.8), {"jam": True, "packed": True}, *days(0.5, NOON + 2 * 86400)]
    done = run(tmp_path, steps, capacity=2 * ROOM, heap="100M")
    assert hold(done, done.news)
    assert done.said["first"] == done.read[0]["first"]
    assert done.read[0]["first"] < 2 * 1440 * 0.5
    assert set(done.said["errors"]) == {"journal.unwritten", "journal.dropped"}


def test_a_part_that_is_damaged_is_in_no_record(tmp_path):
    """A reader may have what was in it. What is behind it keeps its sequences."""
    first = run(tmp_path, days(0.7), capacity=16 * ROOM, heap="100M")
    segment = tmp_path / "journal" / "1.1"
    data = bytearray(segment.read_bytes())
    second = HEADER + struct.unpack_from("<H", data, 2)[0]
    lost = range(*struct.unpack_from("<2I", data, second + 14))
    data[second + HEADER + 6] ^= 1
    segment.write_bytes(data)
    later = days(0.3, NOON + 2 * 86400)
    done = run(tmp_path, [{"restart": True}, *later], capacity=ROOM, heap="100M")
    by_sequence = {one["sequence"]: one for one in first.news + done.news}
    assert len(by_sequence) == len(first.news + done.news)
    for one in done.read:
        parts = [by_sequence[k] for k in range(one["first"], one["sequence"] + 1)]
        assert one == merged(parts)
        assert one["sequence"] < lost.start or one["first"] > lost.stop
    before = [one for one in done.read if one["sequence"] < lost.start]
    behind = [one for one in done.read if one["first"] > lost.stop]
    assert before and behind[0]["first"] == lost.stop + 1
    assert behind[0]["sequence"] > behind[0]["first"]  # it was merged
    assert set(done.said["errors"]) == {"registers.cut", "journal.damaged"}


@pytest.mark.parametrize("which", [0, 1, -1])
def test_a_segment_that_cannot_be_read(tmp_path, which):
    """It is passed over, all else comes."""
    steps = [*days(0.7), {"unread": which}]
    done = run(tmp_path, steps, capacity=ROOM, heap="100M")
    lost = len(done.news) - sum(one["sequence"] - one["first"] + 1 for one in done.read)
    assert set(done.said["errors"]) == {"journal.unread"} and done.said["unread"] > 0
    assert 0 < lost < 300 and done.read[-1] == done.news[-1]
    assert "is tried again" in done.said["advice"][0][1]


def test_a_segment_that_could_not_be_read_for_a_moment(tmp_path):
    """Nothing is wrong with it any more when it was read."""
    steps = [*days(0.3), {"unread": 1}, {"look": True}, {"unread": None}]
    done = run(tmp_path, steps, capacity=ROOM, heap="100M")
    assert hold(done, done.news)
    assert done.said["errors"] == ["journal.unread"] and done.said["advice"] == []


def test_thinning_goes_on_without_it(tmp_path):
    """What cannot be read is dropped after some tries."""
    steps = [*days(0.7), {"unread": 1}, *days(1, NOON + 2 * 86400)]
    done = run(tmp_path, steps, capacity=ROOM, heap="100M")
    assert set(done.said["errors"]) == {"journal.unwritten", "journal.dropped"}
    assert done.said["kept"]["bytes"] < 1.3 * ROOM
    assert 15 in [one["sequence"] - one["first"] + 1 for one in done.read]
    assert done.read[-1] == done.news[-1]
