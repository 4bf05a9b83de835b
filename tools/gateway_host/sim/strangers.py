"""What does not belong on the A-bus and is plugged in all the same."""

import random
import struct

from . import frames
from .line import Line

_SEARCH = struct.Struct("<HHI")
_SESSION = 65535
_SLOTS, _SLOT_US = 16, 150


class SecondGateway:
    """Sends POLLs by its own clock, every `period_us`, whoever is speaking. schedule: 1 to 255.

    With `searches`, that many times a second it also looks for nodes, in a session of its own.
    """

    serial = "second gateway"

    def __init__(self, line: Line, schedule: int, period_us: float, searches: float) -> None:
        self.connected = False
        self._line = line
        self._schedule = schedule
        self._period_us = period_us
        self._searches = searches
        self._salt = 0
        self._block = 0

    def start(self, time: float) -> None:
        """Plugs it in at `time` (µs)."""
        self.connected = True
        self._poll(time)
        if self._searches:
            self._search(time + self._period_us / 2)

    def stop(self, _: float) -> None:
        """Unplugs it."""
        self.connected = False

    def _poll(self, time: float) -> None:
        if self.connected:
            self._block += 1
            poll = frames.header(frames.POLL, frames.ALL, self._schedule, self._block, 0)
            self._line.speak(time, self, poll)
            self._line.at(time + self._period_us, self._poll)

    def _search(self, time: float) -> None:
        if self.connected:
            self._salt += 1
            payload = _SEARCH.pack(_SESSION, self._salt & 0xFFFF, 0)
            search = frames.frame(frames.SEARCH, frames.ALL, _SLOTS, _SLOT_US, payload)
            self._line.speak(time, self, search)
            self._line.at(time + 1e6 / self._searches, self._search)


class Babble:
    """Noise that `sender` sends at random times from `start` to `end` (µs): `rate` times a second,
    `size` bytes on average (exponential), never broken off.
    """

    def __init__(
        self,
        line: Line,
        sender: object,
        rate: float,
        size: float,
        dice: random.Random,
        start: float,
        end: float,
    ) -> None:
        self._line, self._sender, self._end = line, sender, end
        self._rate, self._size, self._dice = rate / 1e6, size, dice
        if rate:
            self._plan(start)

    def _plan(self, time: float) -> None:
        time += self._dice.expovariate(self._rate)
        if time < self._end:
            self._line.at(time, self._speak)

    def _speak(self, time: float) -> None:
        size = 1 + int(self._dice.expovariate(1 / self._size))
        self._line.speak(time, self._sender, self._dice.randbytes(size))
        self._plan(time + size * self._line.byte_us)
