"""Samples at full scale: voltages and currents beyond what their input can tell.

Owns what was seen of each channel in a report. One sample at full scale adds 2^30 to a channel's
sum of squares, so only channels whose sum has grown by so much are looked at. Allocates nothing.
"""

from array import array

import micropython
from micropython import const

_FULL = const(0x7FFF)  # of a sample: full scale; -_FULL and one less too
# A channel's sums, as metering.WORDS
_SUMS_BYTES = const(32)
_S_HIGH = const(5)  # 2^24
_CURRENT = const(63)  # that a sample at full scale adds, 2^24
_VOLTAGE = const(19)  # for each sample of a voltage: 55 % of full scale rms, it clips at 70 %


@micropython.viper
def _look(
    x: int,
    c: ptr16,
    samples: ptr8,
    where: ptr32,
    sums: ptr32,
    before: ptr32,
    seen: ptr8,
    channels: int,
    first: int,
    end: int,
):
    """Look at samples first to end - 1, which metering has just summed. x, c: working registers,
    pass 0 and `samples`. before: of each channel, the high limb of its squares then."""
    i = 0
    while i < channels:
        high = ptr32(int(sums) + i * _SUMS_BYTES)[_S_HIGH]
        grown = high - before[i]
        before[i] = high
        least = _CURRENT
        if i < 3:
            least = _VOLTAGE * (end - first)
        if grown >= least and not where[i] >> 31 and not seen[i]:
            c = ptr16(int(samples) + where[i] + 2 * first)
            left = end - first
            while left:
                x = c[0] - _FULL
                if x >= 0 and x < 3:  # 32767, -32768, -32767
                    seen[i] = 1
                    break
                c = ptr16(int(c) + 2)
                left -= 1
        i += 1


@micropython.viper
def _clear(words: ptr32, count: int):
    while count:
        words[0] = 0
        words = ptr32(int(words) + 4)
        count -= 1


class Saturation:
    """channels: how many, the three voltages first."""

    def __init__(self, channels: int):
        self._before = array("i", [0] * channels)
        self._seen = bytearray(channels)
        self._finished = bytearray(channels)

    def add(self, samples: Samples, where: Words, sums: Words, first: int, end: int) -> None:
        """Look at samples first to end - 1 of a block, once metering's `sums` have them: where[i]
        is the byte at which channel i begins."""
        before, seen = self._before, self._seen
        _look(0, samples, samples, where, sums, before, seen, len(seen), first, end)

    def end_window(self) -> None:
        """The sums begin anew."""
        _clear(self._before, len(self._before))

    def end(self) -> None:
        """A report ends: what was seen during it is set aside."""
        self._seen, self._finished = self._finished, self._seen
        for i in range(len(self._seen)):
            self._seen[i] = 0

    def voltage(self, p: int) -> bool:
        """Whether voltage p was at full scale in the report that ended last."""
        return self._finished[p] != 0

    def write_to(self, saturated: bytearray) -> None:
        """Put into the bytes of `saturated` what was seen of the points in that report."""
        for i in range(len(saturated)):
            saturated[i] = self._finished[3 + i]
