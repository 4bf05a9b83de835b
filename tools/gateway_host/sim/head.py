"""The head of the bus: the Power Box, or the front end of a Genius Flex."""

import struct

from . import frames
from .nodes import Node

_TIMING = struct.Struct("<IHxx")


class Head(Node):
    """Three voltages, and the clock that the others follow."""

    is_head = True
    before_start = frames.NOT_HELD

    def start_clock(self, time: float) -> None:
        """The head's clock runs from the beginning."""
        self._edge_reading = 0.0

    def in_step(self, time: float) -> bool:
        """Always: it is the reference."""
        return True

    def serves_from(self) -> float:
        """The reading at power-on."""
        return self._head_clock.reading(self.started)

    def difference_ns(self) -> int:
        """0."""
        return 0

    def log(self, time: float) -> None:
        """The head's blocks are sampled at their time."""

    def clock_reading(self, time: float) -> float:
        """Samples on the head's clock."""
        return self._head_clock.reading(time)

    def hear_timing(self, time: float, timing: bytes) -> None:
        """The head follows nobody."""

    def latch(self, edge: float) -> None:
        """Notes what the clock reads at a reference edge."""
        self._edge_reading = self._head_clock.reading(edge)

    def timing(self) -> bytes:
        """The timing section's payload for the last POLL heard."""
        whole, fraction = divmod(round(self._edge_reading * 65536), 65536)
        return _TIMING.pack(whole & 0xFFFFFFFF, fraction)

    def poll_answer(self, time: float, block: int) -> bytes:
        """DATA or NODATA, with the timing section."""
        return self.block_frame(time, block, self.mask, frames.section(self.timing()))
