"""How much flash the journal takes, of a house with 28 points, and how much of it it wears."""

from __future__ import annotations

import json
from typing import Any

import pytest
from house_minutes import POINTS, minutes
from in_interpreter import succeed
from journal_runs import site

DAYS = 1
MAX_BYTES = 10_000_000


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    measured = list(minutes(DAYS))
    given = {
        "site": site(POINTS), "capacity": MAX_BYTES, "blocks": 512, "minutes": measured,
    }  # fmt: skip
    said = json.loads(succeed("wear_journal", given=given, heap="60M", timeout=600))
    for i in range(POINTS):
        assert said["sums"][i] == sum(one[0][i] - one[1][i] for one in measured)
    assert said["records"] == said["last"] == 1440 * DAYS
    assert said["errors"] == []
    return said


def test_60_days_in_10_mb(kept):
    """Files and what LittleFS needs for them."""
    a_day = kept["bytes"] / DAYS
    print(f"{a_day / 1440:.1f} bytes a record, {a_day:.0f} a day, {MAX_BYTES / a_day:.0f} days")
    assert 60 * a_day <= MAX_BYTES
    assert 4096 * kept["blocks"] <= 1.06 * kept["bytes"] + 40000


def test_a_quarter_stays_free(kept):
    """Of the file system, whatever is in it. What the journal has is its own."""
    before, after = kept["room"]
    assert before == pytest.approx(512 * 4096 * 3 / 4, abs=4 * 4096)
    others = 4096 * kept["blocks"] - kept["bytes"]
    assert after == pytest.approx(before - others, abs=4 * 4096)


def test_the_wear_of_the_flash(kept):
    """What docs/journal.md says of a day: erases, bytes; spread over all blocks that are free."""
    erases = sum(kept["erased"]) / DAYS
    print(f"{erases:.0f} erases a day, {kept['programmed'] / DAYS / 1e6:.2f} MB, at most "
          f"{kept['worst_erases']} erases and {kept['worst_reads']} reads at once")  # fmt: skip
    assert erases == pytest.approx(1700, rel=0.03)
    assert max(kept["erased"]) / DAYS <= 13  # the first two blocks, which LittleFS never moves
    assert kept["worst_erases"] <= 4
