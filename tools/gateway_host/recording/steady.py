"""The steady mains at a recording's begin and end: its frequency, and the sum of harmonics that
goes on from it beyond.

A fit by least squares over the most cycles in which nothing changes.
"""

from dataclasses import dataclass

import numpy as np

CYCLES = (10.0, 8.0, 6.0, 5.0, 4.0, 3.0, 2.5, 2.0, 1.5)  # spans that are tried
LOWEST, HIGHEST = 40.0, 70.0  # Hz, as the gateway follows

_SCAN = 0.5  # Hz
_FLOOR = 0.004  # of the r.m.s. value: a smaller residual is noise
_WORSE = 1.6  # times the smallest residual: then something changes in the span
_MAINS = 0.3  # of the r.m.s. value: with a greater residual it is no mains
_MOSTLY = 0.8
_STILL = 1e-3  # of the peak: less is none
_ORDERS = (1, 3, 5, 7, 9, 11, 13, 15)  # that are looked at for the frequency
_VOLTAGES = 4  # so many are enough
_ENOUGH_RATE = 3200  # samples/s, for the frequency
_STEPS = 28  # of the search: down to 2e-6 Hz
_TINY = 1e-9  # keeps what is not known from being divided by
_HIGHEST_ORDER = 31
_BAND = 0.46  # of the sampling rate


@dataclass(frozen=True)
class Steady:
    """Sums of harmonics at `frequency`: coefficients [1 + 2 orders, channel]."""

    frequency: float
    rate: float
    orders: np.ndarray
    coefficients: np.ndarray

    def at(self, places: np.ndarray) -> np.ndarray:
        """[channel, n] at sample numbers (which may be negative)."""
        return (_waves(places, self.frequency / self.rate, self.orders) @ self.coefficients).T


def find_frequency(voltages: np.ndarray, rate: float) -> float | None:
    """Hz at the begin of voltages [phase, sample]; None when there is no mains from 40 to 70 Hz.
    Samples that are NaN in any of them are left out.
    """
    voltages = voltages[(np.abs(np.nan_to_num(voltages)).max(axis=1, initial=0) > 0)][:_VOLTAGES]
    if not len(voltages):
        return None
    stride = max(1, int(rate // _ENOUGH_RATE))
    voltages, rate = voltages[:, ::stride], rate / stride
    found: list[tuple[float, float]] = []  # residual, frequency
    for cycles in CYCLES:
        window = voltages[:, : int(cycles * rate / 50)]
        place = np.flatnonzero(np.isfinite(window).all(axis=0))
        orders = np.array([n for n in _ORDERS if n * 55 < _BAND * rate and n < 5 * cycles])
        short = window.shape[1] < 0.9 * cycles * rate / 50
        if short or len(place) < max(0.7 * window.shape[1], 6 * len(orders)):
            continue
        found.append(_best(place, window[:, place].T, rate, orders))
        if found[-1][0] <= _FLOOR:
            break
    if not found:
        return None
    least = min(residual for residual, _ in found)
    if least > _MAINS:
        return None
    return next(f for residual, f in found if residual <= max(_FLOOR, _WORSE * least))


def _best(
    place: np.ndarray, samples: np.ndarray, rate: float, orders: np.ndarray
) -> tuple[float, float]:
    """(residual, frequency) of the best fit."""

    square = float(np.sum((samples - samples.mean(axis=0)) ** 2))
    size = float(np.abs(samples).max())
    if square <= (_STILL * size) ** 2 * samples.size:
        return 1.0, 0.0

    def residual(frequency: float, orders: np.ndarray) -> float:
        waves = _waves(place, frequency / rate, orders)
        sums = waves.T @ samples
        gram = waves.T @ waves + _TINY * np.eye(waves.shape[1])
        whole = float(np.sum(samples**2))
        left = whole - float(np.sum(sums * np.linalg.solve(gram, sums)))
        free = max(1, len(samples) - waves.shape[1]) * samples.shape[1]
        return float(np.sqrt(max(0.0, left) / free / (square / samples.size)))

    scan = np.arange(LOWEST, HIGHEST + _SCAN / 2, _SCAN)
    best = scan[int(np.argmin([residual(f, orders[:1]) for f in scan]))]
    low, high = best - _SCAN, best + _SCAN
    golden = (5**0.5 - 1) / 2
    one, other = high - golden * (high - low), low + golden * (high - low)
    at_one, at_other = residual(one, orders), residual(other, orders)
    for _ in range(_STEPS):
        if at_one < at_other:
            high, other, at_other = other, one, at_one
            one = high - golden * (high - low)
            at_one = residual(one, orders)
        else:
            low, one, at_one = one, other, at_other
            other = low + golden * (high - low)
            at_other = residual(other, orders)
    found, frequency = min((at_one, one), (at_other, other))
    # Where the fundamental is not the most of it, it is a harmonic of something else.
    return (1.0 if residual(frequency, orders[:1]) > _MOSTLY else found), frequency


def fit_begin(values: np.ndarray, rate: float, frequency: float) -> Steady:
    """The sum of harmonics of channels [channel, sample] at their begin."""
    orders = np.arange(1, min(_HIGHEST_ORDER, int(_BAND * rate / frequency)) + 1)
    columns = np.zeros((1 + 2 * len(orders), len(values)))
    longest = round(CYCLES[0] * rate / frequency)
    whole = np.isfinite(values[:, :longest]).all(axis=1)
    groups = [np.flatnonzero(whole), *np.flatnonzero(~whole)[:, None]]
    for group in groups:
        if len(group):
            columns[:, group] = _fit(values[group, :longest], rate, frequency, orders)
    return Steady(frequency, rate, orders, columns)


def _fit(values: np.ndarray, rate: float, frequency: float, orders: np.ndarray) -> np.ndarray:
    """Coefficients of channels that lack the same samples: of each over the most cycles in which
    it does not change.
    """
    spans = []
    for cycles in CYCLES[:-1]:
        window = values[:, : round(cycles * rate / frequency)]
        place = np.flatnonzero(np.isfinite(window).all(axis=0))
        short = window.shape[1] < 0.99 * cycles * rate / frequency
        if not short and len(place) > 1.2 * 2 * len(orders):
            spans.append(_solved(_waves(place, frequency / rate, orders), window[:, place].T))
    found = np.zeros((1 + 2 * len(orders), len(values)))
    if spans:
        residuals = np.array([residual for residual, _ in spans])
        good = residuals <= np.maximum(_FLOOR, _WORSE * residuals.min(axis=0))
        for channel, first in enumerate(np.argmax(good, axis=0)):
            found[:, channel] = spans[first][1][:, channel]
    return found


def _solved(waves: np.ndarray, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(r.m.s. of what is left of each column over its own, corrected for the freedom of the fit,
    coefficients).
    """
    coefficients, *_ = np.linalg.lstsq(waves, samples, rcond=1e-9)
    left = samples - waves @ coefficients
    free = max(1, len(samples) - waves.shape[1])
    rms = np.sqrt(np.sum(left**2, axis=0) / free)
    size = np.sqrt(np.mean(samples**2, axis=0))
    return np.divide(rms, size, out=np.zeros_like(rms), where=size > 0), coefficients


def _waves(places: np.ndarray, turns: float, orders: np.ndarray) -> np.ndarray:
    """[place, 1 + 2 orders]: one, cosines, sines."""
    angles = 2 * np.pi * turns * np.outer(places, orders)
    return np.hstack([np.ones((len(places), 1)), np.cos(angles), np.sin(angles)])
