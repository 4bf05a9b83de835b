"""What is missing in an interval, point by point: what may still be had, and what is lost.

Owns the rule by which an interval's energy is doubtful.
"""

from micropython import const

from measure.readings import MISSED, SUMS
from energy.registers import ABSENT, BACK, MEASURED, zeros

_MAX_SAMPLES = const(0x3FFFFFFF)  # samples missed: four days, while the time is not known


class Gaps:
    """The points' gaps in an interval. `missed[i]`: samples that point i did not get; `open[i]`:
    of these, those since it is absent."""

    def __init__(self, points: int):
        self.missed = zeros("i", points)
        self.open = zeros("i", points)
        self._lost = zeros("i", points)  # samples that are in no register, neither measured
        self._doubtful = bytearray(points)

    def clear(self) -> None:
        """Another interval begins."""
        for i in range(len(self.missed)):
            self.missed[i] = self.open[i] = self._lost[i] = self._doubtful[i] = 0

    def add(self, sums: Words, energy: Energy, before: int) -> None:
        """Take a report. sums: its readings'; energy: registers.Energy; before: samples of the
        interval until the report began."""
        for i in range(len(self.missed)):
            missed, state = sums[SUMS * i + MISSED], energy.state[i]
            if not missed and state == MEASURED:
                continue
            self.missed[i] = min(self.missed[i] + missed, _MAX_SAMPLES)
            if state == ABSENT:
                self.open[i] = min(self.open[i] + missed, _MAX_SAMPLES)
            elif state != MEASURED:
                if state != BACK:
                    self.lose(i)
                elif energy.gap[i] > before + missed:
                    self._doubtful[i] = 1  # it holds energy of the interval before
                self.open[i] = 0

    def go_on(self, other: Gaps, points: Pairs, samples: int) -> None:
        """Take over those of the same points, [(ours, its)]. The others have nothing of the
        interval's samples up to now."""
        for i in range(len(self.missed)):
            self.missed[i] = self._lost[i] = min(samples, _MAX_SAMPLES)
        for i, j in points:
            self.missed[i], self.open[i] = other.missed[j], other.open[j]
            self._lost[i], self._doubtful[i] = other._lost[j], other._doubtful[j]

    def accept(self, i: int) -> None:
        """Energy of the interval before, which had come with that of point i, was taken out."""
        self._doubtful[i] = 0

    def lose(self, i: int) -> None:
        """What is missing of point i since it is absent is in no register."""
        self._lost[i] = min(self._lost[i] + self.open[i], _MAX_SAMPLES)
        self.open[i] = 0

    def doubts(self, i: int, samples: int) -> bool:
        """Whether nothing is known of point i in these samples, the first ones of the interval, or
        its energy is of a time before."""
        return self._doubtful[i] != 0 or 0 < samples <= self.missed[i]

    def doubtful(self, samples: int) -> bytearray:
        """Of each point, whether the interval of so many samples has not its energy: a hundredth
        may be lost."""
        doubtful = bytearray(self._doubtful)
        for i in range(len(doubtful)):
            if self._lost[i] * 100 > samples:
                doubtful[i] = 1
        return doubtful
