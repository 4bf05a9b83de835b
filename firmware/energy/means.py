"""Means of what each point's registers do not have: current, apparent and reactive power, over the
reports in which they were known.

Owns their sums, exact and without heap.
"""

from array import array

import micropython
from micropython import const

from measure.readings import APPARENT, CURRENT, RATES, REACTIVE

_KINDS = const(3)
_CURRENT, _APPARENT, _REACTIVE = const(0), const(1), const(2)
_UNKNOWN_HIGH = const(0x8000)  # the upper half of readings.UNKNOWN, whose lower one is 0


@micropython.viper
def _add(sums: ptr16, counts: ptr16, j: int, rates: ptr16, at: int):
    """Add the rate at word `at` to sum j, of 64 bits, unless it is UNKNOWN."""
    low = rates[2 * at]
    high = rates[2 * at + 1]
    if low == 0 and high == _UNKNOWN_HIGH:
        return
    count = ptr16(int(counts) + 2 * j)  # RV32's emitter would shift j where it is
    count[0] = count[0] + 1
    sign = 0xFFFF if high >> 15 else 0
    to = ptr16(int(sums) + 8 * j)
    left = 4
    while left:
        low += to[0]
        to[0] = low
        low = (low >> 16) + high
        high = sign
        to = ptr16(int(to) + 2)
        left -= 1


class Means:
    """points: how many; at most 65535 reports."""

    def __init__(self, points: int):
        self._sums = array("q", [0] * (_KINDS * points))
        self._counts = array("H", [0] * (_KINDS * points))

    def add(self, rates: Words) -> None:
        """Take a report's rates, readings.Readings has their order. Allocates nothing."""
        sums, counts = self._sums, self._counts
        for j in range(0, len(counts), _KINDS):
            at = RATES * (j // _KINDS)
            _add(sums, counts, j + _CURRENT, rates, at + CURRENT)
            _add(sums, counts, j + _APPARENT, rates, at + APPARENT)
            _add(sums, counts, j + _REACTIVE, rates, at + REACTIVE)

    def current(self, i: int) -> int | None:
        """Of point i, in 0.01 mA; None where it was never known."""
        return self._of(_KINDS * i + _CURRENT)

    def apparent(self, i: int) -> int | None:
        """In 0.01 VA, or None."""
        return self._of(_KINDS * i + _APPARENT)

    def reactive(self, i: int) -> int | None:
        """In 0.01 var, or None."""
        return self._of(_KINDS * i + _REACTIVE)

    def _of(self, j):
        count = self._counts[j]
        return (self._sums[j] + count // 2) // count if count else None
