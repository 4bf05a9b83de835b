"""Bytes to records, one after the other. What no firmware writes is damaged: who writes records as
text counts on it."""

import struct
from binascii import crc32

from micropython import const

from site.devices import MAX_MODULES
from journal.coding import (
    CRC,
    CUT,
    ESTIMATED,
    EVENTS,
    GRID,
    HEADER_BYTES,
    MERGED,
    MISSING,
    OFFSET,
    POWER,
    PULSES,
    UNKNOWN,
    Record,
    header,
)

_MAX_SHIFT = const(63)  # of a number's last seven bits: an energy has 64
_MOST = const(0x7FFFFFFF)  # of all others
_LAST_SERIAL = 9999999999


class Decoder:
    """Reads a chunk, one record after the other. `left`: how many are to come; `next`: the lowest
    sequence of the next one; `last`: the highest of all.

    data: begins with the chunk, and may have more behind it, or get some. ValueError where it is
    damaged; so does step() raise IndexError."""

    def __init__(self, data: Bytes):
        found = header(data)
        if found is None:
            raise ValueError
        self.next, self.last, self._size, self.left, points, layout = found[:6]
        self._boot, self._uptime, self._offset = found[6:]
        view = memoryview(data)[: self._size]
        if len(view) < self._size:
            raise ValueError
        check = struct.unpack_from("<I", view, CRC)[0]
        if check != crc32(view[HEADER_BYTES:], crc32(view[:CRC])):
            raise ValueError
        self._data = bytes(view)
        self._at = HEADER_BYTES
        self._points = points
        self._layout = "%08x" % layout
        self._imported = [0] * points
        self._exported = [0] * points

    def _number(self):
        data, at = self._data, self._at
        byte = data[at]
        number = byte & 127
        shift = 0
        while byte > 127:
            at += 1
            shift += 7
            if shift > _MAX_SHIFT:
                raise IndexError
            byte = data[at]
            number |= (byte & 127) << shift
        self._at = at + 1
        return number

    def _signed(self):
        number = self._number()
        return -(number + 1 >> 1) if number & 1 else number >> 1

    def _bits(self, count):
        data, at = self._data, self._at
        self._at = at + (count + 7 >> 3)
        return [data[at + (i >> 3)] >> (i & 7) & 1 for i in range(count)]

    def _ranges(self, count):
        ranges = []
        for there in self._bits(count):
            ranges.append(self._range() if there else None)
        return ranges

    def _range(self):
        least = self._signed()
        most = least + self._number()
        if least < -_MOST or most > _MOST:
            raise IndexError
        return least, most

    def step(self) -> Generator[Record | None]:
        """The next record, behind some None: a generator."""
        record = Record()
        record.layout, record.boot = self._layout, self._boot
        bits = self._head(record)
        points = self._points
        unknown = self._bits(points) if bits & UNKNOWN else bytes(points)
        yield None
        imported = self._imported
        record.imported = values = []
        for i in range(points):
            if not unknown[i]:
                imported[i] += self._signed()
            values.append(None if unknown[i] else imported[i])
        yield None
        exported, there = self._exported, self._bits(points)
        record.exported = values = []
        for i in range(points):
            joules = 0
            if there[i]:
                joules = exported[i] = exported[i] + self._signed()
            values.append(None if unknown[i] else joules)
        yield None
        there = self._bits(points) if bits & MISSING else bytes(points)
        record.missing = [self._number() if one else 0 for one in there]
        record.voltages = self._ranges(3)
        if bits & POWER:
            yield None
            record.power = self._ranges(points)
        if bits & PULSES:
            record.pulses = self._pulses()
        self.left -= 1
        self.next = record.sequence + 1
        yield record

    def _head(self, record):
        bits = self._number()
        record.seconds = self._number()
        self._uptime += record.seconds + self._signed()
        record.uptime = self._uptime
        if bits & OFFSET:
            self._offset += self._signed()
        if self._offset:
            record.time = self._uptime + self._offset
        record.first = record.sequence = self.next
        if bits & MERGED:
            record.sequence += self._number()
        if bits & ESTIMATED:
            record.estimated = self._number()
        if bits & GRID:
            record.grid = self._range()
        if bits & EVENTS:
            record.events = self._number()
        record.cut = bits & CUT != 0
        if record.seconds | record.events > _MOST or record.sequence > self.last:
            raise IndexError
        return bits

    def _pulses(self):
        pulses = {}
        count = self._number()
        if count > MAX_MODULES:
            raise IndexError
        for _ in range(count):
            number = self._number()
            if number > _LAST_SERIAL:
                raise IndexError
            serial = "%010d" % number
            there = self._bits(4)
            pulses[serial] = [self._number() if one else None for one in there]
        return pulses
