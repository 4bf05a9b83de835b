"""What the accuracy tables do not have, against numpy in float64: angle, quadrants, line
voltages, unbalance, no load."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.errors import UserError
from generated import RATE, VOLT, ampere, counts, measure, measure_single, wave

RATED = 50
LAGS = (0, 30, 60, 89, 120, 150, 179, -30, -60, -91, -120, -179)
VOLTAGES = [
    ((1, 231.2, 0), (3, 2.0, 40), (5, 7.0, 170)),
    ((1, 224.4, -122.5), (3, 2.0, 40), (5, 6.0, -70)),
    ((1, 236.0, 118.9), (3, 2.0, 40), (5, 7.0, 50)),
]


def installation(seconds: float, frequency: float) -> np.ndarray:
    """Three voltages and a point for each lag; as counts."""
    volts = [wave(seconds, frequency, *parts) for parts in VOLTAGES]
    amperes = [
        wave(seconds, frequency, (1, 9.0 + i, VOLTAGES[i % 3][0][2] - lag), (5, 1.1, 17 * i))
        for i, lag in enumerate(LAGS)
    ]
    return counts(np.array(volts + amperes), [VOLT] * 3 + [ampere(RATED)] * len(LAGS))


def fundamentals(signals: np.ndarray, frequency: float) -> np.ndarray:
    """Peak phasors by least squares with the harmonics that are there."""
    angle = 2 * np.pi * frequency * np.arange(signals.shape[1]) / RATE
    basis = [part(order * angle) for order in (1, 3, 5) for part in (np.cos, np.sin)]
    found = np.linalg.lstsq(np.array(basis).T, signals.T, rcond=None)[0]
    return found[0] - 1j * found[1]


def check(samples: np.ndarray, reports: list[dict], frequency: float) -> None:
    """The third report beside numpy's on the same samples."""
    first = sum(report["samples"] for report in reports[:2])
    report = reports[2]
    taken = samples[:, first : first + report["samples"]].astype(np.float64)
    volts = taken[:3] * VOLT
    amperes = taken[3:] * ampere(RATED)
    phasors = fundamentals(volts, frequency)
    currents = fundamentals(amperes, frequency)
    for p in range(3):
        between = volts[p] - volts[(p + 1) % 3]
        assert report["lines"][p] == pytest.approx(np.sqrt((between**2).mean()), rel=0.0001)
    turn = np.exp(2j * np.pi / 3)
    positive = phasors @ [1, turn, turn**2]
    negative = phasors @ [1, turn**2, turn]
    unbalance = 100 * abs(negative) / abs(positive)
    assert unbalance > 0.9
    assert report["unbalance"] == pytest.approx(unbalance, abs=0.03)
    for i, point in enumerate(report["points"]):
        active, reactive, apparent, _, angle, *_, imported, exported, quadrants, _ = point
        v, x = taken[i % 3].astype(np.int64), taken[3 + i].astype(np.int64)
        # Sums of the energy registers: exact.
        assert imported - exported == (v * x).sum()
        right = (phasors[i % 3] * np.conj(currents[i])).imag / 2
        assert reactive == pytest.approx(right, abs=0.0008 * apparent)
        power = (volts[i % 3] * amperes[i]).mean()
        turned = np.degrees(np.arctan2(right, power))
        assert (angle - turned + 180) % 360 - 180 == pytest.approx(0, abs=0.05)
        quadrant = (0 if right > 0 else 3) if power > 0 else (1 if right > 0 else 2)
        energy = abs(right) * report["samples"] / (VOLT * ampere(RATED))
        assert quadrants[quadrant] == pytest.approx(
            energy, abs=0.0008 * apparent / abs(active) * abs(imported - exported)
        )
        assert sum(quadrants) == quadrants[quadrant] or abs(LAGS[i]) in (0, 179)


@pytest.mark.parametrize("frequency", [45.3, 50, 52.7, 64.9])
def test_angles_quadrants_lines_unbalance(frequency):
    """Twelve angles round the circle, unequal voltages with harmonics."""
    samples = installation(4.2, frequency)
    task = {"points": [[i % 3, RATED] for i in range(len(LAGS))], "frequency": 50}
    check(samples, measure(samples, **task), frequency)


def test_the_same_in_single_precision():
    """On the RISC-V machine, whose floats are the device's."""
    samples = installation(3.4, 50.2)
    task = {"points": [[i % 3, RATED] for i in range(len(LAGS))], "frequency": 50}
    try:
        reports = measure_single(samples, **task)
    except UserError as error:
        pytest.skip(str(error))
    check(samples, reports, 50.2)


def test_no_load_reads_zero_and_the_least_load_does_not(bits):
    """IEC 62053-21 lets a class 1 meter start at 0.2 % of the rated current; noise of two counts
    is no current at all."""
    volts = [wave(3.2, 50, (1, 230, -120 * p)) for p in range(3)]
    noise = np.random.default_rng(1).normal(0, 2 * ampere(RATED), len(volts[0]))
    loads = [noise, wave(3.2, 50, (1, 0.002 * RATED, 0)), 0 * noise]
    samples = counts(np.array(volts + loads), [VOLT] * 3 + [ampere(RATED)] * 3)
    task = {"points": [[0, RATED]] * 3, "frequency": 50}
    for report in measure(samples, bits, **task)[1:]:
        for point in (report["points"][0], report["points"][2]):
            assert point == [0, 0, 0, None, None, 0, 0, 0, [0] * 4, False]
        assert report["points"][1][0] == pytest.approx(230 * 0.002 * RATED, rel=0.01)
        assert report["points"][1][7] == 0


def test_phases_that_are_not_there():
    """One phase: no line voltages, no unbalance."""
    volts = [wave(3.2, 50, (1, 230, 0)), 0 * wave(3.2, 50, (1, 1, 0)), wave(3.2, 50, (1, 5, 0))]
    loads = [wave(3.2, 50, (1, 10, -20))]
    samples = counts(np.array(volts + loads), [VOLT] * 3 + [ampere(RATED)])
    report = measure(samples, points=[[0, RATED]], frequency=50)[-1]
    assert report["lines"] == [None] * 3
    assert report["unbalance"] is None
    assert report["points"][0][4] == pytest.approx(20, abs=0.05)


def test_samples_at_full_scale_are_flagged(bits):
    """28 points, one just below its range and two beyond it, in one direction only: in each
    report."""
    peak = 1.5 * 2**0.5 * RATED
    volts = [wave(4.2, 50, (1, 230, -120 * p)) for p in range(3)]
    sine = wave(4.2, 50, (1, 2**-0.5, 33))
    loads = [0.5 * peak * sine for _ in range(28)]
    loads[4] = 0.9999 * peak * sine
    loads[11] = 1.02 * peak * sine
    loads[27] = 0.6 * peak * sine - 0.45 * peak
    samples = counts(np.array(volts + loads), [VOLT] * 3 + [ampere(RATED)] * 28)
    reports = measure(samples, bits, points=[[0, RATED]] * 28, frequency=50)
    for report in reports:
        assert [i for i in range(28) if report["points"][i][-1]] == [11, 27]


@pytest.mark.parametrize("cycles", [3, 1])
def test_what_clips_for_some_cycles_of_each_second_is_flagged_in_each_report(cycles, bits):
    """130 A on CTs of 50 A, which end at 106 A peak, while 27 other points carry what they can."""
    seconds = 6.4
    volts = [wave(seconds, 50, (1, 230, -120 * p)) for p in range(3)]
    load = wave(seconds, 50, (1, 10, 0))
    on = (np.arange(len(load)) % RATE) // 64 < cycles
    load[on] = wave(seconds, 50, (1, 130, 0))[on]
    others = [wave(seconds, 50, (1, 70, 10 * i)) for i in range(27)]
    samples = counts(np.array([*volts, load, *others]), [VOLT] * 3 + [ampere(RATED)] * 28)
    for report in measure(samples, bits, points=[[0, RATED]] * 28, frequency=50):
        assert [point[9] for point in report["points"]] == [True] + [False] * 27
        assert report["clipped"] == [False] * 3


@pytest.mark.parametrize("volts", [230, 253, 340, 360, 400])
def test_a_voltage_beyond_its_input_is_flagged(volts, bits):
    """An input ends at 491.5 V peak, 347 V rms: a broken neutral gives 400 V."""
    waves = [wave(3.2, 50, (1, 230, 0)), wave(3.2, 50, (1, volts, -120)), wave(3.2, 50, (1, 9, 0))]
    samples = counts(np.array([*waves, waves[0] / 50]), [VOLT] * 3 + [ampere(RATED)])
    for report in measure(samples, bits, points=[[0, RATED]], frequency=50):
        assert report["clipped"] == [False, volts > 347, False]
