"""Loads: what each draws over time, as current phasors."""

import math
from dataclasses import dataclass, field

import numpy as np

from .mains import Harmonic, Wander, harmonic_phasors


class Profile:
    """A quantity over time: `steps` of (seconds, value), repeated for ever, each times 1 + wander
    x noise.

    wander: relative, 0 to 1; seconds: how fast it wanders.
    """

    def __init__(
        self,
        steps: list[tuple[float, float]],
        wander: float = 0.0,
        seconds: float = 10.0,
        *,
        seed: int = 0,
        name: str = "",
    ) -> None:
        self.steps = steps
        self._period = sum(duration for duration, _ in steps)
        self._wander = wander
        self._noise = Wander(seed, name, seconds) if wander else None

    def at(self, time: float) -> float:
        """The value at `time` (s)."""
        value = self._step(time)
        if self._noise is not None:
            value *= 1 + self._wander * self._noise.at(time)
        return value

    def integral(self, time: float) -> float:
        """What the steps add up to from 0 to `time`, without the noise."""
        whole, left = divmod(time, self._period)
        total = whole * sum(duration * value for duration, value in self.steps)
        for duration, value in self.steps:
            total += min(left, duration) * value
            left = max(0.0, left - duration)
        return total

    def _step(self, time: float) -> float:
        left = time % self._period
        for duration, value in self.steps:
            if left < duration:
                return value
            left -= duration
        return self.steps[-1][1]


class Feed:
    """A relay through which loads have their supply. It begins open; a change is felt 1.1 s later,
    so that no sample that was rendered already changes.
    """

    def __init__(self) -> None:
        self._changes: list[tuple[float, bool]] = []

    def switch(self, time: float, on: bool) -> None:
        """The contact changes at `time` (s)."""
        self._changes.append((time + 1.1, on))

    def at(self, time: float) -> bool:
        """Whether there is supply at `time` (s)."""
        return next((on for since, on in reversed(self._changes) if since <= time), False)


@dataclass
class Load:
    """A load (or source) of the house. `phases` has for each element the index of the mains' phase
    that it is on, or the two phases that it lies between.

    power: W of the fundamental, over all elements together, positive when it consumes;
    power_factor: of the fundamental, cos phi, 0.05 to 1, negative when the current leads; feed:
    the relay that it hangs on.
    """

    name: str
    role: str
    phases: list[int | tuple[int, int]]
    power: Profile
    power_factor: Profile
    harmonics: list[Harmonic] = field(default_factory=list)
    feed: Feed | None = None

    def currents(self, time: float, volts: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """Peak currents [element, order] at `time` (s); `volts` are the elements' voltages
        [element, order].

        orders[0] must be 1.
        """
        factor = self.power_factor.at(time)
        cosine = min(1.0, max(0.05, abs(factor)))
        tangent = math.copysign(math.sqrt(1 - cosine * cosine) / cosine, factor)
        power = self.power.at(time) / len(self.phases)
        if self.feed is not None and not self.feed.at(time):
            power = 0.0
        apparent = power + 1j * abs(power) * tangent
        first = np.conj(2 * apparent / volts[:, 0])
        size = np.abs(first)
        if not size.all():
            return np.zeros(volts.shape, complex)
        turn = (first / size)[:, None] ** orders
        return size[:, None] * harmonic_phasors(orders, self.harmonics) * turn
