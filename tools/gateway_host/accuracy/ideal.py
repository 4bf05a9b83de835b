"""What an ideal meter would measure: float64 integrals over one cycle of the waveforms that a
table describes. Knows neither the firmware nor the simulator.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tables import Harmonics

_INSTANTS = (
    4096  # of a cycle: sums over them are the integrals, exactly, of orders below a half of them
)
_ANGLE = 2 * np.pi * np.arange(_INSTANTS) / _INSTANTS


@dataclass(frozen=True)
class Ideal:
    """Of one voltage and one current: W, var of the fundamental, V, A, and the total distortion of
    both (orders 2 to 15, percent of the fundamental).
    """

    power: float
    reactive: float
    voltage: float
    current: float
    voltage_distortion: float
    current_distortion: float


def waveform(rms: float, lag: float, harmonics: Harmonics) -> np.ndarray:
    """One cycle of a wave whose fundamental has `rms` and is `lag` degrees late."""
    angle = _ANGLE - np.radians(lag)
    wave = np.cos(angle)
    for order, size, lead in harmonics:
        wave += size * np.cos(order * angle + np.radians(lead))
    return np.sqrt(2) * rms * wave


def ideal(volts: np.ndarray, amperes: np.ndarray) -> Ideal:
    """The readings for one cycle of each."""
    v, i = (np.fft.rfft(wave) / _INSTANTS * np.sqrt(2) for wave in (volts, amperes))  # rms
    return Ideal(
        float(np.mean(volts * amperes)),
        float((v[1] * np.conj(i[1])).imag),
        float(np.sqrt(np.mean(volts**2))),
        float(np.sqrt(np.mean(amperes**2))),
        _distortion(v),
        _distortion(i),
    )


def _distortion(phasors: np.ndarray) -> float:
    size = np.abs(phasors)
    return float(100 * np.sqrt(np.sum(size[2:16] ** 2)) / size[1]) if size[1] else 0.0
