"""Samples at full scale: voltages and currents beyond what their input can measure.

Owns what was seen of each channel in a report. The kernel tells in which channels two samples
together may reach that far; only these are searched. Allocates nothing.
"""

import micropython
from micropython import const

_FULL = const(0x7FFF)  # of a sample: full scale; -_FULL and one less too
_PLAN_BYTES = const(12)  # of a channel, as kernel._PLAN_BYTES
_PEAK = const(2)


@micropython.viper
def _look(
    x: int,
    c: ptr16,
    samples: ptr8,
    where: ptr32,
    plan: ptr32,
    seen: ptr8,
    channels: int,
    first: int,
    end: int,
):
    """Search samples first to end - 1, which metering has just summed, where the plan says so. x,
    c: working registers, pass 0 and `samples`."""
    i = 0
    while i < channels:
        if plan[_PEAK] >> 30:
            plan[_PEAK] = 0
            left = end - first
            c = ptr16(int(samples) + where[i] + 2 * first)
            while left:
                x = c[0] - _FULL
                if x >= 0 and x < 3:  # 32767, -32768, -32767
                    seen[i] = 1
                    break
                c = ptr16(int(c) + 2)
                left -= 1
        plan = ptr32(int(plan) + _PLAN_BYTES)
        i += 1


class Saturation:
    """channels: how many, the three voltages first."""

    def __init__(self, channels: int):
        self._seen = bytearray(channels)
        self._finished = bytearray(channels)

    def add(self, samples: Samples, where: Words, plan: Words, first: int, end: int) -> None:
        """Look at samples first to end - 1 of a block, once the kernel has summed them by `plan`:
        where[i] is the byte at which channel i begins."""
        seen = self._seen
        _look(0, samples, samples, where, plan, seen, len(seen), first, end)

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
