"""Intervals of 5 and 15 minutes that begin when the clock says so: energies, voltages, gaps.

Every sample is in exactly one interval of each length, and an interval's energies are differences
of the exact registers: intervals add up to the registers whatever the clock does. An interval ends
with the first report that reaches a multiple of its length; it ends as well when the clock is set
so that another one is current, and when the time becomes known. Owns the queue of completed
intervals: data goes one way, whoever takes one removes it.
"""

from array import array
from math import sqrt

from micropython import const

from site.sampling import SAMPLE_RATE
from energy.registers import zeros

FIVE_MINUTES = const(300)
QUARTER = const(900)

_KEPT = const(4)  # completed intervals that wait to be taken
_TOLERANCE_S = const(2)
_MOST = const(0x3FFFFFFF)  # samples missed: four days, while the time is not known
_FREQUENCY = const(3)  # rows of a spread: three voltages, frequency, grid power
_GRID = const(4)


class Interval:
    """A completed interval. `start`: epoch s; `length`: s; `samples`: how long it really was, in
    1/3200 s. `energy`: J, as energy.Energy's `main.joules`; `missed[i]`: samples that point i did
    not get; `estimated`: what `energy` holds for them, J; `spread`: what varied.

    `regular`: it is as long as its length says, to 2 s: not the first one, and the clock was not
    set.
    """

    def __init__(self, start, length, samples, energy, missed, estimated, spread):
        self.start = start
        self.length = length
        self.samples = samples
        self.energy = energy
        self.missed = missed
        self.estimated = estimated
        self.spread = spread
        off = samples - length * SAMPLE_RATE
        self.regular = -_TOLERANCE_S * SAMPLE_RATE <= off <= _TOLERANCE_S * SAMPLE_RATE

    def of_load(self, k, direction):
        """J of load k; direction: energy.IMPORT or EXPORT."""
        return self.energy[2 * (len(self.missed) + k) + direction]

    def complete(self):
        """Whether it is regular and no point misses more than a hundredth."""
        return self.regular and max(self.missed or (0,)) * 100 <= self.samples


class Spread:
    """Least, mean and greatest of the values of each report: the voltages (whose mean is the root
    of the mean square, as IEC 61000-4-30 aggregates), the frequency, the power of the grid."""

    def __init__(self):
        self._least = array("f", [0] * 5)
        self._most = array("f", [0] * 5)
        self._sum = array("f", [0] * 5)
        self._count = array("i", [0] * 5)

    def add(self, report, grid):
        for p in range(3):
            self._note(p, report.voltages[p].rms)
        self._note(_FREQUENCY, report.frequency)
        self._note(_GRID, grid)

    def _note(self, row, value):
        if value is None:
            return
        if not self._count[row]:
            self._least[row] = self._most[row] = value
        elif value < self._least[row]:
            self._least[row] = value
        elif value > self._most[row]:
            self._most[row] = value
        self._sum[row] += value * value if row < _FREQUENCY else value
        self._count[row] += 1

    def _of(self, row):
        count = self._count[row]
        if not count:
            return None
        mean = self._sum[row] / count
        return self._least[row], sqrt(mean) if row < _FREQUENCY else mean, self._most[row]

    def voltage(self, p):
        """(least, mean, greatest) of phase p in V, or None when it was never measured."""
        return self._of(p)

    def frequency(self):
        """The same in Hz."""
        return self._of(_FREQUENCY)

    def grid(self):
        """The same of the grid's power, W."""
        return self._of(_GRID)


class Span:
    """The interval that is current, of one length. `samples`: of it so far; `start`: its beginning
    by the clock (epoch s), None while the time is not known."""

    def __init__(self, length, energy):
        self.length = length
        self.start = None
        self.samples = 0
        self._energy = energy
        self._before = zeros("q", len(energy.main.joules))
        self._missed = zeros("i", len(energy.missing))
        self._begin()

    def _begin(self):
        self.samples = 0
        self._before[:] = self._energy.main.joules
        self._estimated = sum(self._energy.estimated.joules)
        self._spread = Spread()
        for i in range(len(self._missed)):
            self._missed[i] = 0

    def so_far(self, k, direction):
        """J of load k; direction: energy.IMPORT or EXPORT."""
        r = 2 * (len(self._missed) + k) + direction
        return self._energy.main.joules[r] - self._before[r]

    def add(self, report, grid, now):
        """Take a report that ended at `now` (epoch s, or None) and is counted in the registers;
        grid: W or None. Returns the Interval that it completes, or None."""
        seconds = (report.samples + SAMPLE_RATE // 2) // SAMPLE_RATE
        if not self.samples:
            self.start = None if now is None else self._floor(now - seconds)
        self.samples += report.samples
        self._spread.add(report, grid)
        for i in range(len(self._missed)):
            self._missed[i] = min(self._missed[i] + report.readings[i].missed, _MOST)
        if now is None or self._floor(now) == self.start:
            return None
        start = self.start
        if start is None:
            start = now - self.samples // SAMPLE_RATE
        energy = zeros("q", len(self._before))
        for r in range(len(energy)):
            energy[r] = self._energy.main.joules[r] - self._before[r]
        estimated = sum(self._energy.estimated.joules) - self._estimated
        interval = Interval(
            start,
            self.length,
            self.samples,
            energy,
            array("i", self._missed),
            estimated,
            self._spread,
        )
        self._begin()
        return interval

    def _floor(self, time):
        return time - time % self.length


class Intervals:
    """`completed`: intervals that nobody has taken yet, oldest first; `dropped`: how many were
    forgotten because nobody took them. `quarter`: the current 15 minutes, a Span."""

    def __init__(self, energy):
        self.completed = []
        self.dropped = 0
        self.quarter = Span(QUARTER, energy)
        self._five_minutes = Span(FIVE_MINUTES, energy)

    def add(self, report, grid, now_ms):
        """Take a report (quantities.Report) that the registers have counted. grid: its power in W,
        or None; now_ms: when it ended, epoch milliseconds, or None. A generator; its value is the
        quarter of an hour that the report completes, or None."""
        now = None if now_ms is None else (now_ms + 500) // 1000
        self._keep(self._five_minutes.add(report, grid, now))
        yield
        return self._keep(self.quarter.add(report, grid, now))

    def _keep(self, interval):
        if interval is not None:
            self.completed.append(interval)
            if len(self.completed) > _KEPT:
                self.completed.pop(0)
                self.dropped += 1
        return interval
