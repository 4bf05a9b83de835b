"""Currents beyond what a CT's input can tell: samples at full scale.

Owns whose turn it is. Each block one point's 64 samples are looked at: 28 points are through in 28
of the 50 blocks of a second, and a block holds a cycle, so what clips in every cycle is found in
each report. What clips once may not be. Allocates nothing.
"""

import micropython
from micropython import const

_BLOCK = const(64)  # samples
_FULL = const(0x7FFF)  # of a sample: full scale


@micropython.viper
def _clips(x: int, c: ptr16, samples: ptr8, where: int) -> int:
    """Whether one of the 64 samples at byte `where` is at full scale. x, c: working registers,
    pass 0 and `samples`."""
    c = ptr16(int(samples) + where)
    left = _BLOCK
    while left:
        x = (c[0] ^ 0x8000) - 0x8000
        if x > _FULL - 1 or x < 1 - _FULL:
            return 1
        c = ptr16(int(c) + 2)
        left -= 1
    return 0


class Saturation:
    """points: how many."""

    def __init__(self, points):
        self._seen = bytearray(points)
        self._finished = bytearray(points)
        self._turn = 0

    def add(self, samples, where):
        """Look at a block: where[3 + i] is the byte at which point i begins."""
        if not self._seen:
            return
        self._turn = (self._turn + 1) % len(self._seen)
        at = where[3 + self._turn]
        if at >= 0 and _clips(0, samples, samples, at):
            self._seen[self._turn] = 1

    def end(self):
        """A report ends: what was seen during it is set aside."""
        self._seen, self._finished = self._finished, self._seen
        for i in range(len(self._seen)):
            self._seen[i] = 0

    def write_to(self, saturated):
        """Put into the bytes of `saturated` what was seen in the report that ended last."""
        saturated[:] = self._finished
