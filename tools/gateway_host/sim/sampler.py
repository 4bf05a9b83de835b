"""What samples in a node: its clock, steered to the head's, and the last blocks (docs/a-bus.md,
sections 2 and 6).
"""

import struct
from collections.abc import Callable

from . import frames
from .catalogue import BLOCK
from .clock import HeadClock, NodeClock

KEPT_BLOCKS = 128

_TIMING = struct.Struct("<IHxx")

# The sections of a node's inputs, in order, of a block that it has sampled
Sections = Callable[["Sampler", int], bytes]
# Bit mask of the inputs of which a node lacks a block that it has sampled
Lost = Callable[["Sampler", int], int]


def nothing_lost(sampler: "Sampler", block: int) -> int:
    """0: it has all of them."""
    return 0


class Sampler:
    """Samples `channels` inputs by a crystal that is `drift_ppm` off; sections: what it took;
    lost: of what it has nothing.
    """

    address = 0
    before_start = frames.NOT_IN_STEP

    def __init__(
        self,
        channels: int,
        head_clock: HeadClock,
        sections: Sections,
        drift_ppm: float,
        lost: Lost = nothing_lost,
    ) -> None:
        self.channels = channels
        self.mask = (1 << channels) - 1
        self.drift_ppm = drift_ppm
        self._head_clock = head_clock
        self._sections = sections
        self._lost = lost

    def start_clock(self, time: float) -> None:
        """Begins to sample at `time` (µs), by a clock that was never set."""
        self._edge: float | None = None
        self._latched = 0.0
        self._last_edge: float | None = None  # of the last difference
        self.clock = NodeClock(self._head_clock, self.drift_ppm, time)

    def in_step(self, time: float) -> bool:
        """Whether the node's clock follows the head's."""
        return self.clock.in_step(time)

    def serves_from(self) -> float:
        """The clock's reading from which on samples are served."""
        return self.clock.serves_from()

    def difference_ns(self) -> int:
        """Last difference between the head's clock and its own, ns."""
        return self.clock.difference_ns

    def latch(self, edge: float) -> None:
        """Notes what the clock reads at a reference edge."""
        self._edge = edge
        self._latched = self.clock.reading(edge)

    def hear_timing(self, time: float, timing: bytes) -> None:
        """Takes the head's timing section, which belongs to the last POLL heard."""
        if self._edge is None:
            return
        sample, fraction = _TIMING.unpack(timing)
        elapsed = 20000.0 if self._last_edge is None else self._edge - self._last_edge
        self.clock.steer(time, self._latched, sample + fraction / 65536, elapsed)
        self._last_edge, self._edge = self._edge, None

    # The blocks

    def find_block(self, time: float, block: int) -> tuple[int, int]:
        """(block as a whole number, 0), or (0, reason of NODATA) when it cannot be given at
        `time`.
        """
        if not self.in_step(time):
            return 0, frames.NOT_IN_STEP
        newest = int(self.clock_reading(time) // BLOCK) - 1
        age = (newest - block) & 0xFFFF
        if age >= 0x8000:
            return 0, frames.NOT_COMPLETE
        if age >= KEPT_BLOCKS:
            return 0, frames.NOT_HELD
        whole = newest - age
        if whole * BLOCK < self.serves_from():
            return 0, self.before_start
        return whole, 0

    def log(self, time: float) -> None:
        """Notes when the blocks sampled by `time` were sampled."""
        self.clock.log(time)

    def clock_reading(self, time: float) -> float:
        """Samples on the node's clock."""
        return self.clock.reading(time)

    def block_frame(self, time: float, block: int, wanted: int, timing: bytes = b"") -> bytes:
        """DATA with those of the channels `wanted` of a block (16 bits) that it has, or NODATA."""
        whole, reason = self.find_block(time, block)
        follows = frames.TIMING_FOLLOWS if timing else 0
        if not reason:
            wanted &= ~self._lost(self, whole)
            reason = 0 if wanted else frames.NOT_HELD
        if reason:
            head = frames.header(frames.NODATA, self.address, reason | follows, block, len(timing))
            return head + timing
        self.log(time)
        body = self._sections(self, whole)
        if wanted != self.mask:
            size = frames.CHANNEL_BYTES + 4
            inputs = [i for i in range(self.channels) if wanted >> i & 1]
            body = b"".join(body[i * size : (i + 1) * size] for i in inputs)
        length = len(timing) + len(body)
        return frames.header(frames.DATA, self.address, wanted | follows, block, length) + (
            timing + body
        )
