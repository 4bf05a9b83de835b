"""What the currents of all the grid's CTs together take from the voltages when they change.

As dips.Dips, for each way in which these CTs may be wired: a load of several phases changes all of
them at once. Owns the sums of that.
"""

from array import array

from site.wiring import DELTA, SPLIT
from commission.dips import FULL, REACTIVE
from commission.grid_ways import GridWays

_NEUTRAL = 0.5  # its impedance over a line's
_TRUST = 0.3  # the noise is not that of a textbook
_MAX_AGAINST = 14.0  # a log: less likely than the best one no hypothesis gets
_DELTA = ((1, 0, 1), (0, 1, -1), (-1, -1, 0))


class GridDips:
    """ways: of the grid's CTs; count: of these."""

    def __init__(self, site: Site, ways: GridWays, count: int):
        self._ways = ways
        self._count = count
        self._delta = site.lines == DELTA
        self._split = site.lines == SPLIT
        self._voltages = 3 if self._split else site.phases
        self._products = array("f", [0.0] * (count * self._voltages))
        self._squares = array("f", [0.0] * (count * count * self._voltages))
        self._parts = array("f", [0.0] * count)

    def note(
        self, currents: Sequence[complex], changes: Sequence[float], volts: Sequence[complex]
    ) -> None:
        """The CTs' currents, conjugated, have changed by `currents` (A), the voltages by
        `changes` (V)."""
        count, parts = self._count, self._parts
        for j in range(self._voltages):
            volt = volts[j]
            size = abs(volt)
            for g in range(count):
                power = volt * currents[g]
                parts[g] = x = (power.real + REACTIVE * power.imag) / size
                self._products[count * j + g] -= changes[j] * x
            for g in range(count):
                for other in range(g + 1):
                    self._squares[count * (count * j + g) + other] += parts[g] * parts[other]
        if max(self._squares) > FULL:
            for sums in (self._products, self._squares):
                for k in range(len(sums)):
                    sums[k] /= 2

    def likelihoods(self, noise: Sequence[float], into: Floats) -> Steps:
        """Write of each way the log of how well it fits: a generator. noise: V, of each
        voltage."""
        most = 0.0
        for w in range(self._ways.count):
            into[w] = gain = self._gain(w, noise)
            most = max(most, gain)
            yield
        for w in range(self._ways.count):
            into[w] = max(-_MAX_AGAINST, into[w] - most)

    def _gain(self, w, noise):
        count, parts, over, under = self._count, self._parts, 0.0, 0.0
        lines = [self._ways.way(w, g) for g in range(count)]
        for j in range(self._voltages):
            if not noise[j]:
                continue
            above = below = 0.0
            for g in range(count):
                parts[g] = weight = self._weight(lines, g, j)
                above += weight * self._products[count * j + g]
                row = count * (count * j + g)
                part = 0.5 * weight * self._squares[row + g]
                for other in range(g):
                    part += parts[other] * self._squares[row + other]
                below += weight * part
            scale = 1 / (noise[j] * noise[j])
            over += scale * above
            under += scale * below
        return _TRUST * over * over / (4 * under) if over > 0 and under > 0 else 0.0

    def _weight(self, lines, g, j):
        """What CT g's current takes from voltage j, in impedances of a line."""
        line = lines[g] >> 1
        if self._delta:
            weight = _DELTA[line][j]
            if len(lines) == 2:  # the third line carries what comes back
                weight -= _DELTA[3 - (lines[0] >> 1) - (lines[1] >> 1)][j]
        elif self._split and j == 2:
            weight = 1 - 2 * line
        else:
            weight = (line == j) + _NEUTRAL
        return -weight if lines[g] & 1 else weight
