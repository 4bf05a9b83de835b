"""A generator whose frequency swings, and voltages that are none: compared with the waves made."""

import numpy as np
import pytest
from generated import RATE, VOLT, ampere, counts, measure

RATED, VOLTS, AMPERES = 50, 230.0, 10.0


def swinging(deviation: float, rate: float, lag: float, seconds: float = 12.0, shape=np.sin):
    """Three voltages and a current of one frequency that swings about 50 Hz; as counts."""
    time = np.arange(round(seconds * RATE / 64) * 64) / RATE
    frequency = 50 + deviation * shape(2 * np.pi * rate * time)
    angle = 2 * np.pi * np.cumsum(frequency) / RATE
    volts = [VOLTS * 2**0.5 * np.cos(angle - 2 * np.pi * p / 3) for p in range(3)]
    load = AMPERES * 2**0.5 * np.cos(angle - np.radians(lag))
    return counts(np.array([*volts, load]), [VOLT] * 3 + [ampere(RATED)])


def triangle(angle):
    return 2 / np.pi * np.arcsin(np.sin(angle))


@pytest.mark.parametrize(
    ("deviation", "rate", "shape"),
    [
        (2, 1, np.sin),
        (2, 0.5, np.sin),
        (0.5, 1, np.sin),
        (1, 2, np.sin),
        (4, 0.3, np.sin),
        (0.5, 0.2, triangle),
        (3, 1, triangle),
        (0, 1, np.sin),
    ],
)
def test_reactive_energy_and_frequency_of_a_generator_that_swings(deviation, rate, shape, bits):
    for lag in (60, -90):
        samples = swinging(deviation, rate, lag, shape=shape)
        reports = measure(samples, bits, points=[[0, RATED]], frequency=50)
        true = VOLTS * AMPERES * np.sin(np.radians(lag))
        power = VOLTS * AMPERES * np.cos(np.radians(lag))
        energy = seconds = 0.0
        for report in reports[1:]:
            assert report["frequency"] == pytest.approx(50, abs=deviation + 0.01)
            reading = report["points"][0]
            assert reading[0] == pytest.approx(power, abs=0.01 * VOLTS * AMPERES)
            assert reading[1] == pytest.approx(true, abs=0.02 * VOLTS * AMPERES)
            lagging = reading[8][0] + reading[8][1] - reading[8][2] - reading[8][3]
            energy += lagging * VOLT * ampere(RATED) / RATE
            seconds += report["samples"] / RATE
        assert seconds > 9
        assert energy == pytest.approx(true * seconds, rel=0.01)
