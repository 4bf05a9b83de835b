"""CTs of another type than is configured: a circuit's is named where others agree with the grid's,
the grid's where none does, and nothing where it cannot be known which of both it is."""

from __future__ import annotations

import numpy as np
import pytest
from watched import SECONDS, types

TIME = np.arange(SECONDS)
WRONG_TYPE = 5


def circuit(period: int, size: float, more: float) -> np.ndarray:
    """Two appliances on it, that switch."""
    return np.where(TIME // period % 2, size, 60.0) + np.where(TIME // (period + 8) % 3, more, 0)


OVEN, HOB, WASHER, PUMP = (
    circuit(43, 2000, 900),
    circuit(29, 1500, 700),
    circuit(61, 2200, 400),
    circuit(37, 800, 300),
)
NAMES = ("Oven", "Hob", "Washer", "Pump")


def said(powers: list, cts: list[str], factors: list[float], grid: list[float] | None = None):
    """All that was named of the grid's CTs, then of the circuits', which lie on L1: {rated} of
    each. factors: what each CT shows, of what flows; grid: the same of the grid's three, 100 A."""
    loads = [{"name": "Grid", "role": "grid"}]
    loads += [{"name": name, "role": "circuit"} for name in NAMES[: len(powers)]]
    points = [(f"L{k + 1}", "Grid") for k in range(3)]
    points += [("L1", name) for name in NAMES[: len(powers)]]
    whole = [sum(powers) + 150, 120 + 0 * TIME, 90 + 0 * TIME]
    shown = [one * factor for one, factor in zip(whole, grid or [1, 1, 1], strict=True)]
    shown += [one * factor for one, factor in zip(powers, factors, strict=True)]
    lines = types(loads, points, shown, ["AC-CT-100A"] * 3 + cts)
    assert lines
    for states, rated in lines:
        assert [state == WRONG_TYPE for state in states] == [r > 0 for r in rated]
    return [{rated[k] for _, rated in lines} - {0} for k in range(len(points))]


@pytest.mark.parametrize(
    ("configured", "factor", "is_of"),
    [("AC-CT-50A", 0.5, 100), ("AC-CT-100A", 2, 50), ("AC-CT-50A", 0.25, 200)],
)
def test_a_circuits_ct_is_named(configured, factor, is_of):
    found = said([OVEN, HOB, WASHER], [configured] * 3, [1, factor, 1])
    assert found == [set()] * 4 + [{is_of}, set()]
