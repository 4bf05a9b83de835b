"""The newest slot of the registers is damaged, at each byte and to each length, three times one
after the other: a reader that had all records before has them all still, and the new ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_interpreter import succeed
from journal_runs import NAMES, plain, site

SINCE = 1735689600
MODULE = "5700000011"


class Reader:
    """The rule of docs/history.md, of one that gets every record at once. `boots`: the starts
    that it has seen; `counted`: the pulses of the first input."""

    def __init__(self, before: Reader | None = None) -> None:
        self.records: dict[int, dict[str, Any]] = dict(before.records) if before else {}
        self.boots: set[int] = set(before.boots) if before else set()
        self.counted = before.counted if before else 0

    def take(self, records: list[dict[str, Any]]) -> None:
        """Of one start: all are new, and nothing is taken away."""
        for one in records:
            first, last = one["first"], one["sequence"]
            covered = [
                k for k, held in self.records.items() if held["first"] <= last and k >= first
            ]
            assert not covered, (one, covered)
            self.records[last] = one
            self.counted += one["pulses"].get(MODULE, [0])[0]
        boots = {one["boot"] for one in records}
        assert len(boots) == 1 and not boots & self.boots, (boots, self.boots)
        self.boots |= boots


def play(place, begun: int, ways: list[str], since: int | None = SINCE, **more: Any) -> int:
    """How many starts there were after a damage."""
    both = ways == ["both"]
    given = {
        "site": site(1), "plain": plain(1), "begun": begun, "since": since, "ways": ways,
        "timed": True, "parts": [0, 1], **more,
    }  # fmt: skip
    lines = succeed(
        "damage_registers", given=given, heap="8M", cwd=place, timeout=600
    ).splitlines()
    starts = [json.loads(line) for line in lines]
    news = [[dict(zip(NAMES, one, strict=True)) for one in records] for _, records in starts]
    before, reader, way = Reader(), Reader(), None
    before.take(news[0])
    assert len(before.records) == begun
    for (name, _), records in zip(starts[1:], news[1:], strict=True):
        if name != way:
            way, reader = name, Reader(before)
        assert len(records) == 2
        if both:  # nobody knows how many starts there were
            reader.boots.clear()
        counted = reader.counted
        reader.take(records)
        if not both:  # nobody knows what was counted before the first one
            assert begun == 1 or MODULE not in records[0]["pulses"]
            assert records[1]["pulses"] == {MODULE: [10, None, None, 0]}
            assert reader.counted == counted + 10
    return len(starts) - 1


@pytest.mark.parametrize("begun", [1, 2, 5])
@pytest.mark.parametrize("way", ["flip", "cut", "remove"])
def test_the_newest_slot(tmp_path, way, begun):
    """begun: after the first record there is one slot with a record, and one without."""
    starts = play(tmp_path, begun, [way])
    assert starts > 1000 or way == "remove"


@pytest.mark.parametrize("way", ["flip", "cut", "remove"])
def test_the_newest_slot_without_time(tmp_path, way):
    assert play(tmp_path, 3, [way], timed=False, parts=[0, 7]) >= 3


def test_both_slots(tmp_path):
    """Nothing is in a segment yet: the clock says what cannot have been given."""
    assert play(tmp_path, 5, ["both"], parts=[0, 7]) > 100
