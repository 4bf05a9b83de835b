"""What an input shows where nothing flows: the mean of its samples over a report, which its
converter adds. No transformer and no coil carries direct current, so it is none.

Every seventh sample is looked at, 457.14 a second: no harmonic of 50 or 60 Hz looks like direct
current then. Owns the sums. Allocates nothing but a float in mean().
"""

from array import array

import micropython
from micropython import const

from site.sampling import BLOCK

_STRIDE = const(7)
_BYTES = const(8)  # of a channel: sum, samples
_SUM = const(0)
_COUNT = const(1)
_LEAST = const(2)  # counts: less is left alone
_ENOUGH = const(200)  # samples, 0.44 s: the mean of a few is that of a wave


@micropython.viper
def _add(
    total: int,
    c: ptr16,
    samples: ptr8,
    where: ptr32,
    sums: ptr32,
    channels: int,
    first: int,
    count: int,
):
    """Add `count` samples of each channel from `first` on. total, c: working registers, pass 0 and
    `samples`."""
    i = 0
    while i < channels:
        if not where[i] >> 31:
            c = ptr16(int(samples) + where[i] + 2 * first)
            s = ptr32(int(sums) + i * _BYTES)
            total = 0
            left = count
            while left:
                total = ((c[0] ^ 0x8000) - 0x8000) + total
                c = ptr16(int(c) + 2 * _STRIDE)
                left -= 1
            s[_SUM] = s[_SUM] + total
            s[_COUNT] = s[_COUNT] + count
        i += 1


@micropython.viper
def clear(words: ptr32, count: int):
    """Make so many words 0."""
    while count:
        words[0] = 0
        words = ptr32(int(words) + 4)
        count -= 1


class Offsets:
    """channels: how many."""

    def __init__(self, channels: int):
        self._channels = channels
        self._sums = array("i", [0] * (2 * channels))
        self._finished = array("i", self._sums)
        self._turn = 0

    def go_on(self, other: Offsets) -> None:
        """Look at those samples that another site's would have looked at."""
        self._turn = other._turn

    def add(self, samples: Samples, where: Words, first: int, end: int) -> None:
        """Look at samples first to end - 1 of a block."""
        if not first:
            self._turn = (self._turn - BLOCK) % _STRIDE
        first += (self._turn - first) % _STRIDE
        count = (end - first + _STRIDE - 1) // _STRIDE  # 0 or less: none
        if count > 0:
            _add(0, samples, samples, where, self._sums, self._channels, first, count)

    def end(self) -> None:
        """A report ends: its sums are set aside."""
        self._sums, self._finished = self._finished, self._sums
        clear(self._sums, len(self._sums))

    def mean(self, i: int, square: float) -> float:
        """What is to be taken off channel i in the report that ended last, counts: 0 where that
        is short, where it is small, or a hundredth of the samples' root of the mean `square`: a
        wave that was not cut at whole cycles has as much."""
        count = self._finished[2 * i + _COUNT]
        if count < _ENOUGH:
            return 0
        mean = self._finished[2 * i + _SUM] / count
        return mean if mean * mean > max(_LEAST * _LEAST, square / 10000) else 0
