"""The whole A-bus, or a hub of it, is away around the end of an interval: on the simulated bus,
with what it takes to find nodes again."""

from __future__ import annotations

import json

import pytest
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import load_house
from on_bus import Eventful

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "intervals.py"
START = 1764000000  # a multiple of 900 s
HOUSE = """
scheme = "1x230"
[head]
serial = "5400000101"
[[node]]
serial = "5500000501"
[[load]]
name = "Grid"
role = "grid"
points = [{ node = "5500000501", input = "A", ct = "AC-CT-100A", phase = "L1" }]
[[load]]
name = "Heater"
power = 6000
points = [{ node = "5500000501", input = "B", ct = "AC-CT-50A", phase = "L1" }]
"""


@pytest.mark.parametrize("away", [("5500000501",), ("5400000101", "5500000501")])
@pytest.mark.parametrize("end", [75.4, 105.7])  # s: the interval ends at 75
def test_a_minute_away_around_an_intervals_end(tmp_path, away, end):
    """6000 W before, meanwhile and after: both intervals have them."""
    file = tmp_path / "house.toml"
    file.write_text(HOUSE)
    house = load_house(file)
    events = []
    for serial in away:
        events.append((end - 60, lambda line, serial=serial: line.unplug(serial)))
        events.append((end, lambda line, serial=serial: line.plug(serial)))
    with Session(
        Eventful(house, events), house.site_json(), script=SCRIPT, paced=False, console=False,
        epoch=START + 900 - 75,
    ) as session:  # fmt: skip
        found = [json.loads(session.output.readline()) for _ in range(3)]
    first, quarter, second = found
    assert [one[:2] for one in found] == [
        [START + 600, 300], [START, 900], [START + 900, 300],
    ]  # fmt: skip
    for _, _, samples, joules, estimated, doubtful in found:
        assert doubtful == [0, 0]
        for energy in joules:
            assert energy / (samples / 3200) == pytest.approx(6000, rel=0.01)
        assert estimated > 0
    assert first[3] == quarter[3] and second[2] == pytest.approx(300 * 3200, abs=3200)
