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


def said(
    powers: list,
    cts: list[str],
    factors: list,
    grid: list[float] | None = None,
    hidden: np.ndarray | float = 150.0,
) -> list[set[int]]:
    """All that was named of the grid's CTs, then of the circuits', which lie on L1: {rated} of
    each. factors: what each CT shows, of what flows; grid: the same of the grid's three, 100 A;
    hidden: W there that nobody else measures."""
    loads = [{"name": "Grid", "role": "grid"}]
    loads += [{"name": name, "role": "circuit"} for name in NAMES[: len(powers)]]
    points = [(f"L{k + 1}", "Grid") for k in range(3)]
    points += [("L1", name) for name in NAMES[: len(powers)]]
    whole = [sum(powers) + hidden, 120 + 0 * TIME, 90 + 0 * TIME]
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


ALL = [OVEN, HOB, WASHER]


@pytest.mark.parametrize(("factor", "is_of"), [(2, 50), (0.5, 200), (0.25, 400)])
def test_the_grids_ct_is_named_and_no_circuits(factor, is_of):
    """All on its phase disagree with it, and they are of two articles."""
    found = said(ALL, ["AC-CT-50A", "AC-CT-100A", "AC-CT-50A"], [1, 1, 1], [factor, 1, 1])
    assert found == [{is_of}] + [set()] * 5


@pytest.mark.parametrize(
    ("circuits", "factors", "grid"),
    [
        (ALL, [1, 1, 1], 2),  # the grid's, or three of one wrong article
        (ALL, [0.5, 0.5, 0.5], 1),
        (ALL[:1], [0.5], 1),  # a circuit's or the grid's
        (ALL[:2], [1, 1], 0.5),
        (ALL, [0.5, 0.5, 1], 1),  # two circuits', or the grid's and one circuit's
        (ALL, [0.62, 1, 1], 1),  # of no type: a CT that is off in another way
        (ALL, [1, 1, 1], 1),
    ],
)
def test_what_cannot_be_known_is_not_named(circuits, factors, grid):
    found = said(circuits, ["AC-CT-50A"] * len(circuits), factors, [grid, 1, 1])
    assert found == [set()] * (3 + len(circuits))


def test_a_ct_that_is_not_closed_is_not_of_another_type():
    """It shows half of its current, and that leads by 60 degrees."""
    found = said(ALL, ["AC-CT-50A"] * 3, [1, 0.5 * np.exp(-1j * np.pi / 3), 1])
    assert found == [set()] * 6


def test_loads_that_switch_with_others_by_chance():
    """What nobody measures is as large as the circuit, and switches now and then with it."""
    rng = np.random.default_rng(5)
    for _ in range(3):
        edges = np.flatnonzero(np.diff(OVEN.real, prepend=OVEN[0]))
        hidden = np.zeros(SECONDS)
        for edge in rng.choice(edges, len(edges) // 3, replace=False):
            hidden[edge:] += OVEN[edge] - OVEN[edge - 1]
        found = said(ALL, ["AC-CT-50A"] * 3, [1, 1, 1], hidden=hidden)
        assert found == [set()] * 6
