"""What the tests hold the firmware's readings against: numpy in float64, on the same samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RATE = 3200.0
HARMONICS = 15


@dataclass(frozen=True)
class Readings:
    """Of one window: `frequency` in Hz, `voltage` [phase] in V, the rest [point] in SI units."""

    frequency: float
    voltage: np.ndarray
    current: np.ndarray
    power: np.ndarray
    reactive: np.ndarray


def _basis(frequency: float, count: int) -> np.ndarray:
    """Columns 1, cos and sin of the harmonics."""
    angle = 2 * np.pi * frequency * np.arange(count) / RATE
    columns = [np.ones(count)]
    for order in range(1, HARMONICS + 1):
        if order * frequency < RATE / 2:
            columns += [np.cos(order * angle), np.sin(order * angle)]
    return np.array(columns).T


def phasors(signals: np.ndarray, frequency: float) -> np.ndarray:
    """Peak phasors of the fundamental of signals [k, n] by least squares with all harmonics, which
    is exact for any window length."""
    found = np.linalg.lstsq(_basis(frequency, signals.shape[1]), signals.T, rcond=None)[0]
    return found[1] - 1j * found[2]


def frequency_of(signal: np.ndarray, guess: float) -> float:
    """Frequency from how the fundamental's phase moves between the two halves of the signal."""
    half = len(signal) // 2
    for _ in range(4):
        first, second = (
            phasors(part[None, :], guess)[0] for part in (signal[:half], signal[half : 2 * half])
        )
        turn = (np.angle(second / first) - 2 * np.pi * guess * half / RATE + np.pi) % (
            2 * np.pi
        ) - np.pi
        guess += turn * RATE / half / (2 * np.pi)
    return guess


def readings(volts: np.ndarray, amperes: np.ndarray, phase: list[int], guess: float) -> Readings:
    """volts [3, n], amperes [points, n], phase of each point."""
    frequency = frequency_of(volts[0], guess)
    voltage_peaks = phasors(volts, frequency)[phase]
    current_peaks = phasors(amperes, frequency)
    return Readings(
        frequency,
        np.sqrt((volts**2).mean(axis=1)),
        np.sqrt((amperes**2).mean(axis=1)),
        (volts[phase] * amperes).mean(axis=1),
        (voltage_peaks * np.conj(current_peaks)).imag / 2,
    )
