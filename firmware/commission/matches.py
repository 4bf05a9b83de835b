"""Which of the grid's CTs sees what a circuit's CT sees: the same change of current, at the same
instant.

The currents themselves are compared, as phasors: that asks neither for a power factor nor for
what any phase is called. Owns a count of the changes that fitted, and sums of the small ones, of
which each alone says nothing.
"""

from array import array

import micropython
from micropython import const

from measure.readings import UNKNOWN
from commission.currents import Currents

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


_SMALL_SHIFT = const(8)  # of currents.AMPERE, in these sums: 2.6 mA
_SMALL_MOST = const(1448)  # 3.7 A: what changes by more is not small; 256 of them fill a word


@micropython.viper
def _add_small(
    squares: ptr32, products: ptr32, now: ptr32, before: ptr32, grid: ptr32, lines: int, count: int
) -> int:
    """Add the squares of all points' changes, and their products with the grid's, which has
    `lines` CTs; 1 where a sum has become so large that all have to be halved."""
    sign = 1
    sign = sign << 31  # as a constant it would be an object
    word = (sign << 1) - 1
    full = 0
    while count:
        x = now[0] & word
        u = before[0] & word
        if x != sign and u != sign:
            x = ((x ^ sign) - (u ^ sign) + (1 << (_SMALL_SHIFT - 1))) >> _SMALL_SHIFT
            y = (now[1] & word ^ sign) - (before[1] & word ^ sign)
            y = (y + (1 << (_SMALL_SHIFT - 1))) >> _SMALL_SHIFT
            u = x if x > 0 else 0 - x
            v = y if y > 0 else 0 - y
            if u < _SMALL_MOST and v < _SMALL_MOST:
                u = squares[0] + x * x + y * y
                squares[0] = u
                full |= u >> 30
                left = lines
                to = products
                by = grid
                while left:
                    u = ((by[0] & word) ^ sign) - sign
                    v = ((by[1] & word) ^ sign) - sign
                    u = ((to[0] & word) ^ sign) - sign + u * x + v * y
                    to[0] = u
                    full |= (0 - u if u < 0 else u) >> 30
                    to = ptr32(int(to) + 4)
                    by = ptr32(int(by) + 8)
                    left -= 1
        squares = ptr32(int(squares) + 4)
        products = ptr32(int(products) + 4 * LINES)
        now = ptr32(int(now) + 8)
        before = ptr32(int(before) + 8)
        count -= 1
    return full


@micropython.viper
def _fit(fits: ptr8, weights: ptr8, wishes: ptr8, count: int):
    """Write how far what fitted a point, `weights` of each code, is what each wish says: all that
    it wants (bits of codes) and nothing else, but for what does not matter, which is seen only
    together with it. -2 MOST to MOST, with 2 MOST added."""
    while count:
        wanted = wishes[0]
        neutral = wishes[1]
        least = 255
        greatest = 0
        most = 0
        beside = 0
        code = 0
        while code < CODES:
            votes = weights[code]
            if (wanted >> code) & 1:
                least = votes if votes < least else least
                greatest = votes if votes > greatest else greatest
            elif (neutral >> code) & 1:
                beside = votes if votes > beside else beside
            else:
                most = votes if votes > most else most
            code += 1
        if not wanted:
            least = 0
        apart = greatest - 2 * least
        value = least - (apart if apart > 0 else 0) - _AGAINST * most
        value = MOST if value > MOST else value
        value = 0 - MOST if value < 0 - MOST else value
        apart = 2 * (beside - least)
        if wanted and apart > 0:
            value -= apart if apart < MOST else MOST
        fits[0] = value + 2 * MOST
        fits = ptr8(int(fits) + 1)
        wishes = ptr8(int(wishes) + 2)
        count -= 1


class Matches:
    """count: of points."""

    def __init__(self, count: int):
        self._count = count
        self._votes = bytearray(CODES * count)
        self._products = array("i", bytes(4 * LINES * count))
        self._squares = array("i", bytes(4 * count))
        self._grid = array("f", bytes(4 * LINES))  # squares of the grid's changes
        self._small = 0  # reports in these sums
        self._changes = array("i", bytes(4 * 2 * LINES))  # of the grid
        self._weights = bytearray(CODES)

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

    def note_small(self, currents: Currents, grid: Sequence[int]) -> None:
        """Nothing has switched since the report before. grid: the points at its lines."""
        now, before = currents.now, currents.before
        for g, i in enumerate(grid):
            if now[2 * i] == UNKNOWN or before[2 * i] == UNKNOWN:
                return
            for k in range(2):
                change = now[2 * i + k] - before[2 * i + k] >> _SMALL_SHIFT
                if abs(change) > _SMALL_MOST:
                    return
                self._changes[2 * g + k] = change
        for g in range(len(grid)):
            x, y = self._changes[2 * g], self._changes[2 * g + 1]
            self._grid[g] += x * x + y * y
        self._small += 1
        full = _add_small(
            self._squares, self._products, now, before, self._changes, len(grid), self._count
        )
        if full or self._small > _LONG:
            self._small >>= 1
            for sums in (self._products, self._squares):
                for k in range(len(sums)):
                    sums[k] >>= 1
            for g in range(len(grid)):
                self._grid[g] /= 2

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

    def fit(self, i: int, wishes: bytes, into: Bytes) -> None:
        """Write into `into` how far what fitted point i is what each wish says: see _fit."""
        weights = self._weights
        for code in range(CODES):
            weights[code] = self._weight(i, code)
        _fit(into, weights, wishes, len(wishes) // 2)
