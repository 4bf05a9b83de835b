"""The RS485 line, byte by byte: pacing, half duplex, collisions, the gateway's receive buffer.

Times are µs on the board's clock, at the gateway's end of the cable. The line is driven by
`advance`: everything that happens up to a time, in order. A sender's bytes are one `Run`: a start
and bytes without a pause.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from . import frames
from .frames import Frame, Receiver
from .nodes import Answer, Node

_GATEWAY_KINDS = frozenset(
    (frames.POLL, frames.REPEAT, frames.ASSIGN, frames.QUERY, frames.IDENTIFY, frames.SEARCH)
)
_AHEAD_US = 2000.0


class Sender(Protocol):
    """Whatever is on the line besides the gateway: a node, or something that does not belong."""

    serial: str
    connected: bool


# (start µs, sender: a serial number or "gateway", bytes) -> bytes as everybody hears them
Corrupt = Callable[[float, str, bytes], bytes]
# The same with the sender itself; None is the gateway
Disturb = Callable[[float, Sender | None, bytes], bytes]
# Whether a node alone misses a frame of the gateway
Mishears = Callable[[Node, Frame], bool]


@dataclass
class Counters:
    """What happened on the line since it was made."""

    gateway_bytes: int = 0  # sent by the gateway
    node_bytes: int = 0  # sent by nodes
    delivered_bytes: int = 0  # put into the gateway's receive buffer
    overflowed_bytes: int = 0  # lost because that buffer was full
    collisions: int = 0  # runs that began while another was under way


@dataclass(slots=True)
class Run:
    """Bytes of one sender without a pause; `spoiled` when they are not (all) as they were sent."""

    start: float
    end: float
    sender: Sender | None  # None is the gateway
    data: bytes | bytearray
    skip: int = 0  # first bytes that drown in an earlier run
    taken: int = 0  # bytes that the gateway's UART has seen
    spoiled: bool = False


@dataclass
class Line:
    """The line with its nodes.

    baud: bits/s; rxbuf: the gateway's receive buffer in bytes; seed: of what collisions give.
    `corrupt`, `disturbances` and `mishears` damage what is sent; with `echo` the gateway hears
    itself.
    """

    nodes: list[Node]
    baud: int = 3_000_000
    rxbuf: int = 5120
    corrupt: Corrupt | None = None
    seed: int = 1
    counters: Counters = field(default_factory=Counters)
    disturbances: list[Disturb] = field(default_factory=list)
    mishears: list[Mishears] = field(default_factory=list)
    echo: bool = False

    def __post_init__(self) -> None:
        self.byte_us = 10e6 / self.baud
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = count()
        self._receiver = Receiver(self.byte_us)
        self._active: list[Run] = []  # may still be sending
        self._arriving: deque[Run] = deque()  # from nodes, not wholly delivered
        self._buffer = bytearray()
        self._gateway_free = 0.0
        self._dice = random.Random(self.seed)

    @property
    def quiet(self) -> bool:
        """Whether nobody is sending or about to answer within 2 ms."""
        return not self._events or self._events[0][0] > self.now + _AHEAD_US

    @property
    def busy_until(self) -> float:
        """When the last byte begun so far ends, or has ended, µs."""
        return max((run.end for run in self._active), default=0.0)

    # The gateway's side

    def write(self, time: float, data: bytes) -> None:
        """The gateway's UART sends `data` from `time` on, or when what it is sending is out."""
        self.advance(time)
        start = max(time, self._gateway_free)
        self.counters.gateway_bytes += len(data)
        for piece in _pieces(data):
            run = Run(start, start + len(piece) * self.byte_us, None, piece)
            if start > self.now:
                self.at(start, lambda _, run=run: self._begin(run))
            else:
                self._begin(run)
            start = run.end
        self._gateway_free = start
        self._hear_ahead()

    def _hear_ahead(self) -> None:
        """Lets happen what nothing can change any more, while the board is at work: until what the
        gateway sends is out. `now` stays.
        """
        now = self.now
        self.advance(self._gateway_free)
        self.now = now

    def read(self, time: float, size: int) -> bytes:
        """Takes at most `size` bytes out of the receive buffer as it is at `time`."""
        self.advance(time)
        self._receive(time)
        buffer = self._buffer
        data = bytes(buffer[:size])
        del buffer[: len(data)]
        return data

    def advance(self, time: float) -> None:
        """Lets everything up to `time` happen."""
        events = self._events
        while events and events[0][0] <= time:
            at, _, happen = heapq.heappop(events)
            self.now = max(self.now, at)
            happen(at)
        self.now = max(self.now, time)

    def _receive(self, time: float) -> None:
        while self._arriving:
            run = self._arriving[0]
            size = len(run.data)
            ended = min(size, int((time - run.start) / self.byte_us + 1e-6))
            first = max(run.taken, run.skip)
            if ended > first:
                fits = min(ended - first, self.rxbuf - len(self._buffer))
                self._buffer += run.data[first : first + fits]
                self.counters.delivered_bytes += fits
                self.counters.overflowed_bytes += ended - first - fits
            run.taken = max(run.taken, ended)
            if ended < size:
                return
            self._arriving.popleft()

    # Senders

    def at(self, time: float, happen: Callable[[float], None]) -> None:
        """Lets `happen` be called with the time (µs) when it is `time`."""
        heapq.heappush(self._events, (time, next(self._order), happen))

    def speak(self, time: float, sender: Sender, data: bytes) -> None:
        """`sender` begins to send at `time`, which is now, whoever else does."""
        if sender.connected:
            self._begin(Run(time, time + len(data) * self.byte_us, sender, data, spoiled=True))

    def silence(self, sender: Sender) -> None:
        """Cuts off what `sender` is sending."""
        for run in self._active:
            if run.sender is sender and run.end > self.now:
                run.data = run.data[: max(0, int((self.now - run.start) / self.byte_us))]
                run.end, run.spoiled = self.now, True

    def _begin(self, run: Run) -> None:
        if self.corrupt is not None or self.disturbances:
            self._disturb(run)
        self._active = [other for other in self._active if other.end > run.start + 1e-6]
        for other in self._active:
            self._collide(other, run)
        self._active.append(run)
        if run.sender is not None:
            self.counters.node_bytes += len(run.data)
        if run.sender is not None or self.echo:
            self._arriving.append(run)
        self.at(run.end, lambda _: self._ended(run))

    def _disturb(self, run: Run) -> None:
        sent = data = bytes(run.data)
        if self.corrupt is not None:
            data = self.corrupt(run.start, run.sender.serial if run.sender else "gateway", data)
        for disturb in self.disturbances:
            data = disturb(run.start, run.sender, data)
        if data != sent:
            run.data, run.spoiled = data, True

    def _collide(self, earlier: Run, later: Run) -> None:
        self.counters.collisions += 1
        before = bytes(earlier.data)
        self._contest(earlier, later.start, bytes(later.data))
        self._contest(later, earlier.start, before)
        if self.echo or (earlier.sender is not None and later.sender is not None):
            # One receiver, one stream of bytes.
            overlap = min(earlier.end, later.end) - later.start
            later.skip = max(later.skip, -int(-overlap // self.byte_us))

    def _contest(self, run: Run, start: float, other: bytes) -> None:
        """Bits of `run` that the other sender drives the other way come out by chance."""
        run.spoiled = True
        data = bytearray(run.data)
        shift = round((run.start - start) / self.byte_us * 10)  # bits
        first = max(0, -(shift // 10) - 1)
        for i in range(first, min(len(data), (len(other) * 10 - shift) // 10 + 1)):
            for bit in range(8):
                at, place = divmod(i * 10 + 1 + bit + shift, 10)
                if not 0 <= at < len(other):
                    continue
                level = 0 if place == 0 else 1 if place == 9 else other[at] >> (place - 1) & 1
                if level != data[i] >> bit & 1 and self._dice.getrandbits(1):
                    data[i] ^= 1 << bit
        run.data = data

    def _ended(self, run: Run) -> None:
        receiver, sender = self._receiver, run.sender
        if not run.spoiled and isinstance(sender, Node) and receiver.idle:
            # A whole frame of a node, as it was sent: only the head's is of interest to others.
            self._count_heard(sender)
            if sender.is_head and run.data[3] & frames.TIMING_FOLLOWS:
                if run.data[1] in (frames.DATA, frames.NODATA):
                    self._timing(run.end, bytes(run.data[12:20]))
            return
        data = bytes(run.data[run.skip :])
        if not data:
            return
        bad = receiver.bad_checks
        for heard in receiver.feed(run.start + run.skip * self.byte_us, data):
            self._heard(heard, sender)
        if receiver.bad_checks > bad:
            for node in self._hearing(sender):
                node.bad_checks += receiver.bad_checks - bad

    def _count_heard(self, sender: Sender | None) -> None:
        for node in self.nodes:
            if node.connected and node is not sender:
                node.frames_heard += 1

    def _hearing(self, sender: Sender | None) -> list[Node]:
        """The nodes that hear what `sender` sends."""
        return [node for node in self.nodes if node.connected and node is not sender]

    def _timing(self, time: float, timing: bytes) -> None:
        for node in self.nodes:
            if node.connected:
                node.hear_timing(time, timing)

    def _heard(self, heard: Frame, sender: Sender | None) -> None:
        if heard.kind not in _GATEWAY_KINDS:
            self._count_heard(sender)
            if heard.kind in (frames.DATA, frames.NODATA) and heard.address == 1:
                if heard.argument & frames.TIMING_FOLLOWS and heard.payloads[0] is not None:
                    self._timing(heard.end, heard.payloads[0])
            return
        for node in self._hearing(sender):
            if self.mishears and any(mishears(node, heard) for mishears in self.mishears):
                node.bad_checks += 1
                continue
            answer = node.hear(heard)
            if answer is not None:
                self.at(answer.time, lambda t, answer=answer: self._speak(t, answer))

    def _speak(self, time: float, answer: Answer) -> None:
        node = answer.node
        if answer.cancelled or not node.connected:
            return
        data = answer.make(time)
        node.answers += 1
        self._begin(Run(time, time + len(data) * self.byte_us, node, data))


def _pieces(data: bytes) -> list[bytes]:
    """Cuts what the gateway sends where frames end, so that each is heard when it has ended."""
    pieces = []
    while data:
        size = len(data)
        if data[0] == frames.START and size >= frames.HEADER:
            size = min(size, frames.HEADER + int.from_bytes(data[6:8], "little"))
        pieces.append(data[:size])
        data = data[size:]
    return pieces
