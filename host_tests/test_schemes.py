"""Every wiring scheme end to end (house, nodes, A-bus, firmware) against the powers that the loads
really take, by float64 phasors of the simulated circuits: theory, not the samples of the CTs."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.session import ROOT
from gateway_host.sim.house import House, load_house
from measured import Measured

HOUSES = sorted((ROOT / "tools" / "houses").glob("*.toml"))
SMALL = [path for path in HOUSES if path.stem != "default"]  # that one is in test_accuracy.py
POWER = 0.0005  # of S: a twentieth of class 1
QUANTUM = 0.2  # W: what 16-bit samples add to a circuit of a few watts
UNBALANCE = 0.06  # points of a percent
SETTLE, COUNT = 2, 3


def true_powers(house: House, first: int, count: int) -> dict[str, float]:
    """Mean of v i in W of every load, and of the grid, over the head's samples first to first +
    count - 1, by float64.

    All lines' voltages and currents are taken, whatever CTs there are, and without any of their
    errors: the sum over the elements of a load.
    """
    times = (first + np.arange(count) - house.first_sample) / house._rate
    volts, currents = waves(house, times)
    powers: dict[str, float] = {}
    row = 0
    for load in house.circuits:
        powers[load.name] = 0.0
        for phase in load.phases:
            start, end = phase if isinstance(phase, tuple) else (phase, None)
            across = volts[start] - (0 if end is None else volts[end])
            powers[load.name] += float((across * currents[row]).mean())
            row += 1
    return powers | {"Grid": sum(powers.values())}


def waves(house: House, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Volts [line, n] and amperes [element, n] at `times`; phasors are linear between two moments
    half a second apart (docs/house.md)."""
    angle = np.exp(1j * np.multiply.outer(house._orders, house.mains.angle(times)))
    span = 1600 / house._rate
    at = times / span
    volts, currents = [], []
    for knot in range(int(at[0]), int(at[-1]) + 1):
        inside = (at >= knot) & (at < knot + 1)
        part = at[inside] - knot
        both = zip(house.phasors(knot * span), house.phasors((knot + 1) * span), strict=True)
        for kept, (before, after) in zip((volts, currents), both, strict=True):
            wave = before @ angle[:, inside] + part * ((after - before) @ angle[:, inside])
            kept.append(wave.real)
    return np.concatenate(volts, axis=1), np.concatenate(currents, axis=1)


@pytest.mark.parametrize("path", SMALL, ids=[path.stem for path in SMALL])
def test_every_load_and_the_grid(path):
    """P of each load and of the grid is what they really take."""
    house = load_house(path)
    measured = Measured(house)
    for report in list(measured.reports(SETTLE + COUNT))[SETTLE:]:
        right = true_powers(house, report["first_sample"], report["samples"])
        got: dict[str, float] = {}
        apparent: dict[str, float] = {}
        for point in report["points"]:
            got[point["name"]] = got.get(point["name"], 0) + point["P"]
            apparent[point["name"]] = apparent.get(point["name"], 0) + point["S"]
        assert set(got) == {load[0] for load in house.loads}
        for name, watts in got.items():
            assert watts == pytest.approx(right[name], abs=POWER * apparent[name] + QUANTUM), name
        voltages, lines, unbalance = supply(house)
        assert report["voltages"][: len(voltages)] == pytest.approx(voltages, rel=POWER)
        for got, right in zip(report["lines"], lines, strict=True):
            assert got == (right and pytest.approx(right, rel=POWER))
        assert report["unbalance"] == (unbalance and pytest.approx(unbalance, abs=UNBALANCE))


def supply(house: House) -> tuple[list[float], list[float | None], float | None]:
    """V rms of what the site publishes as its voltages, V rms between L1 and L2, L2 and L3, L3 and
    L1, and the negative over the positive sequence in %; of phasors, from the house's file."""
    volts, _ = house.phasors(0.0)

    def rms(phasors: np.ndarray) -> float:
        return float(np.sqrt((np.abs(phasors) ** 2).sum() / 2))

    pairs = [(0, 1), (1, 2), (2, 0)]
    lines = [rms(volts[a] - volts[b]) if max(a, b) < len(volts) else None for a, b in pairs]
    if house.scheme == "3x230":
        voltages = [lines[2], lines[1], lines[0]]
    else:
        voltages = [rms(row) for row in volts]
    if len(volts) < 3:
        return voltages, lines, None
    turn = np.exp(2j * np.pi / 3)
    # Phasors of e^(+j w t): in the positive sequence L2 is behind L1.
    positive, negative = (
        abs(volts[0, 0] + turn**k * volts[1, 0] + turn ** (2 * k) * volts[2, 0]) for k in (1, 2)
    )
    return voltages, lines, float(100 * negative / positive)
