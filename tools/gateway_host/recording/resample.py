"""Brings a recording to the A-bus's 3200 samples/s, with libsoxr."""

from dataclasses import replace

import numpy as np
import soxr

from ..sim.catalogue import SAMPLE_RATE
from .steady import find_frequency, fit_begin
from .waveform import Waveform

KEPT = 0.45  # of the lower of both rates: harmonics up to there are right to ERROR
ERROR = 1e-4  # of a harmonic's amplitude

_EXACT = 1e-7  # of the rate: so little is no difference
_PAD_SECONDS, _MAX_PAD_SECONDS = 0.1, 5.1
_SPREAD = 12  # samples (at the lower rate) beside a missing one that it spoils


def at_bus_rate(wave: Waveform) -> Waveform:
    """The same with 3200 samples/s; sample 0 stays where it is."""
    if abs(wave.rate - SAMPLE_RATE) <= _EXACT * SAMPLE_RATE:
        return replace(wave, rate=float(SAMPLE_RATE))
    values = np.array([channel.stored for channel in wave.channels])
    count = int((values.shape[1] - 1) * SAMPLE_RATE / wave.rate) + 1
    lost = ~np.isfinite(values)
    whole = _bridged(values, lost)
    resampled = _converted(_extended(wave, whole), wave.rate, count)
    if lost.any():
        resampled[_spoiled(lost, wave.rate, count)] = np.nan
    top = KEPT * min(wave.rate, SAMPLE_RATE)
    note = (
        f"resampled from {wave.rate:g} to {SAMPLE_RATE} samples/s: what it holds up to {top:.0f} "
        f"Hz is right to {ERROR:.2%} of its size"
    )
    return replace(
        wave,
        rate=float(SAMPLE_RATE),
        channels=[
            replace(channel, stored=row)
            for channel, row in zip(wave.channels, resampled, strict=True)
        ],
        notes=[*wave.notes, note],
    )


def _pad(rate: float) -> int:
    """Samples to be put before the first, that last nearly a whole number of 1/3200 s."""
    counts = np.arange(int(_PAD_SECONDS * rate), int(_MAX_PAD_SECONDS * rate) + 1)
    exact = counts * SAMPLE_RATE / rate
    off = np.abs(exact - np.rint(exact))
    return int(counts[int(np.argmax(off <= max(1e-6, off.min())))])


def _extended(wave: Waveform, values: np.ndarray) -> np.ndarray:
    """With what was probably there before and after: a filter sees beyond both ends."""
    volts = [k for k, channel in enumerate(wave.channels) if channel.kind == "V"]
    before, after = _pad(wave.rate), round(_PAD_SECONDS * wave.rate)
    frequency = find_frequency(values[volts], wave.rate) if volts else None
    backward = values[:, ::-1]
    last = find_frequency(backward[volts], wave.rate) if volts else None
    return np.hstack(
        [
            _beyond(values, wave.rate, frequency, before)[:, ::-1],
            values,
            _beyond(backward, wave.rate, last, after),
        ]
    )


def _beyond(values: np.ndarray, rate: float, frequency: float | None, count: int) -> np.ndarray:
    """What came before the first sample, the nearest first."""
    if frequency is None:
        return np.repeat(values[:, :1], count, axis=1)
    return fit_begin(values, rate, frequency).at(-1.0 - np.arange(count))


def _converted(values: np.ndarray, rate: float, count: int) -> np.ndarray:
    """Exactly `count` samples from the first that was not put before."""
    out = soxr.resample(values.T, rate, SAMPLE_RATE, quality="VHQ").T
    skip = round(_pad(rate) * SAMPLE_RATE / rate)
    return np.ascontiguousarray(out[:, skip : skip + count])


def _bridged(values: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """With straight lines in place of what is missing."""
    whole = values.copy()
    place = np.arange(values.shape[1])
    for row, gone in zip(whole, lost, strict=True):
        if gone.all():
            row[:] = 0.0
        elif gone.any():
            row[gone] = np.interp(place[gone], place[~gone], row[~gone])
    return whole


def _spoiled(lost: np.ndarray, rate: float, count: int) -> np.ndarray:
    """Which of the new samples a missing one has a part in."""
    spread = int(_SPREAD * max(1.0, rate / SAMPLE_RATE))
    spoiled = np.zeros((len(lost), count), bool)
    for row, gone in zip(spoiled, lost, strict=True):
        for at in np.flatnonzero(gone):
            first = int((at - spread) * SAMPLE_RATE / rate)
            last = int((at + spread) * SAMPLE_RATE / rate) + 2
            row[max(0, first) : max(0, last)] = True
    return spoiled
