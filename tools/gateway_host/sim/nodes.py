"""The measuring nodes: CT Hub, Solid Core and the head, each as docs/a-bus.md describes it.

A node hears frames (`hear`), and asks the line for the time at which to answer; what it answers is
made when the answer begins (`Answer.make`), from what the node holds at that instant.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from . import frames
from .catalogue import BLOCK
from .clock import HeadClock, NodeClock
from .frames import Frame

KEPT_BLOCKS = 8
VERSION = (1, 2)
WELL, COMMUNICATION_FAULT, CONFIGURATION_FAULT, IDENTIFYING = range(4)

_US_PER_METRE = 0.005
_NO_POLL_US = 1e6
_WRONG_SCHEDULE_US = 3e6

_ASSIGN = struct.Struct("<HHIBB6x")
_INFO = struct.Struct("<HHIBBBxI")
_STATUS = struct.Struct("<BBxxiIIII")
_TIMING = struct.Struct("<IHxx")

# The sections of a node's inputs, in order, of a block that it has sampled
Sections = Callable[["Node", int], bytes]


@dataclass(slots=True)
class Answer:
    """What a node means to send: `time` of its first start bit at the gateway, `make` for the
    bytes.
    """

    time: float
    node: "Node"
    token: int
    make: Callable[[float], bytes]


class Node:
    """A CT Hub or a Solid Core. Powered on at `started` (µs), without a schedule.

    serial: e.g. "5500000190"; channels: 3 or 4; drift_ppm: error of its crystal, -100 to 100;
    metres: cable between the gateway and it, 0 to 100; sections: gives the sections of a block.
    """

    def __init__(
        self,
        serial: str,
        channels: int,
        head_clock: HeadClock,
        sections: Sections,
        *,
        drift_ppm: float = 0.0,
        metres: float = 0.0,
        version: tuple[int, int] = VERSION,
    ) -> None:
        self.serial = serial
        self.type, self.number = int(serial[:4]), int(serial[4:])
        self.channels = channels
        self.mask = (1 << channels) - 1
        self.drift_ppm = drift_ppm
        self.propagation_us = metres * _US_PER_METRE
        self.version = version
        self.connected = True
        self._head_clock = head_clock
        self._sections = sections
        self._random = random.Random(serial)
        self.power_on(0.0)

    def power_on(self, time: float) -> None:
        """Starts the node afresh at `time`: no schedule, no address, a clock never set."""
        self.started = time
        self.address = 0
        self.schedule = 0
        self.slot = 0
        self.token = 0  # answers made with an older one are cancelled
        self.frames_heard = 0
        self.bad_checks = 0
        self.answers = 0
        self._last_poll: float | None = None
        self._last_ours: float | None = None  # last POLL with our schedule
        self._edge: float | None = None
        self._latched = 0.0
        self._last_edge: float | None = None  # of the last difference
        self._identify_until = 0.0
        self._identify_inputs = 0
        self._new_clock(time)

    def _new_clock(self, time: float) -> None:
        self.clock = NodeClock(self._head_clock, self.drift_ppm, time)

    # What the node is and shows

    def in_step(self, time: float) -> bool:
        """Whether the node's clock follows the head's."""
        return self.clock.in_step(time)

    def serves_from(self) -> float:
        """The clock's reading from which on samples are served."""
        return self.clock.serves_from()

    def difference_ns(self) -> int:
        """Last difference between the head's clock and its own, ns."""
        return self.clock.difference_ns

    def led(self, time: float) -> int:
        """WELL, COMMUNICATION_FAULT, CONFIGURATION_FAULT or IDENTIFYING."""
        if time < self._identify_until:
            return IDENTIFYING
        if time - (self.started if self._last_poll is None else self._last_poll) > _NO_POLL_US:
            return COMMUNICATION_FAULT
        ours = self.started if self._last_ours is None else self._last_ours
        if self._last_poll is not None and time - ours > _WRONG_SCHEDULE_US:
            return CONFIGURATION_FAULT
        return WELL

    def identified_inputs(self, time: float) -> int:
        """Bit mask of the inputs that blink."""
        return self._identify_inputs if time < self._identify_until else 0

    def state(self, time: float) -> int:
        """STATUS's state byte."""
        identifying = time < self._identify_until
        return bool(self.in_step(time)) | bool(self.address) << 1 | identifying << 2

    # Hearing

    def hear(self, heard: Frame) -> Answer | None:
        """Takes a frame from the gateway; the answer that it asks of this node, or None."""
        self.frames_heard += 1
        if heard.kind == frames.POLL:
            return self._poll(heard) if heard.address == frames.ALL else None
        if heard.kind == frames.ASSIGN:
            return self._assign(heard) if heard.address == frames.ALL else None
        if not self.address or heard.address != self.address:
            return None
        if heard.kind == frames.REPEAT:
            wanted = heard.argument & 0x0F & self.mask
            if not wanted or heard.argument & 0xF0:
                return None
            return self._request(heard, lambda t: self._block_frame(t, heard.block, wanted))
        if heard.kind == frames.QUERY:
            return self._request(heard, self.status)
        if heard.kind == frames.IDENTIFY and heard.block <= 600 and heard.argument <= 0x0F:
            seconds = heard.block if heard.argument else 0
            self._identify_inputs = heard.argument
            self._identify_until = heard.end + seconds * 1e6
            return self._request(heard, self.info)
        return None

    def hear_timing(self, time: float, timing: bytes) -> None:
        """Takes the head's timing section, which belongs to the last POLL heard."""
        if self._edge is None:
            return
        sample, fraction = _TIMING.unpack(timing)
        elapsed = 20000.0 if self._last_edge is None else self._edge - self._last_edge
        self.clock.steer(time, self._latched, sample + fraction / 65536, elapsed)
        self._last_edge, self._edge = self._edge, None

    def _poll(self, heard: Frame) -> Answer | None:
        self._last_poll = heard.end
        self._latch(heard.edge + self.propagation_us + self._random.uniform(-0.05, 0.05))
        self.token += 1
        if not heard.argument or heard.argument != self.schedule:
            return None
        self._last_ours = heard.end
        late = self._random.uniform(1.0, 4.0)
        delay = self.slot / (1 + self.drift_ppm * 1e-6) + late
        return self._answer(heard, delay, lambda t: self.poll_answer(t, heard.block))

    def _latch(self, edge: float) -> None:
        self._edge = edge
        self._latched = self.clock.reading(edge)

    def _assign(self, heard: Frame) -> Answer | None:
        payload = heard.payloads[0]
        if payload is None:
            return None
        kind, slot, number, address, schedule = _ASSIGN.unpack(payload)
        if (kind, number) != (self.type, self.number):
            return None
        self.slot, self.address, self.schedule = slot, address, schedule
        self._last_ours = heard.end
        return self._request(heard, self.info)

    def _request(self, heard: Frame, make: Callable[[float], bytes]) -> Answer:
        return self._answer(heard, self._random.uniform(25.0, 45.0), make)

    def _answer(self, heard: Frame, delay: float, make: Callable[[float], bytes]) -> Answer:
        # There and back: the gateway's last stop bit reaches the node late, the answer the gateway
        # again.
        time = heard.end + 2 * self.propagation_us + delay
        return Answer(time, self, self.token, make)

    # Speaking

    def poll_answer(self, time: float, block: int) -> bytes:
        """DATA with every channel of the block asked for (16 bits), or NODATA."""
        return self._block_frame(time, block, self.mask)

    def info(self, time: float) -> bytes:
        """An INFO frame."""
        seconds = int((time - self.started) / 1e6)
        version = self.version[0] * 256 + self.version[1]
        payload = _INFO.pack(
            self.type,
            version,
            self.number,
            self.channels,
            self.state(time),
            KEPT_BLOCKS,
            seconds,
        )
        return frames.frame(frames.INFO, self.address, 0, 0, payload)

    def status(self, time: float) -> bytes:
        """A STATUS frame."""
        payload = _STATUS.pack(
            self.state(time),
            self.led(time),
            self.difference_ns(),
            self.frames_heard & 0xFFFFFFFF,
            self.bad_checks & 0xFFFFFFFF,
            self.answers & 0xFFFFFFFF,
            int((time - self.started) / 1e6),
        )
        return frames.frame(frames.STATUS, self.address, 0, 0, payload)

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

    before_start = frames.NOT_IN_STEP

    def log(self, time: float) -> None:
        """Notes when the blocks sampled by `time` were sampled."""
        self.clock.log(time)

    def clock_reading(self, time: float) -> float:
        """Samples on the node's clock."""
        return self.clock.reading(time)

    def _block_frame(self, time: float, block: int, wanted: int, timing: bytes = b"") -> bytes:
        whole, reason = self.find_block(time, block)
        follows = frames.TIMING_FOLLOWS if timing else 0
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


class Head(Node):
    """The head of the bus: three voltages and the clock that the others follow."""

    before_start = frames.NOT_HELD

    def _new_clock(self, time: float) -> None:
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

    def _latch(self, edge: float) -> None:
        self._edge_reading = self._head_clock.reading(edge)

    def timing(self) -> bytes:
        """The timing section's payload for the last POLL heard."""
        whole, fraction = divmod(round(self._edge_reading * 65536), 65536)
        return _TIMING.pack(whole & 0xFFFFFFFF, fraction)

    def poll_answer(self, time: float, block: int) -> bytes:
        """DATA or NODATA, with the timing section."""
        return self._block_frame(time, block, self.mask, frames.section(self.timing()))
