"""Nodes with crystals 200 ppm apart along 100 m of cable: what sampling in step is worth.

Truth is the house's waveforms at the head's own instants, multiplied in float64.
"""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.bench.a_bus import Watched, house_of, reported
from gateway_host.sim.catalogue import VOLT_PER_COUNT, ampere_per_count
from gateway_host.sim.clock import NodeClock

STEERED_UNTIL = 2e6  # µs
TOLERANCE = 0.0005


def errors(report, house):
    """Relative error of each point's power in a report."""
    counts = house.waveforms(report["first_sample"], report["samples"]).astype(np.float64)
    found = []
    for i, point in enumerate(house.points):
        volts = counts[int(point.phase[1]) - 1] * VOLT_PER_COUNT
        amperes = counts[3 + i] * ampere_per_count(point.ct)
        true = float(np.mean(volts * amperes))
        found.append(report["watts"][i] / true - 1)
    return np.array(found)


@pytest.mark.parametrize(("solid_cores", "hubs"), [(4, 4), (0, 7), (9, 0)])
def test_power_at_a_power_factor_of_one_half(solid_cores, hubs):
    house = house_of(solid_cores, hubs)
    assert max(node.metres for node in house.nodes) == 100
    assert {node.drift_ppm for node in house.nodes} == {-100, 100}
    for report in reported(Watched(house), 12)[2:]:
        assert max(abs(errors(report, house))) < TOLERANCE


def test_what_happens_without_steering(monkeypatch):
    """Nodes that are left to their crystals, and do not notice: 150 and 50 ppm from the head's,
    the power is wrong by 2.7 % a second for each 50 ppm."""
    steer = NodeClock.steer

    def unsteered(self, time, latched, head_read, elapsed_us):
        if time < STEERED_UNTIL:
            return steer(self, time, latched, head_read, elapsed_us)
        self.log(time)
        self._value, self._time = self.reading(time), time
        self._correction, self._rate, self._heard = 0.0, self._crystal, time
        return None

    monkeypatch.setattr(NodeClock, "steer", unsteered)
    house = house_of(4, 4)
    seen = reported(Watched(house), 8)
    drifts = {node.serial: node.drift_ppm - house.head.drift_ppm for node in house.nodes}
    before, after = errors(seen[4], house), errors(seen[6], house)
    seconds = (seen[6]["first_sample"] - seen[4]["first_sample"]) / 3200
    for i, point in enumerate(house.points):
        # Each second moves the current by drift µs: tan(60°) of that angle, to the first order.
        moved = drifts[point.node] * 1e-6 * seconds * 2 * np.pi * 50
        assert after[i] - before[i] == pytest.approx(np.sqrt(3) * -moved, rel=0.2), (
            point,
            before[i],
            after[i],
        )
    assert max(abs(after)) > 100 * TOLERANCE
