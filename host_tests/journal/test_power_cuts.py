"""Power is cut at each operation of the flash under LittleFS: what was acknowledged is there, at
most the record being written is not, and the registers are what the records say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from in_interpreter import succeed
from journal_runs import NAMES, plain, site

NOON = 1764000000  # a whole hour
POINTS = 28  # so the registers' file has room for a few records only


def minutes(start: int, count: int) -> list[dict[str, Any]]:
    """Of four reports each."""
    return [
        {
            "now": (start + 15 * (k + 1)) * 1000, "s": 15,
            "in": [(15000 + k) * (i % 3 > 0) for i in range(POINTS)],
            "out": [(300 - k % 5) * (i % 3 == 0) for i in range(POINTS)],
        }
        for k in range(4 * count)
    ]  # fmt: skip


def cut(steps: list[dict[str, Any]], between: tuple[int, int], places: int, capacity: int):
    """What was news, and how often it was cut and so on."""
    given = {
        "site": site(POINTS), "steps": [plain(POINTS), *steps], "between": between,
        "bytes": places, "capacity": capacity,
    }  # fmt: skip
    news, said = succeed("cut_journal", given=given, heap="60M", timeout=600).split("said\n")
    named = [dict(zip(NAMES, json.loads(line), strict=True)) for line in news.splitlines()]
    return named, json.loads(said)


def hold(news: list[dict[str, Any]], steps: list[dict[str, Any]]) -> None:
    """What was news is what was measured: the plain model."""
    model, sums, before = [], [0] * POINTS, None
    for step in steps:
        if step.get("restart"):
            sums = [0] * POINTS
            continue
        sums = [one + more for one, more in zip(sums, step["in"], strict=True)]
        if step["now"] // 60000 != before:
            before = step["now"] // 60000
            if step["now"] % 60000 == 0:
                model.append((step["now"] // 1000, sums))
                sums = [0] * POINTS
    assert [(one["time"], one["imported"]) for one in news] == model
    assert [one["sequence"] for one in news] == list(range(1, len(news) + 1))


@pytest.mark.parametrize("part", range(3))
def test_at_each_operation(part):
    """In an hour with two power cuts, while segments are written, merged and dropped."""
    steps = minutes(NOON, 60)
    for start in (NOON + 7200, NOON + 9000):
        steps += [{"restart": True}, *minutes(start, 12)]
    news, said = cut(steps, (80 + 85 * part, 165 + 85 * part), 2, 4096)
    hold(news, steps)
    assert said["cuts"] > 500


def test_at_many_bytes():
    """Of each operation in four minutes."""
    steps = minutes(NOON, 20)
    news, said = cut(steps, (len(steps) - 16, len(steps)), 16, 1 << 20)
    hold(news, steps)
    assert said["cuts"] > 500
