"""The simulated installation on the emulated chip's UARTs, in real time: a process of its own.

`python -m gateway_host.chip.line_bridge HOUSE UART1 UART2`, the UARTs as descriptors of connected
sockets. Each second, and at the end, it prints what it has seen as one line of JSON (Seen). It
ends with its stdin, or when the chip is gone. Times are us of the host's clock.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import socket
import struct
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway_host.sim import frames
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation

_TICKS = 0x3FFFFFFF
_STEP_US = 800  # answers are given to the chip in pieces of so much time
# So much earlier than they are on the line: the host is late now and then, the emulated UART keeps
# the line's speed by itself, and the gateway looks when the last byte must have come.
_EARLY_US = 16000
_LATE_US = 5000
_B_BAUD = 38400
_B_SILENCE_US = 1500  # a pause that ends a request
_CUT_OFF_US = 2000  # a frame that is not whole by then never will be
_IDLE_US = 20000
_RECEIVED = 1 << 20  # what the chip's own driver loses is the chip's matter


@dataclass
class Seen:
    """`polls`, and the `blocks` that they asked for, each counted once; `poll_gap_ms`: longest
    time between two of them; `due`: blocks that were complete since the first one; `host_late`:
    how often this process was late by more than 5 ms, `host_late_ms`: the most; `backlog`: most
    bytes that the emulated UART had not taken yet; `collisions`: two on the line at once."""

    polls: int = 0
    blocks: int = 0
    poll_gap_ms: float = 0.0
    due: int = 0
    requests_b: int = 0
    host_late: int = 0
    host_late_ms: float = 0.0
    backlog: int = 0
    collisions: int = 0


class Bridge:
    """installation: an installation.Installation; a, b: connected sockets of the two UARTs."""

    def __init__(self, installation: Installation, a: socket.socket, b: socket.socket):
        self.seen = Seen()
        self._installation = installation
        self._a, self._b = a, b
        self._began = time.monotonic_ns()
        self._held_a, self._held_b = bytearray(), bytearray()
        self._since_a = self._since_b = 0
        self._polled = 0
        self._asked: int | None = None
        self._first: int | None = None
        self._collisions = 0  # before counting began
        self._hot = 0  # until then something may have to be given to the chip

    def now(self) -> int:
        """us since the bridge was made."""
        return (time.monotonic_ns() - self._began) // 1000

    def run(self, stdin: int, on_second: Callable[[], None]) -> None:
        """Until stdin ends or the chip is gone; `on_second` is called each second."""
        lines = {self._a.fileno(): self._from_a, self._b.fileno(): self._from_b}
        watched = [*lines, stdin]
        last = 0
        while True:
            asked, wait = self.now(), self._wait()
            ready, _, _ = select.select(watched, (), (), wait / 1e6)
            late = self.now() - asked - wait
            if late > _LATE_US and not ready and wait <= _STEP_US:
                self.seen.host_late += 1
                self.seen.host_late_ms = max(self.seen.host_late_ms, late / 1000)
            for descriptor in ready:
                if descriptor == stdin:
                    if not os.read(stdin, 1):
                        return
                    self.seen, self._first = Seen(), None
                    self._collisions = self._installation.counters.collisions
                elif not lines[descriptor]():
                    return
            self._serve()
            if self.now() - last > 1_000_000:
                last = self.now()
                on_second()

    def _wait(self) -> int:
        if self._held_a or self._held_b or self.now() < self._hot:
            return _STEP_US
        return _IDLE_US if self._installation.line.quiet else _STEP_US

    def _from_a(self) -> bool:
        data = self._a.recv(65536)
        if not self._held_a:
            self._since_a = self.now()
        self._held_a += data
        return bool(data)

    def _from_b(self) -> bool:
        data = self._b.recv(65536)
        self._since_b = self.now()
        self._held_b += data
        return bool(data)

    def _serve(self) -> None:
        now = self.now()
        self._write_a(now)
        if self._held_b and now - self._since_b > _B_SILENCE_US:
            self.seen.requests_b += 1
            self._installation.write_b(now & _TICKS, bytes(self._held_b), _B_BAUD)
            self._held_b.clear()
            self._hot = now + 500_000
        quiet = self._installation.line.quiet
        until = now if quiet else now + _EARLY_US
        data = self._installation.read(until & _TICKS, _RECEIVED)
        if data:
            self._a.sendall(data)
            self._hot = now + _IDLE_US
            waiting = struct.unpack("i", fcntl.ioctl(self._a, termios.TIOCOUTQ, b"\0" * 4))[0]
            self.seen.backlog = max(self.seen.backlog, waiting)
        data = self._installation.read_b(now & _TICKS, _RECEIVED)
        if data:
            self._b.sendall(data)
        if self._installation.line.quiet and not self._held_a:
            self._installation.prepare()

    def _write_a(self, now: int) -> None:
        """Gives the line every whole frame that the chip has sent."""
        held = self._held_a
        while held:
            size = len(held)
            whole = False
            if held[0] == frames.START and size >= frames.HEADER:
                wanted = frames.HEADER + int.from_bytes(held[6:8], "little")
                whole = wanted <= size
                size = min(size, wanted)
            if not whole and now - self._since_a < _CUT_OFF_US:
                return
            frame = bytes(held[:size])
            del held[:size]
            self._hot = now + _IDLE_US
            if frame[0] == frames.START:
                self._installation.write(now & _TICKS, frame)
                if whole and frame[1] == frames.POLL:
                    self._note_poll(now, int.from_bytes(frame[4:6], "little"))
            else:
                self._installation.write_slowly(now & _TICKS, frame, _B_BAUD)

    def _note_poll(self, now: int, block: int) -> None:
        seen = self.seen
        seen.polls += 1
        if seen.polls > 1:
            seen.poll_gap_ms = max(seen.poll_gap_ms, (now - self._polled) / 1000)
        self._polled = now
        if block != self._asked:
            self._asked = block
            seen.blocks += 1
        complete = int(self._installation.sample_number() // 64)
        if self._first is None:
            self._first = complete
        seen.due = complete - self._first
        seen.collisions = self._installation.counters.collisions - self._collisions


def main(house: str, a: str, b: str) -> int:
    """The process."""
    installation = Installation(load_house(Path(house)), rxbuf=_RECEIVED)
    bridge = Bridge(installation, socket.socket(fileno=int(a)), socket.socket(fileno=int(b)))

    def print_seen() -> None:
        print(json.dumps(asdict(bridge.seen)), flush=True)

    try:
        bridge.run(sys.stdin.fileno(), print_seen)
    except (ConnectionError, BrokenPipeError):
        pass  # the chip is gone
    print_seen()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
