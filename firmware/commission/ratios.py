"""How large a step of a circuit is at the grid's CT, beside what the circuit's own CT shows of it.
Where one of both is of another type than is configured, that is what the types' rated currents
say, for every step; else it is 1.

Owns of each point the ratio on which its steps agree, which of the grid's CTs that is of, and how
many they are. Only steps count that stand out of all else that changes at the same instant.
"""

from math import log

from micropython import const

OCTAVE = const(16)  # of a ratio's log
FITS = const(1)  # of these by which two ratios may differ: CTs have errors, and there is noise
MOST = const(7)  # steps are counted
_LOG = 1 / log(2)
_ONE = const(128)  # a ratio of 1, as a byte
_FARTHEST = const(127)
_BYTES = const(4)  # of a point: ratio, the grid's CT with flags, steps, size of the first one
_LINE = const(3)
_SIZES = const(4)  # the steps' sizes differ
_ONE_FITS = const(16)  # it is between two lines, and another of the grid's CTs shows it right
_NOTED = const(8)  # in this while: a slow change is the same one
_UNLIKE = const(1)  # octaves of a square by which sizes differ
_LEAST = const(29)  # of these: 0.23 A
_REAL = const(3)  # a ratio is real where its imaginary part is below an eighth
_LOUD = const(9)  # the grid's step is more than sqrt(2 ** 9) of its noise
# Of the step at hand, in place of a line.
_UNSEEN = const(-1)
_OTHER = const(-2)  # the grid has changed, and not so


class Ratios:
    """count: of points."""

    def __init__(self, count: int):
        self._seen = bytearray(_BYTES * count)
        self._line = _UNSEEN
        self._ratio = 0
        self._one = 0

    # One step of a point: compare() with each of the grid's CTs, then end().

    def compare(self, g: int, noise: int, a: int, b: int, x: int, y: int) -> None:
        """The point has changed by (x, y), the grid's CT g by (a, b), without what is known to be
        others'. noise: of that CT."""
        if (a * a + b * b) >> _LOUD <= noise * noise:
            return
        along, across = abs(a * x + b * y), abs(a * y - b * x)
        if across >= along >> _REAL:
            if self._line == _UNSEEN:
                self._line = _OTHER
            return
        ratio = round(OCTAVE * _LOG * log(along / (x * x + y * y)))
        if self._line < 0:
            self._line, self._ratio = g, ratio
        elif abs(ratio - self._ratio) > FITS:
            if abs(ratio) <= FITS and not self._one:  # what it has on one line it has on the other
                ratio = self._ratio
            elif abs(self._ratio) <= FITS:
                self._line = g
            else:
                ratio = _ONE + _FARTHEST
            self._ratio, self._one = ratio, _ONE_FITS

    def end(self, i: int, square: int, shift: int, slow: bool) -> None:
        """That was point i's step. square: of its size, in 2 ** shift of currents.AMPERE; slow: it
        took many reports."""
        line, one = self._line, self._one
        self._line, self._one = _UNSEEN, 0
        seen, k = self._seen, _BYTES * i
        size = int(_LOG * log(square)) + 2 * shift
        if line == _UNSEEN or size < _LEAST:
            return
        if slow and seen[k + 1] & _NOTED:
            seen[k + 1] ^= _NOTED
            return
        if not slow:
            seen[k + 1] |= _NOTED
        there = line >= 0 and abs(self._ratio) <= _FARTHEST
        if there and not seen[k + 2]:
            seen[k], seen[k + 2], seen[k + 3] = _ONE + self._ratio, 1, size
            seen[k + 1] = seen[k + 1] & _NOTED | line | one
        elif there and line == seen[k + 1] & _LINE and abs(self.ratio(i) - self._ratio) <= FITS:
            seen[k + 2] = min(MOST, seen[k + 2] + 1)
            if abs(seen[k + 3] - size) > _UNLIKE:
                seen[k + 1] |= _SIZES
        elif seen[k + 2]:
            seen[k + 2] -= 1

    # What was found

    def steps(self, i: int) -> int:
        """How many of point i's agree, less those that do not."""
        return self._seen[_BYTES * i + 2]

    def differ(self, i: int) -> bool:
        """Whether their sizes do."""
        return bool(self._seen[_BYTES * i + 1] & _SIZES)

    def fits_at_other(self, i: int) -> bool:
        """Whether another of the grid's CTs shows the same steps, in the ratio 1."""
        return bool(self._seen[_BYTES * i + 1] & _ONE_FITS)

    def ratio(self, i: int) -> int:
        """Its log, in 1 / OCTAVE octaves."""
        return self._seen[_BYTES * i] - _ONE

    def line(self, i: int) -> int:
        """The grid's CT in which they were seen."""
        return self._seen[_BYTES * i + 1] & _LINE
