"""Every wiring scheme end to end (house, nodes, A-bus, firmware) against the powers that the loads
really take, by float64 phasors of the simulated circuits: theory, not the samples of the CTs."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.session import ROOT
from gateway_host.sim.catalogue import SCHEMES
from gateway_host.sim.house import House
from gateway_host.sim.house_file import load_house
from measuring_run import Measured

# The default house, 3 x 400 V + N, is in test_accuracy.py.
HOUSES = ["single_phase", "delta", "split_phase", "star_208", "star_480", "star_600"]
POWER = 0.0005  # of S: a twentieth of class 1
REACTIVE = 0.002  # of S
QUANTUM = 0.2  # W: what 16-bit samples add to a circuit of a few watts
UNBALANCE = 0.06  # points of a percent
SETTLE, COUNT = 2, 3


def true_powers(house: House, first: int, count: int) -> dict[str, np.ndarray]:
    """[P, Q] in W and var of every load, and of the grid, over the head's samples first to first +
    count - 1, by float64: the mean of v i, and the reactive power of the fundamental.

    All lines' voltages and currents are taken, whatever CTs there are, and without any of their
    errors: the sum over the elements of a load.
    """
    times = (first + np.arange(count) - house.first_sample) / house._rate
    volts, currents = phasors(house, times)
    angle = np.exp(1j * np.multiply.outer(house._orders, house.mains.angle(times)))
    powers: dict[str, np.ndarray] = {}
    row = 0
    for load in house.circuits:
        powers[load.name] = np.zeros(2)
        for phase in load.phases:
            start, end = phase if isinstance(phase, tuple) else (phase, None)
            across = volts[start] - (0 if end is None else volts[end])
            wave = (across * angle).real.sum(axis=0) * (currents[row] * angle).real.sum(axis=0)
            lagging = (across[0] * np.conj(currents[row][0])).imag / 2
            powers[load.name] += (wave.mean(), lagging.mean())
            row += 1
    return powers | {"Grid": sum(powers.values())}


def phasors(house: House, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Volts [line, order, n] and amperes [element, order, n] at `times`: linear between moments
    half a second apart (docs/house.md)."""
    span = 1600 / house._rate
    at = times / span
    volts, currents = [], []
    for knot in range(int(at[0]), int(at[-1]) + 1):
        part = at[(at >= knot) & (at < knot + 1)] - knot
        both = zip(house.phasors(knot * span), house.phasors((knot + 1) * span), strict=True)
        for kept, (before, after) in zip((volts, currents), both, strict=True):
            kept.append(before[..., None] + np.multiply.outer(after - before, part))
    return np.concatenate(volts, axis=-1), np.concatenate(currents, axis=-1)


@pytest.mark.parametrize("name", HOUSES)
def test_every_load_and_the_grid(name):
    """P, Q and energy of each load and of the grid are what they really take; voltages of phases
    and between lines, and their unbalance, are those of the file."""
    house = load_house(ROOT / "tools" / "houses" / f"{name}.toml")
    measured = Measured(house)
    reports = list(measured.reports(SETTLE + COUNT))
    energy = {name: 0.0 for name, _ in house.loads}
    for report in reports[SETTLE:]:
        right = true_powers(house, report["first_sample"], report["samples"])
        for name in energy:
            points = [point for point in report["points"] if point["name"] == name]
            active, reactive, apparent = (sum(p[key] for p in points) for key in "PQS")
            assert active == pytest.approx(right[name][0], abs=POWER * apparent + QUANTUM), name
            assert reactive == pytest.approx(right[name][1], abs=REACTIVE * apparent + QUANTUM)
            energy[name] += right[name][0] * report["samples"] / 3200
        voltages, lines, unbalance = supply(house)
        assert report["voltages"][: len(voltages)] == pytest.approx(voltages, rel=POWER)
        for got, volts in zip(report["lines"], lines, strict=True):
            assert got == (volts and pytest.approx(volts, rel=POWER))
        assert report["unbalance"] == (unbalance and pytest.approx(unbalance, abs=UNBALANCE))
    for name, joules in energy.items():
        counted = [
            sum(p["import"] - p["export"] for p in report["points"] if p["name"] == name)
            for report in (reports[SETTLE - 1], reports[-1])
        ]
        allowed = POWER * abs(joules) + COUNT * QUANTUM + 4  # parts of a joule of two points
        assert counted[1] - counted[0] == pytest.approx(joules, abs=allowed), name


SYNTHESISED = """
scheme = "{scheme}"
frequency = {nominal}
[mains]
frequency = {hertz}
[head]
serial = "5400000101"
synthesised = {{ {synthesised} }}
[[node]]
serial = "5500000501"
{loads}
"""
LOAD = """
[[load]]
name = "On {phase}"
power = {power}
power_factor = 0.8
points = [{{ node = "5500000501", input = "{input}", ct = "AC-CT-50A", phase = "{phase}" }}]
"""
THREE = 'L2 = { from = "L1", degrees = -120 }, L3 = { from = "L1", degrees = 120 }'
MADE = [
    ("3x400+N", 50, 50.0, THREE),
    ("3x400+N", 50, 47.3, THREE),
    ("3x120/208", 60, 60.4, THREE),
    ("3x400+N", 50, 50.0, 'L3 = { from = "L2", degrees = -120 }'),
    ("2x120/240", 60, 59.9, 'L2 = { from = "L1", degrees = 180 }'),
]


@pytest.mark.parametrize("scheme, nominal, hertz, synthesised", MADE)
def test_synthesised_voltages(tmp_path, scheme, nominal, hertz, synthesised):
    """Where the missing phases are what the site says they are (same size, 120 or 180 degrees),
    P and Q of their circuits are those of the loads; the head has nothing of these phases."""
    phases = list(SCHEMES[scheme].ends)
    loads = "".join(
        LOAD.format(phase=phase, power=1000 + 500 * k, input="ABC"[k])
        for k, phase in enumerate(phases)
    )
    path = tmp_path / "house.toml"
    path.write_text(
        SYNTHESISED.format(
            scheme=scheme, nominal=nominal, hertz=hertz, synthesised=synthesised, loads=loads
        )
    )
    house = load_house(path)
    measured = Measured(house)
    for report in list(measured.reports(SETTLE + COUNT + 1))[SETTLE:-1]:
        for made in house.synthesised:
            assert not measured.samples(report)[int(made[1]) - 1].any()
        voltages, _, _ = supply(house)
        assert report["voltages"][: len(voltages)] == pytest.approx(voltages, rel=POWER)
        for k, point in enumerate(report["points"]):
            assert point["P"] == pytest.approx(1000 + 500 * k, rel=POWER), phases[k]
            assert point["Q"] == pytest.approx(0.75 * (1000 + 500 * k), rel=0.002), phases[k]
            assert point["missing"] == 0


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
