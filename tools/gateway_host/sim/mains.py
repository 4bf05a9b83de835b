"""The mains: voltage of each phase, frequency, harmonics, unbalance, and how they wander.

A waveform is the sum over the house's harmonic orders h of Re(c[h] * exp(j h theta)), with theta
the angle of the mains and c a phasor (peak). Everything is a function of the time in seconds
alone.
"""

import math
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

_TABLE = 4096  # values of a walk, which begins again after them


class Wander:
    """A smooth random walk between -1 and 1 that moves on within `seconds`; the same for the same
    seed and name.
    """

    def __init__(self, seed: int, name: str, seconds: float) -> None:
        self._seconds = seconds
        random = np.random.default_rng([seed & 0xFFFFFFFF, crc32(name.encode())])
        self._values = random.uniform(-1.0, 1.0, _TABLE).tolist()

    def at(self, time: float) -> float:
        """The value at `time` (s)."""
        whole = math.floor(time / self._seconds)
        x = time / self._seconds - whole
        before, after = self._values[whole % _TABLE], self._values[(whole + 1) % _TABLE]
        return before + (after - before) * x * x * (3 - 2 * x)


@dataclass(frozen=True)
class Harmonic:
    """An order (2 to 31), its size in percent of the fundamental, and its angle in degrees.

    The angle is that of the harmonic's own cosine when the fundamental's is at 0.
    """

    order: int
    percent: float
    angle: float = 0.0


@dataclass(frozen=True)
class Event:
    """From `start` on (s) and for `seconds` each phase's voltage is multiplied with its factor: a
    dip, a swell, an interruption.
    """

    start: float
    seconds: float
    factors: list[float]


def harmonic_phasors(orders: np.ndarray, harmonics: list[Harmonic]) -> np.ndarray:
    """For each of `orders`: the harmonic relative to a fundamental of 1 at angle 0."""
    by_order = {1: 1.0 + 0j}
    for h in harmonics:
        by_order[h.order] = h.percent / 100 * np.exp(1j * math.radians(h.angle))
    return np.array([by_order.get(int(order), 0j) for order in orders])


@dataclass
class Mains:
    """voltages: V rms of each phase's fundamental; angles: degrees; frequency: Hz.

    frequency_wander: Hz, over `frequency_seconds`; voltage_wander: V, over `voltage_seconds`.
    """

    voltages: list[float]
    angles: list[float]
    frequency: float
    frequency_wander: float = 0.0
    frequency_seconds: float = 60.0
    voltage_wander: float = 0.0
    voltage_seconds: float = 20.0
    harmonics: list[Harmonic] = field(default_factory=list)
    seed: int = 0
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._walks = [
            Wander(self.seed, f"voltage {phase}", self.voltage_seconds)
            for phase in range(len(self.voltages))
        ]
        turn = 2 * math.pi / self.frequency_seconds
        # Two waves of frequency whose periods have no common multiple: share, angular speed.
        self._waves = [(0.7, turn), (0.3, turn * math.e)]

    def frequency_at(self, time: float) -> float:
        """The frequency at `time` (s), Hz."""
        waves = sum(share * math.sin(speed * time) for share, speed in self._waves)
        return self.frequency + self.frequency_wander * waves

    def angle(self, time: np.ndarray) -> np.ndarray:
        """theta at each of `time` (s), in radians: 2 pi times the integral of the frequency from
        0.
        """
        cycles = self.frequency * time
        for share, speed in self._waves:
            cycles = cycles + self.frequency_wander * share / speed * (1 - np.cos(speed * time))
        return 2 * math.pi * (cycles - np.floor(cycles))

    def events_at(self, time: np.ndarray) -> np.ndarray | None:
        """What the events multiply the voltages with at each of `time` (s), [phase, n]; None for
        nothing.
        """
        now = [e for e in self.events if e.start <= time[-1] and time[0] < e.start + e.seconds]
        if not now:
            return None
        factors = np.ones((len(self.voltages), len(time)))
        for event in now:
            during = (time >= event.start) & (time < event.start + event.seconds)
            factors[:, during] *= np.array(event.factors)[:, None]
        return factors

    def phasors(self, time: float, orders: np.ndarray) -> np.ndarray:
        """Peak voltages [phase, order] at `time` (s)."""
        relative = harmonic_phasors(orders, self.harmonics)
        rows = []
        for volt, angle, walk in zip(self.voltages, self.angles, self._walks, strict=True):
            peak = math.sqrt(2) * (volt + self.voltage_wander * walk.at(time))
            rows.append(peak * relative * np.exp(1j * math.radians(angle) * orders))
        return np.array(rows)
