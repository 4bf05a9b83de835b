"""The measuring nodes, CT Hub and Solid Core, as docs/a-bus.md describes them (the head: head.py).

A node hears frames (`hear`), and asks the line for the time at which to answer; what it answers is
made when the answer begins (`Answer.make`), from what the node holds at that instant.
"""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

from . import frames
from .checks import check_of
from .clock import HeadClock
from .frames import Frame
from .leds import COMMUNICATION_FAULT, CONFIGURATION_FAULT, IDENTIFY, WELL, Led, led_of
from .sampler import KEPT_BLOCKS, Lost, Sampler, Sections, nothing_lost

VERSION = (1, 2)

_US_PER_METRE = 0.005
_NO_POLL_US = 3e6
_WRONG_SCHEDULE_US = 3e6

_HIGHEST_ADDRESS = 30
_HEADS = (5400, 5020)
_MAX_SLOTS = 32
_FIRST_SLOT_US = 50

_ASSIGN = struct.Struct("<HHIBBHI")
_SEARCH = struct.Struct("<HHI")
_KEY = struct.Struct("<HxxII")
_NONCE = struct.Struct("<I")
_INFO = struct.Struct("<HHIBBBxI")
_STATUS = struct.Struct("<BBBxiIIII")


@dataclass(slots=True)
class Answer:
    """What a node means to send: `time` of its first start bit at the gateway, `make` for the
    bytes.
    """

    time: float
    node: "Node"
    poll: int  # the POLL after which it was made: a later one cancels it
    make: Callable[[float], bytes]
    search: int | None = None  # the SEARCH that it answers: a later one cancels it

    @property
    def cancelled(self) -> bool:
        """Whether a later POLL or SEARCH has made it void."""
        later = self.search is not None and self.search != self.node.searches
        return later or self.poll != self.node.polls


class Node(Sampler):
    """A CT Hub or a Solid Core. Powered on at `started` (µs), without an address.

    serial: e.g. "5500000190"; channels: 1 to 4; drift_ppm: error of its crystal, -100 to 100;
    metres: cable between the gateway and it, 0 to 100; sections: gives the sections of a block,
    lost: the inputs of which it has none; plugged: bit mask of the inputs with a CT; built_in:
    every input has its own; seed: of its nonces and its jitter.
    """

    is_head = False

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
        plugged: int = 0,
        built_in: bool = False,
        seed: str = "",
        lost: Lost = nothing_lost,
    ) -> None:
        super().__init__(channels, head_clock, sections, drift_ppm, lost)
        self.serial = serial
        self.type, self.number = int(serial[:4]), int(serial[4:])
        self.metres = metres
        self.propagation_us = metres * _US_PER_METRE
        self.version = version
        self.built_in = built_in
        self.plugged = self.mask if built_in else plugged
        self.connected = True
        self.late_us = 0.0  # by which its answers come too late
        self._random = random.Random(serial + seed)
        self._nonces = random.Random(f"nonce {serial} {seed}")
        self.polls = self.searches = 0  # heard; answers made before are cancelled by a new one
        self.power_on(0.0)

    def power_on(self, time: float) -> None:
        """Starts the node afresh at `time`: no schedule, no address, a clock never set."""
        self.started = time
        self.nonce = self._nonces.randrange(1, 1 << 32)
        self.session = 0
        self.address = 0
        self.schedule = 0
        self.slot = 0
        self.polls += 1
        self.frames_heard = 0
        self.bad_checks = 0
        self.answers = 0
        self._last_poll: float | None = None
        self._last_ours: float | None = None  # last POLL with our schedule
        self._identify_until = 0.0
        self._identify_inputs = 0
        self.start_clock(time)

    # What the node is and shows

    def led_state(self, time: float) -> int:
        """WELL, COMMUNICATION_FAULT, CONFIGURATION_FAULT or IDENTIFY."""
        if time < self._identify_until:
            return IDENTIFY
        if time - (self.started if self._last_poll is None else self._last_poll) > _NO_POLL_US:
            return COMMUNICATION_FAULT
        ours = self.started if self._last_ours is None else self._last_ours
        if self._last_poll is not None and time - ours > _WRONG_SCHEDULE_US:
            return CONFIGURATION_FAULT
        return WELL

    def led(self, time: float) -> Led:
        """What the node's LED shows at `time`."""
        return led_of(self.led_state(time), self._identify_inputs, self.is_head)

    def state(self, time: float) -> int:
        """STATUS's state byte."""
        identifying = time < self._identify_until
        return bool(self.in_step(time)) | bool(self.address) << 1 | identifying << 2

    # Hearing

    def hear(self, heard: Frame) -> Answer | None:
        """Takes a frame of a gateway; the answer that it asks of this node, or None."""
        self.frames_heard += 1
        kind = heard.kind
        if kind in (frames.POLL, frames.ASSIGN, frames.SEARCH):
            if heard.address != frames.ALL:
                return None
            if kind == frames.POLL:
                return self._poll(heard)
            return self._assign(heard) if kind == frames.ASSIGN else self._search(heard)
        if not self.address or heard.address != self.address:
            return None
        if kind == frames.REPEAT:
            wanted = heard.argument & self.mask
            if not wanted or heard.argument & 0xF0:
                return None
            return self._request(heard, lambda t: self.block_frame(t, heard.block, wanted))
        if kind == frames.QUERY:
            return self._request(heard, self.status)
        if kind == frames.IDENTIFY and heard.block <= 600 and heard.argument <= 0x0F:
            seconds = heard.block if heard.argument else 0
            self._identify_inputs = heard.argument
            self._identify_until = heard.end + seconds * 1e6
            return self._request(heard, self.info)
        return None

    def _poll(self, heard: Frame) -> Answer | None:
        self._last_poll = heard.end
        chance = self._random.random
        self.latch(heard.edge + self.propagation_us - 0.05 + 0.1 * chance())
        self.polls += 1
        if not heard.argument or heard.argument != self.schedule:
            return None
        self._last_ours = heard.end
        delay = self._own_us(self.slot) + 1.0 + 3.0 * chance()
        return self._answer(heard, delay, lambda t: self.poll_answer(t, heard.block))

    def _assign(self, heard: Frame) -> Answer | None:
        payload = heard.payloads[0]
        if payload is None:
            return None
        kind, slot, number, address, schedule, session, nonce = _ASSIGN.unpack(payload)
        if (kind, number) != (self.type, self.number) or nonce not in (0, self.nonce):
            return None
        if not 1 <= address <= _HIGHEST_ADDRESS or (address == 1) != (self.type in _HEADS):
            return None
        self.slot, self.address, self.schedule, self.session = slot, address, schedule, session
        self._last_ours = heard.end
        return self._request(heard, self.info)

    def _search(self, heard: Frame) -> Answer | None:
        payload = heard.payloads[0]
        slots, width = heard.argument, heard.block
        if payload is None or not 1 <= slots <= _MAX_SLOTS:
            return None
        session, salt, _ = _SEARCH.unpack(payload)
        if session != self.session:
            self.address = self.schedule = 0
        self.searches += 1
        if self.address:
            return None
        key = check_of(_KEY.pack(self.type, self.number, self.nonce))
        slot = (key * (2 * salt + 1) % (1 << 32) >> 16) % slots
        delay = self._own_us(_FIRST_SLOT_US + slot * width) + self._random.uniform(0.5, 4.5)
        answer = self._answer(heard, delay, lambda time: self.found(time, slot))
        answer.search = self.searches
        return answer

    def _own_us(self, us: float) -> float:
        """How long it takes until the node's own clock has counted `us`."""
        return us / (1 + self.drift_ppm * 1e-6)

    def _request(self, heard: Frame, make: Callable[[float], bytes]) -> Answer:
        return self._answer(heard, self._random.uniform(25.0, 45.0), make)

    def _answer(self, heard: Frame, delay: float, make: Callable[[float], bytes]) -> Answer:
        # There and back: the gateway's last stop bit reaches the node late, the answer the gateway
        # again.
        time = heard.end + 2 * self.propagation_us + delay + self.late_us
        return Answer(time, self, self.polls, make)

    # Speaking

    def poll_answer(self, time: float, block: int) -> bytes:
        """DATA with every channel of the block asked for (16 bits), or NODATA."""
        return self.block_frame(time, block, self.mask)

    def info(self, time: float) -> bytes:
        """An INFO frame."""
        return frames.frame(frames.INFO, self.address, 0, 0, self._about(time))

    def found(self, time: float, slot: int) -> bytes:
        """A FOUND frame for the search slot used."""
        payload = self._about(time) + _NONCE.pack(self.nonce)
        return frames.frame(frames.FOUND, 0, slot, 0, payload)

    def _about(self, time: float) -> bytes:
        """INFO's payload."""
        version = self.version[0] * 256 + self.version[1]
        seconds = int((time - self.started) / 1e6)
        state = self.state(time)
        return _INFO.pack(
            self.type, version, self.number, self.channels, state, KEPT_BLOCKS, seconds
        )

    def status(self, time: float) -> bytes:
        """A STATUS frame."""
        payload = _STATUS.pack(
            self.state(time),
            self.led_state(time),
            self.plugged,
            self.difference_ns(),
            self.frames_heard & 0xFFFFFFFF,
            self.bad_checks & 0xFFFFFFFF,
            self.answers & 0xFFFFFFFF,
            int((time - self.started) / 1e6),
        )
        return frames.frame(frames.STATUS, self.address, 0, 0, payload)
