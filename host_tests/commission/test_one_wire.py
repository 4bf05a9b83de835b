"""CTs of one load around one wire show the same current: only where they should be on different
phases, whose currents are 120 degrees apart, is that a fault."""

from __future__ import annotations

import numpy as np
from watched import SECONDS, states

ONE_WIRE = 4
GRID = {"name": "Grid", "role": "grid"}
HEATING = {"name": "Heating", "role": "circuit"}
STRINGS = {"name": "Strings", "role": "solar"}
TURN = np.exp(-2j * np.pi / 3)
POWER = 1500 + 5 * np.sin(np.arange(SECONDS) / 9)


def pairs(*site):
    """Of all judgements which points were said to be on one wire."""
    said = states(*site)
    assert said
    return {k for one in said for k, state in enumerate(one) if state == ONE_WIRE}


def test_equal_heaters_on_one_phase_are_no_fault():
    assert pairs("1x230", [HEATING], [("L1", "Heating")] * 3, [POWER] * 3) == set()
    assert pairs("3x400+N", [STRINGS], [("L2", "Strings")] * 3, [-POWER] * 3) == set()


def test_two_on_one_phase_and_one_on_another():
    points = [("L1", "Heating"), ("L1", "Heating"), ("L2", "Heating")]
    assert pairs("3x400+N", [HEATING], points, [POWER] * 3) == set()


def test_two_around_one_wire_are_found():
    """That of L2 is around L1's wire: against its own voltage the current is 120 degrees off."""
    points = [(phase, "Heating") for phase in ("L1", "L2", "L3")]
    assert pairs("3x400+N", [HEATING], points, [POWER, POWER * TURN, POWER]) == {0, 1}


def test_two_of_one_phase_and_one_of_another_around_one_wire():
    points = [("L1", "Heating"), ("L1", "Heating"), ("L2", "Heating")]
    powers = [POWER, 0.7 * POWER, POWER * TURN]
    assert pairs("3x400+N", [HEATING], points, powers) == {0, 2}
