"""Readings of the whole path (nodes, A-bus, firmware) against float64 on the same samples."""

from __future__ import annotations

import numpy as np
import pytest
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from measuring_run import Measured

from reference import readings

POWER = 0.0005  # of P, V and I
REACTIVE = 0.002

BENCH = """
name = "Bench"
scheme = "3x400+N"
frequency = {nominal}
[mains]
voltages = [231.2, 229.4, 232.6]
angles = [0, -120.3, 119.8]
frequency = {frequency}
harmonics = [
  {{ order = 3, percent = 0.6, angle = 40 }},
  {{ order = 5, percent = 2.1, angle = 170 }},
]
[head]
serial = "5020000001"
[[node]]
serial = "5500000001"
[[node]]
serial = "5500000002"
{loads}
"""
LOAD = """
[[load]]
name = "PF {factor}"
role = "circuit"
power = {power}
power_factor = {factor}
harmonics = [{{ order = 3, percent = 12, angle = 175 }}, {{ order = 5, percent = 6, angle = -10 }}]
points = [{{ node = "{node}", input = "{input}", ct = "AC-CT-50A", phase = "{phase}" }}]
"""
FACTORS = [1.0, 0.95, 0.8, 0.5, -0.5, -0.8]


def bench(frequency: float, nominal: int) -> str:
    """A house with single loads of many power factors at one frequency."""
    loads = [
        LOAD.format(
            factor=factor,
            power=(-1) ** i * 4000,
            node=f"550000000{1 + i // 4}",
            input="ABCD"[i % 4],
            phase=f"L{1 + i % 3}",
        )
        for i, factor in enumerate(FACTORS)
    ]
    return BENCH.format(frequency=frequency, nominal=nominal, loads="".join(loads))


def compare(measured: Measured, count: int, settle: int, guess: float) -> None:
    """Hold `count` reports after the first `settle` against the reference."""
    reports = list(measured.reports(settle + count + 1))  # one more: samples are reported late
    for report in reports[settle:-1]:
        volts, amperes = measured.in_si(report)
        right = readings(volts, amperes, measured.phases(), guess)
        points = report["points"]
        assert all(point["missing"] == 0 for point in points)
        assert all(point["samples"] == report["samples"] for point in points)
        assert report["frequency"] == pytest.approx(right.frequency, abs=0.003)
        assert report["voltages"] == pytest.approx(right.voltage, rel=POWER)

        def of(name, points=points):
            return np.array([point[name] for point in points])

        apparent = right.voltage[measured.phases()] * right.current
        assert of("I") == pytest.approx(right.current, rel=POWER)
        assert of("P") == pytest.approx(right.power, rel=POWER)
        assert of("S") == pytest.approx(apparent, rel=POWER)
        assert of("PF") == pytest.approx(right.power / apparent, rel=2 * POWER)
        # Where hardly any reactive power is left, a share of it says nothing: a share of S then.
        allowed = REACTIVE * np.maximum(np.abs(right.reactive), 0.2 * apparent)
        assert np.all(np.abs(of("Q") - right.reactive) <= allowed), (
            np.abs(of("Q") - right.reactive) / apparent
        )


def test_default_house(bits):
    """Three seconds of the default house: every circuit, with its harmonics."""
    compare(Measured(load_house(DEFAULT_HOUSE), bits=bits), count=3, settle=2, guess=50.0)


@pytest.mark.parametrize(
    "frequency, nominal",
    [(45.0, 50), (47.3, 50), (50.0, 50), (52.1, 50), (57.9, 60), (60.0, 60), (65.0, 60)],
)
def test_frequencies_and_power_factors(tmp_path, frequency, nominal):
    """45 to 65 Hz, PF 0.5 to 1, both directions, with harmonics."""
    path = tmp_path / "bench.toml"
    path.write_text(bench(frequency, nominal))
    compare(Measured(load_house(path)), count=3, settle=2, guess=frequency)
