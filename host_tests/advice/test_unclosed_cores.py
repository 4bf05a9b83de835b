"""CTs that are not closed: what the simulator lets them give, and what the installer reads."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.bench.a_bus import reported
from gateway_host.faults.script import Faults
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.unclosed_core import seen

UNMEASURED = ("Oven and hob", "EV charger", "Lighting", "Living room")


@pytest.mark.parametrize("share", [0.005, 0.05, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("hertz", [50, 150, 650])
def test_an_inductance_with_a_resistance(share: float, hertz: float):
    """The core's answer to a sine is the circuit's: j w t / (1 + j w t), of 50 Hz `share`."""
    turn = 2 * np.pi * hertz / 3200 * np.arange(320)
    ratio = share / np.sqrt(1 - share**2) * hertz / 50
    expected = 1j * ratio / (1 + 1j * ratio)
    given = seen(np.cos(turn), share) + 1j * seen(np.sin(turn), share)
    found = given / np.exp(1j * turn[192:256])
    assert np.abs(found - expected).max() < 2e-3 * abs(expected)


def advice(text: str, seconds: int, *, without: tuple[str, ...] = ()) -> list[dict[str, float]]:
    """Of each report: the inputs said to be open, and what share of the current is named; the
    default house, in whose site the loads of `without` are missing."""
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    plan["points"] = [point for point in plan["points"] if point["load"] not in without]
    plan["loads"] = [load for load in plan["loads"] if load["name"] not in without]
    installation = Installation(house, faults=Faults.parse(text))
    found = []
    for report in reported(installation, seconds, plan=plan):
        words = [text.split() for name, text in report["advice"] if name == "open_ct"]
        found.append({f"{w[6]}:{w[4]}": float(w[8]) / 100 for w in words})
    return found


def test_unclosed_cores_are_reported_and_how_much_they_see():
    """Four at once, two of them on one phase, one closed again later."""
    shares = {
        "5500000190:A": 0.005,
        "5500000191:D": 0.05,
        "5500000192:A": 0.5,
        "5500000192:C": 0.2,
    }
    faults = "; ".join(f"open-ct {place} share={share} at 2" for place, share in shares.items())
    found = advice(faults + " for 40", 60)
    assert set().union(*found) == set(shares)
    for at in found:
        assert all(value == pytest.approx(shares[place], rel=0.15) for place, value in at.items())
    assert "5500000192:C" in found[38]
    assert "5500000192:C" not in found[-1]


def test_other_circuits_are_not_reported():
    """Also where half of what the grid carries is measured by nobody."""
    found = advice("open-ct 5500000191:D share=0.02 at 2", 100, without=UNMEASURED)
    assert set().union(*found) == {"5500000191:D"}
    assert not any(advice("seed=1", 60))


def test_without_a_measured_grid_nothing_is_reported():
    assert not any(advice("open-ct 5500000191:D at 2", 40, without=("Grid",)))
