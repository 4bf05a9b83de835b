"""What an interval says of the values of its reports: least, mean and greatest of voltages,
frequency and the grid's power, and means of the points."""

from array import array
from math import sqrt

from micropython import const

from energy.means import Means

_FREQUENCY = const(3)  # rows: three voltages, frequency, grid power
_GRID = const(4)


class Spread:
    """Least, mean and greatest of the values of each report: the voltages (whose mean is the root
    of the mean square, as IEC 61000-4-30 aggregates), the frequency, the power of the grid.
    `means`: means.Means of so many points."""

    def __init__(self, points: int):
        self.means = Means(points)
        self._least = array("f", [0] * 5)
        self._most = array("f", [0] * 5)
        self._sum = array("f", [0] * 5)
        self._count = array("i", [0] * 5)

    def add(self, report: Report, grid: float | None) -> None:
        for p in range(3):
            self._note(p, report.voltages[p].rms)
        self._note(_FREQUENCY, report.frequency)
        self._note(_GRID, grid)
        self.means.add(report.rates)

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

    def voltage(self, p: int) -> Range | None:
        """(least, mean, greatest) of phase p in V, or None when it was never measured."""
        return self._of(p)

    def frequency(self) -> Range | None:
        """The same in Hz."""
        return self._of(_FREQUENCY)

    def grid(self) -> Range | None:
        """The same of the grid's power, W."""
        return self._of(_GRID)
