"""Which of the grid's CTs sees what a circuit's CT sees: the same change of current, at the same
instant.

The currents themselves are compared, as phasors: that asks neither for a power factor nor for
what any phase is called. Owns a count of the changes that fitted, and sums of the small ones, of
which each alone says nothing.
"""

from array import array

from micropython import const

LINES = const(3)
CODES = const(2 * LINES)  # 2 g + 1 where it has the other sign
MOST = const(4)  # more say no more
_FITS = 0.1  # of the change, by which both may differ
_CLEAR = 0.5  # and from which on they have nothing to do with each other
_QUIET = 0.3  # of the change, by which a line does not change that has no part in it
_AGAINST = const(3)
_FULL = const(40)  # then all are halved: a CT may be moved
_LONG = const(20000)  # reports, the same of the sums
_SAME = 0.25  # by which one current may change more than the other,
_OF_MOST = 0.7  # and in two lines alike
_SPREAD = 0.02  # twice the square of the standard deviation with which that is known


class Matches:
    """count: of points."""

    def __init__(self, count: int):
        self._votes = bytearray(CODES * count)
        self._products = array("f", bytes(4 * LINES * count))
        self._squares = array("f", bytes(4 * count))
        self._grid = array("f", bytes(4 * LINES))
        self._small = 0  # reports in these sums

    def note(self, i: int, change: complex, grid: Sequence[complex | None], between: bool) -> None:
        """Point i's current has changed by `change`, and the grid's by `grid` (A; None: not
        known). between: it may lie between two lines, so that none of them may have changed
        otherwise."""
        size = abs(change)
        found = []
        for g in range(len(grid)):
            other = grid[g]
            if other is None:
                if between:
                    return
                continue
            before = len(found)
            for sign in range(2):
                off = abs(other + change if sign else other - change)
                if off < _FITS * size:
                    found.append(2 * g + sign)
                elif off < _CLEAR * size:
                    return
            if between and len(found) == before and abs(other) > _QUIET * size:
                return
        for code in found:
            k = CODES * i + code
            if self._votes[k] == _FULL:
                for other in range(CODES * i, CODES * i + CODES):
                    self._votes[other] >>= 1
            self._votes[k] += 1

    def begin_small(self, grid: Sequence[complex]) -> None:
        """Nothing has switched, and the grid's currents have changed by `grid`."""
        self._small += 1
        for g in range(len(grid)):
            self._grid[g] += _square(grid[g])
        if self._small > _LONG:
            self._small //= 2
            for sums in (self._products, self._squares, self._grid):
                for k in range(len(sums)):
                    sums[k] /= 2

    def note_small(self, i: int, change: complex, grid: Sequence[complex]) -> None:
        """The same of point i."""
        x, y = change.real, change.imag
        self._squares[i] += x * x + y * y
        for g in range(len(grid)):
            self._products[LINES * i + g] += x * grid[g].real + y * grid[g].imag

    def any(self, i: int) -> bool:
        """Whether anything has fitted point i."""
        return any([self._weight(i, code) for code in range(CODES)])

    def _weight(self, i, code):
        """How many changes fitted, small ones together among them."""
        votes = self._votes[CODES * i + code]
        square = self._squares[i]
        if not square:
            return votes
        here, most = 0.0, 0.0
        for g in range(LINES):
            if self._grid[g] > _SPREAD * square * self._small:
                return votes  # that could be anything
            share = self._products[LINES * i + g] / square
            most = max(most, abs(share))
            if g == code >> 1:
                here = -share if code & 1 else share
        return votes + MOST if abs(here - 1) < _SAME and here > _OF_MOST * most else votes

    def surplus(self, i: int, wanted: int, neutral: int) -> int:
        """How far what fitted point i is all of `wanted` (bits of codes) and nothing else, but
        for `neutral`, which is seen only together with it: -2 MOST to MOST."""
        least, greatest, most, beside = 255, 0, 0, 0
        for code in range(CODES):
            votes = self._weight(i, code)
            if wanted >> code & 1:
                least, greatest = min(least, votes), max(greatest, votes)
            elif neutral >> code & 1:
                beside = max(beside, votes)
            else:
                most = max(most, votes)
        if not wanted:
            least = 0
        value = least - max(0, greatest - 2 * least) - _AGAINST * most
        value = max(-MOST, min(MOST, value))
        return value - min(MOST, 2 * max(0, beside - least)) if wanted else value


def _square(value):
    return value.real * value.real + value.imag * value.imag
