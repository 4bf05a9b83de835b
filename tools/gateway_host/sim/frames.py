"""Frames of the A-bus as the simulated nodes see them (docs/a-bus.md, sections 3 and 5)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .checks import check_of

POLL, DATA, REPEAT, NODATA, ASSIGN, INFO, QUERY, STATUS, IDENTIFY, SEARCH, FOUND = range(1, 12)
NOT_COMPLETE, NOT_HELD, NOT_IN_STEP = 1, 2, 3
TIMING_FOLLOWS = 0x10
ALL = 255

START = 0xA5
HEADER = 12
CHANNEL_BYTES = 128
_PAUSE_US = 200.0

_HEAD = struct.Struct("<BBBBHH")
_CHECK = struct.Struct("<I")
_BODY_LENGTH = {
    POLL: 0,
    REPEAT: 0,
    ASSIGN: 20,
    INFO: 20,
    QUERY: 0,
    STATUS: 28,
    IDENTIFY: 0,
    SEARCH: 12,
    FOUND: 24,
}


def section(payload: bytes) -> bytes:
    """`payload` (a multiple of 4 bytes) with its check behind it."""
    return payload + _CHECK.pack(check_of(payload))


@lru_cache(maxsize=1024)
def header(kind: int, address: int, argument: int, block: int, length: int) -> bytes:
    """The 12 bytes before a body of `length` bytes; `block` is taken modulo 65536."""
    return section(_HEAD.pack(START, kind, address, argument, block & 0xFFFF, length))


def frame(kind: int, address: int, argument: int = 0, block: int = 0, *payloads: bytes) -> bytes:
    """A whole frame: header, then each payload as a section."""
    body = b"".join(map(section, payloads))
    return header(kind, address, argument, block, len(body)) + body


def section_sizes(kind: int, argument: int) -> list[int] | None:
    """Payload bytes of each section of such a frame; None for an unknown kind."""
    if kind == DATA:
        sizes = [8] if argument & TIMING_FOLLOWS else []
        return sizes + [CHANNEL_BYTES] * (argument & 0x0F).bit_count()
    if kind == NODATA:
        return [8] if argument & TIMING_FOLLOWS else []
    if kind not in _BODY_LENGTH:
        return None
    return [_BODY_LENGTH[kind] - 4] if _BODY_LENGTH[kind] else []


@dataclass(slots=True)
class Frame:
    """A frame as heard. `payloads` holds None for a section whose check was wrong."""

    kind: int
    address: int
    argument: int
    block: int
    payloads: list[bytes | None]
    edge: float  # µs, falling edge of the first start bit
    end: float  # µs, end of the last stop bit


class Receiver:
    """Finds frames in the bytes of the line; counts right headers, wrong checks and noise."""

    def __init__(self, byte_us: float) -> None:
        self.byte_us = byte_us
        self.frames = 0
        self.bad_checks = 0
        self.noise = 0
        self._held = bytearray()
        self._start = 0.0

    @property
    def idle(self) -> bool:
        """True when no part of a frame is held."""
        return not self._held

    def feed(self, start: float, data: bytes) -> Iterator[Frame]:
        """Takes bytes whose first start bit fell at `start` (µs); yields frames that end."""
        held = self._held
        if held and start - (self._start + len(held) * self.byte_us) > _PAUSE_US:
            yield from self._search(final=True)
            self.noise += len(held)
            held.clear()
        if not held:
            self._start = start
        held += data
        # The times of held bytes are those of an unbroken run that ends with `data`.
        self._start = start - (len(held) - len(data)) * self.byte_us
        yield from self._search(final=False)

    def _skip(self, count: int, noise: bool) -> None:
        del self._held[:count]
        self._start += count * self.byte_us
        if noise:
            self.noise += count

    def _search(self, final: bool) -> Iterator[Frame]:
        held = self._held
        while held:
            if held[0] != START:
                found = held.find(START)
                self._skip(found if found > 0 else len(held), noise=True)
                continue
            if len(held) < HEADER:
                if not final:
                    return
                self._skip(1, noise=True)
                continue
            sizes = None
            if check_of(held[:8]) != _CHECK.unpack_from(held, 8)[0]:
                self.bad_checks += 1
            else:
                _, kind, address, argument, block, length = _HEAD.unpack_from(held)
                sizes = section_sizes(kind, argument)
                if sizes is not None and sum(sizes) + 4 * len(sizes) != length:
                    sizes = None
            if sizes is None:
                self._skip(1, noise=True)
                continue
            if len(held) < HEADER + length:
                if not final:
                    return
                self._skip(HEADER, noise=True)
                continue
            yield self._take(sizes, kind, address, argument, block, length)

    def _take(
        self, sizes: list[int], kind: int, address: int, argument: int, block: int, length: int
    ) -> Frame:
        payloads: list[bytes | None] = []
        at = HEADER
        for size in sizes:
            payload = bytes(self._held[at : at + size])
            if check_of(payload) == _CHECK.unpack_from(self._held, at + size)[0]:
                payloads.append(payload)
            else:
                self.bad_checks += 1
                payloads.append(None)
            at += size + 4
        self.frames += 1
        edge = self._start
        end = edge + (HEADER + length) * self.byte_us
        self._skip(HEADER + length, noise=False)
        return Frame(kind, address, argument, block, payloads, edge, end)
