"""The head's sample clock as the gateway knows it: from the head's last timing section on by the
gateway's own clock (docs/a-bus.md section 6).

Times are us as time.ticks_us, blocks modulo 65536. Allocates nothing.
"""

from time import ticks_add, ticks_diff

from micropython import const

from site.sampling import BLOCK, BLOCK_US

_SECOND_US = const(1000000)
_SECOND = const(50)  # blocks


class HeadTime:
    """`known`: whether the head has ever given its time; before that the rest means nothing."""

    def __init__(self) -> None:
        self.known = False
        self._edge = 0  # ticks of a reference edge;
        self._block = 0  # the head was at this block then,
        self._within = 0  # and so many samples into it

    def follows(self, ticks: int, block: int, within: int) -> bool:
        """The head was `within` samples into `block` at `ticks`. False, and nothing is changed,
        when that cannot be: it has begun to count anew."""
        if not self.known:
            return False
        blocks = ((block - self._block + 32768) & 0xFFFF) - 32768
        if not -_SECOND_US <= blocks * BLOCK_US - ticks_diff(ticks, self._edge) <= _SECOND_US:
            return False
        self._edge = ticks
        self._block = block
        self._within = within
        return True

    def set(self, ticks: int, block: int, within: int) -> None:
        """As `follows`, whatever was known before."""
        self.known = True
        self._edge = ticks
        self._block = block
        self._within = within

    def block_at(self, ticks: int) -> int:
        """The block that the head is at, at `ticks`."""
        age = ticks_diff(ticks, self._edge) * 2 // 625 + self._within
        return (self._block + age // BLOCK) & 0xFFFF

    def until_complete(self, block: int, ticks: int) -> int:
        """us from `ticks` until `block` is complete, negative when it is."""
        blocks = ((block - self._block + 32768) & 0xFFFF) - 32767
        return blocks * BLOCK_US - self._within * 625 // 2 - ticks_diff(ticks, self._edge)

    def keep_up(self, ticks: int) -> None:
        """To be called now and then, with the time: the edge must not become too old for
        ticks_diff when the head is silent."""
        while ticks_diff(ticks, self._edge) > _SECOND_US:
            self._edge = ticks_add(self._edge, _SECOND_US)
            self._block = (self._block + _SECOND) & 0xFFFF
