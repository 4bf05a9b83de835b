"""What a bad line does to the bytes on it. Each of these is a line.Disturb: it takes (start µs,
sender, bytes) in order of time and gives the bytes as they are heard.
"""

import math
import random
from collections import deque
from dataclasses import dataclass

from .line import Sender
from .nodes import Node

BITS = 10  # of a byte on the line


@dataclass(frozen=True)
class Window:
    """From `start` to `end`, µs."""

    start: float = 0.0
    end: float = math.inf

    def __contains__(self, time: float) -> bool:
        return self.start <= time < self.end


def gap(rate: float, dice: random.Random) -> float:
    """How many trials pass before one of probability `rate` (0 to 1) succeeds."""
    if rate >= 1.0:
        return 0
    return math.floor(math.log(1.0 - dice.random()) / math.log1p(-rate)) if rate else math.inf


class BitErrors:
    """Each bit is turned with probability `rate`. A start bit that is hit makes the byte any byte;
    a stop bit does not matter.
    """

    def __init__(self, rate: float, dice: random.Random, window: Window | None = None) -> None:
        self._rate, self._dice, self._window = rate, dice, window or Window()
        self._next = gap(rate, dice)
        self.errors = 0

    def __call__(self, start: float, sender: Sender | None, data: bytes) -> bytes:
        """The bytes with their errors."""
        bits = BITS * len(data)
        if start not in self._window:
            return data
        if self._next >= bits:
            self._next -= bits
            return data
        spoiled = bytearray(data)
        while self._next < bits:
            at, bit = divmod(int(self._next), BITS)
            self.errors += 1
            if bit == 0:
                spoiled[at] = self._dice.randrange(256)
            elif bit <= 8:
                spoiled[at] ^= 1 << (bit - 1)
            self._next += 1 + gap(self._rate, self._dice)
        self._next -= bits
        return bytes(spoiled)


class Slips:
    """Each byte is lost (or, `doubled`, comes twice) with probability `rate`; what follows of the
    same sender moves up (or back) by a byte.
    """

    def __init__(
        self, rate: float, doubled: bool, dice: random.Random, window: Window | None = None
    ) -> None:
        self._rate, self._dice, self._window = rate, dice, window or Window()
        self._copies = 2 if doubled else 0
        self._next = gap(rate, dice)

    def __call__(self, start: float, sender: Sender | None, data: bytes) -> bytes:
        """The bytes without those lost, or with those doubled."""
        if start not in self._window:
            return data
        parts, done = [], 0
        while self._next < len(data):
            at = int(self._next)
            parts += [data[done:at], data[at : at + 1] * self._copies]
            done = at + 1
            self._next += 1 + gap(self._rate, self._dice)
        self._next -= len(data)
        return b"".join([*parts, data[done:]]) if parts else data


class Bursts:
    """Bursts of noise, `rate` a second and `mean_us` long on average (exponential): every byte
    that is on the line meanwhile comes out as any byte.
    """

    def __init__(
        self,
        rate: float,
        mean_us: float,
        byte_us: float,
        dice: random.Random,
        window: Window | None = None,
    ) -> None:
        self._rate, self._mean_us, self._byte_us = rate, mean_us, byte_us
        self._dice, self._window = dice, window or Window()
        self._bursts: deque[tuple[float, float]] = deque()
        self._drawn = self._window.start

    def __call__(self, start: float, sender: Sender | None, data: bytes) -> bytes:
        """The bytes with those hit changed."""
        end = start + len(data) * self._byte_us
        self._draw(end)
        while self._bursts and self._bursts[0][1] <= start:
            self._bursts.popleft()
        spoiled = None
        for first, last in self._bursts:
            if first >= end:
                break
            spoiled = bytearray(data) if spoiled is None else spoiled
            low = max(0, int((first - start) / self._byte_us))
            for at in range(low, min(len(data), math.ceil((last - start) / self._byte_us))):
                spoiled[at] = self._dice.randrange(256)
        return data if spoiled is None else bytes(spoiled)

    def _draw(self, until: float) -> None:
        while self._rate and self._drawn <= until:
            self._drawn += self._dice.expovariate(self._rate / 1e6)
            if self._drawn in self._window:
                length = self._dice.expovariate(1 / self._mean_us)
                self._bursts.append((self._drawn, self._drawn + length))


class Reflections:
    """An open end of the line: bit errors in what a node sends, and in what it alone hears,
    `per_metre` x its distance.
    """

    def __init__(
        self, per_metre: float, dice: random.Random, window: Window | None = None
    ) -> None:
        self._per_metre, self._dice, self._window = per_metre, dice, window or Window()
        self._errors: dict[Node, BitErrors] = {}

    def rate(self, node: Node) -> float:
        """Errors a bit."""
        return min(0.5, self._per_metre * node.metres)

    def __call__(self, start: float, sender: Sender | None, data: bytes) -> bytes:
        """The bytes with the errors of the sender's distance."""
        if not isinstance(sender, Node):
            return data
        if sender not in self._errors:
            self._errors[sender] = BitErrors(self.rate(sender), self._dice, self._window)
        return self._errors[sender](start, sender, data)

    def mishears(self, node: Node, time: float, size: int) -> bool:
        """Whether `node` misses a frame of the gateway of `size` bytes that ends at `time`."""
        good = (1 - self.rate(node)) ** (BITS * size)
        return time in self._window and self._dice.random() >= good
