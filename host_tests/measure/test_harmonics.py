"""Harmonics and distortion of generated waves beside what they were made of, and beside numpy's
least squares on the same 16-bit samples."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.errors import UserError
from generated import RATE, VOLT, ampere, counts, measure, measure_single, wave

RATED = 50
ORDERS = range(2, 16)
POINTS = 0.2  # percentage points
VOLTAGE = {3: 2.0, 5: 10.0, 7: 3.0, 11: 1.0, 13: 0.7}
CURRENTS = [
    {3: 60.0, 5: 40.0, 7: 25.0, 9: 12.0, 11: 8.0, 13: 6.0, 15: 4.0},  # a switched-mode supply
    {2: 5.0, 4: 3.0, 6: 1.5, 8: 1.0, 10: 0.7, 12: 0.5, 14: 0.4},
    {},  # a pure sine
    {order: 1.0 for order in ORDERS},
]
SIZES = [12.0, 2.0, 30.0, 0.5]  # A of the fundamental


def installation(frequency: float, seconds: float) -> np.ndarray:
    """L1 with harmonics, L2 and L3 without; four currents."""
    random = np.random.default_rng(3)

    def made(rms, percents, degrees):
        parts = [
            (order, rms * share / 100, random.uniform(0, 360)) for order, share in percents.items()
        ]
        return wave(seconds, frequency, (1, rms, degrees), *parts)

    volts = [made(230, VOLTAGE, 20), made(230, {}, -100), made(230, {}, 140)]
    loads = [made(*one, -37.0 * i) for i, one in enumerate(zip(SIZES, CURRENTS, strict=True))]
    return counts(np.array(volts + loads), [VOLT] * 3 + [ampere(RATED)] * 4)


def least_squares(signal: np.ndarray, frequency: float) -> np.ndarray:
    """Percent of orders 2 to 15 of one signal of counts."""
    angle = 2 * np.pi * frequency * np.arange(len(signal)) / RATE
    basis = [part(order * angle) for order in range(1, 16) for part in (np.cos, np.sin)]
    found = np.linalg.lstsq(np.array(basis).T, signal.astype(float), rcond=None)[0]
    sizes = np.hypot(found[::2], found[1::2])
    return 100 * sizes[1:] / sizes[0]


def check(samples: np.ndarray, found: list, frequency: float) -> None:
    """Every channel once, each order and the total within 0.2 points."""
    made = [VOLTAGE, {}, {}, *CURRENTS]
    assert {channel for channel, *_ in found} == set(range(7))
    for channel, distortion, percent in found:
        right = least_squares(samples[channel], frequency)
        intended = [made[channel].get(order, 0.0) for order in ORDERS]
        assert right == pytest.approx(intended, abs=0.1)  # 16 bits
        assert percent == pytest.approx(list(right), abs=POINTS)
        assert distortion == pytest.approx(np.sqrt((right**2).sum()), abs=POINTS)


@pytest.mark.parametrize("frequency", [45.1, 49.9, 50, 55.2, 60, 64.7])
def test_orders_and_distortion(frequency):
    """Off the nominal frequency as well, where a window ends between two samples."""
    samples = installation(frequency, 4)
    nominal = 60 if frequency > 57 else 50
    task = {"points": [[0, RATED]] * 4, "frequency": nominal, "harmonics": list(range(7))}
    task["report"] = 0  # a report for each window: all channels within two seconds
    check(samples, measure(samples, **task)[-1], frequency)


def test_single_precision():
    """On the RISC-V machine; a report for each window, for time."""
    samples = installation(50.2, 2.6)
    task = {"points": [[0, RATED]] * 4, "frequency": 50, "harmonics": list(range(7)), "report": 0}
    try:
        found = measure_single(samples, **task)[-1]
    except UserError as error:
        pytest.skip(str(error))
    check(samples, found, 50.2)


def test_what_is_not_there_is_not_reported(bits):
    """No current, and a channel without samples."""
    samples = installation(50, 5)
    samples[4] = np.random.default_rng(1).integers(-2, 3, samples.shape[1])
    task = {"points": [[0, RATED]] * 4, "frequency": 50, "harmonics": [4, 5]}
    found = measure(samples, bits, **task)[-1]
    assert {channel for channel, *_ in found} == {5}
