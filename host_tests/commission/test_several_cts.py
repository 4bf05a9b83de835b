"""Loads with several CTs: these are judged together, also where nobody measures the grid."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.advise.run import WRONG
from watched import SECONDS, judgements, states

TIME = np.arange(SECONDS)
THREE = ("L1", "L2", "L3")
LEGS = ("L1", "L2")
TURN = np.exp(2j * np.pi / 3)
STAR = [("L1", "Machine"), ("L2", "Machine"), ("L3", "Machine")]
MACHINE = {"name": "Machine", "role": "circuit"}
GRID = {"name": "Grid", "role": "grid"}
HYBRID = {"name": "Hybrid", "role": "solar"}
SLOWLY = 1500 + 200 * np.sin(TIME / 40)


def exchanged(power):
    """What the CTs of a star see where those on L2 and L3 are exchanged."""
    return [power, power * TURN, power * TURN.conjugate()]


@pytest.mark.parametrize("degrees", [0, 8])
def test_two_exchanged_cts_without_the_grids(degrees):
    power = SLOWLY * np.exp(1j * np.radians(degrees))
    said = states("3x400+N", [MACHINE], STAR, exchanged(power), drop=0)
    assert any(one[1:] == (WRONG, WRONG) for one in said)
    assert not any(one[0] == WRONG for one in said)


@pytest.mark.parametrize("degrees", [-36, 24, 40])
def test_exchanged_or_turned_as_well_is_not_decided(degrees):
    """A current that leads by 36 degrees looks, all turned, like one that lags by 24."""
    power = SLOWLY * np.exp(1j * np.radians(degrees))
    for sign in (1, -1):
        said = states("3x400+N", [MACHINE], STAR, exchanged(sign * power), drop=0)
        assert said
        assert not any(WRONG in one for one in said)


def test_two_exchanged_cts_of_the_sun_without_the_grids():
    points = [(phase, "Hybrid") for phase in THREE]
    said = states("3x400+N", [HYBRID], points, exchanged(-SLOWLY), drop=0)
    assert any(one[1:] == (WRONG, WRONG) for one in said)
    assert not any(one[0] == WRONG for one in said)


def test_an_inverter_of_three_phases_that_charges_all_night_is_not_turned():
    points = [(phase, "Hybrid") for phase in THREE]
    said = states("3x400+N", [HYBRID], points, [SLOWLY + 60j] * 3)
    assert said
    assert not any(WRONG in one for one in said)


def of_legs(seen: list, grid: list, apart: float):
    """What is said in the end of a load between two legs, and before it of the grid's CTs."""
    loads = [GRID, MACHINE] if grid else [MACHINE]
    points = [(leg, load["name"]) for load in loads for leg in LEGS]
    current = sum(abs(one) for one in seen) / 240
    rng = np.random.default_rng(3)
    volts = np.array([-120.0, 120 + apart, -240 - apart], complex)[:, None] * np.ones(SECONDS)
    for k, drops in enumerate((1, 1, 2)):
        size = np.abs(volts[k]) - 0.1 * drops * current + rng.normal(0, 0.05, SECONDS)
        volts[k] = size * np.sign(volts[k])
    power = np.array([np.broadcast_to(one, SECONDS) for one in grid + seen], complex)
    power += rng.normal(0, 2, power.shape)
    return judgements("2x120/240", loads, points, volts, power)


@pytest.mark.parametrize("grid", [False, True])
def test_exchanged_cts_of_a_load_between_two_legs(grid):
    """Each shows the other's current: both powers have the wrong sign."""
    switched = np.where(TIME // 45 % 2, 1800.0, 0)
    whole = [200 + switched, 150 + switched] if grid else []
    [*_, (_, states_, ways)] = of_legs([-switched, -switched], whole, apart=0.5)
    assert states_[-2:] == [WRONG, WRONG]
    assert ways[-2] in (1, 2)
    assert ways[-1] in (0, 3)


def test_where_the_legs_differ_exchanged_or_turned_is_not_decided():
    switched = np.where(TIME // 45 % 2, 1800.0, 0)
    for _, said, _ in of_legs([-switched, -switched], [], apart=12):
        assert WRONG not in said
