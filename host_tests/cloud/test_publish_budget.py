"""What a month on LTE costs (docs/cloud.md, Rates), from the messages of 28 points as the firmware
writes them, and that writing them takes next to no heap."""

from __future__ import annotations

import json
import re

import pytest
from gateway_host import interpreter
from gateway_host.bench import lte
from gateway_host.session import MODULE_PATH, ROOT


def rates_section() -> str:
    """Of docs/cloud.md."""
    text = (ROOT / "docs" / "cloud.md").read_text()
    return text[text.index("## Rates") : text.index("## realtime")]


def documented() -> dict[str, list[float]]:
    """Its table: topic -> seconds, seconds on LTE, bytes, MB."""
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$",
        rates_section(),
        re.M,
    )
    return {name: [float(value) for value in values] for name, *values in rows}


def test_a_month_on_lte_is_under_100_megabytes():
    found = lte.month()
    table = documented()
    for rate in found.rates[:-1]:
        assert {topic: row[0] for topic, row in table.items()} == rate
    assert {topic: row[1] for topic, row in table.items()} == found.rates[-1]
    for topic, taken in found.topics.items():
        assert found.sizes[topic] == pytest.approx(table[topic][2], rel=0.02), topic
        assert taken == pytest.approx(table[topic][3], abs=0.1), topic
    together = re.search(r"^\| together \| \| \| \| ([\d.]+) \|$", rates_section(), re.M)
    assert together and found.total == pytest.approx(float(together[1]), abs=0.5)
    assert found.total < 90
    assert found.with_home_assistant < 95 < lte.LIMIT_MB


def test_writing_allocates_next_to_nothing(bits):
    done = interpreter.run([lte.MESSAGES], bits=bits, heap="1M", path=MODULE_PATH)
    assert done.returncode == 0, done.stdout + done.stderr
    reported = json.loads(done.stdout)
    assert reported["allocated_realtime"] <= 600
    assert reported["allocated"] <= 4000
    assert reported["steps"] >= 15
