"""Records to bytes: each by what it differs from the one before, the first of a chunk in full."""

import struct
from binascii import crc32

from journal.coding import (
    CRC,
    CUT,
    ESTIMATED,
    EVENTS,
    GRID,
    HEADER,
    HEADER_BYTES,
    MAGIC,
    MAX_RECORDS,
    MERGED,
    MISSING,
    OFFSET,
    POWER,
    PULSES,
    UNKNOWN,
    Record,
)


def _put(data, number):
    """A number from 0 on, seven bits in a byte, the lowest first."""
    while number > 127:
        data.append(number & 127 | 128)
        number >>= 7
    data.append(number)


def _put_signed(data, number):
    """0, -1, 1, -2 and so on are 0, 1, 2, 3."""
    _put(data, 2 * number if number >= 0 else -2 * number - 1)


def _put_bits(data, bits):
    """A bit for each, the lowest first."""
    byte = 0
    for i, bit in enumerate(bits):
        if bit:
            byte |= 1 << (i & 7)
        if i & 7 == 7:
            data.append(byte)
            byte = 0
    if len(bits) & 7:
        data.append(byte)


def _put_ranges(data, ranges):
    """Which there are, and of these the least and how much more the greatest is."""
    _put_bits(data, [one is not None for one in ranges])
    for one in ranges:
        if one is not None:
            _put_signed(data, one[0])
            _put(data, one[1] - one[0])


class Chunk:
    """One that records are added to. `data`: whole at every moment; `records`, `first`, `last`:
    what is in it.

    layout: a number of 32 bits; began: uptime at which its first record begins, s."""

    def __init__(self, layout: int, points: int, boot: int, first: int, began: int):
        self.data = bytearray(HEADER_BYTES)
        self.records = 0
        self.first = first
        self.last = first - 1
        self._layout = layout
        self._boot = boot
        self._began = began
        self._uptime = began
        self._offset = 0
        self._imported = [0] * points
        self._exported = [0] * points
        self._first_offset = 0
        self._seal()

    def _seal(self):
        data = self.data
        struct.pack_into(
            HEADER,
            data,
            0,
            MAGIC,
            len(data) - HEADER_BYTES,
            len(self._imported),
            self.records,
            self._layout,
            self._boot,
            self.first,
            self.last,
            self._began,
            self._first_offset,
        )
        view = memoryview(data)
        check = crc32(view[HEADER_BYTES:], crc32(view[:CRC]))
        struct.pack_into("<I", data, CRC, check)

    def fits(self, boot: int, layout: int, first: int, size: int) -> bool:
        """Whether it can take a record of that start and layout, from that sequence on, and has
        not reached `size`."""
        return (
            (self._boot, self._layout, self.last + 1) == (boot, layout, first)
            and self.records < MAX_RECORDS
            and len(self.data) < size
        )

    def add(self, record: Record) -> Steps:
        """Add a record, whose sequence follows: a generator. Nothing is added before its end."""
        body = bytearray()
        offset = 0 if record.time is None else record.time - record.uptime
        self._put_head(body, record, offset)
        yield
        self._put_energies(body, record.imported, self._imported)
        yield
        _put_bits(body, record.exported)
        for new, old in zip(record.exported, self._exported):
            if new:
                _put_signed(body, new - old)
        if any(record.missing):
            _put_bits(body, record.missing)
            for samples in record.missing:
                if samples:
                    _put(body, samples)
        yield
        _put_ranges(body, record.voltages)
        if record.power:
            _put_ranges(body, record.power)
        if record.pulses:
            self._put_pulses(body, record.pulses)
        yield
        self.data += body
        for i, joules in enumerate(record.imported):
            if joules is not None:
                self._imported[i] = joules
        for i, joules in enumerate(record.exported):
            if joules:
                self._exported[i] = joules
        self._uptime, self._offset = record.uptime, offset
        self.last = record.sequence
        if not self.records:
            self.first, self._first_offset = record.first, offset
        self.records += 1
        self._seal()

    def _put_head(self, body, record, offset):
        unknown = [joules is None for joules in record.imported]
        bits = 0
        for bit, there in (
            (OFFSET, self.records and offset != self._offset),
            (MISSING, any(record.missing)),
            (ESTIMATED, record.estimated),
            (GRID, record.grid),
            (EVENTS, record.events),
            (POWER, record.power),
            (UNKNOWN, any(unknown)),
            (MERGED, record.first != record.sequence),
            (CUT, record.cut),
            (PULSES, record.pulses),
        ):
            if there:
                bits |= bit
        _put(body, bits)
        _put(body, record.seconds)
        _put_signed(body, record.uptime - self._uptime - record.seconds)
        if bits & OFFSET:
            _put_signed(body, offset - self._offset)
        if bits & MERGED:
            _put(body, record.sequence - record.first)
        if bits & ESTIMATED:
            _put(body, record.estimated)
        if bits & GRID:
            _put_signed(body, record.grid[0])
            _put(body, record.grid[1] - record.grid[0])
        if bits & EVENTS:
            _put(body, record.events)
        if bits & UNKNOWN:
            _put_bits(body, unknown)

    @staticmethod
    def _put_energies(body, values, before):
        for new, old in zip(values, before):
            if new is not None:
                _put_signed(body, new - old)

    @staticmethod
    def _put_pulses(body, pulses):
        _put(body, len(pulses))
        for serial in pulses:
            _put(body, int(serial))
            _put_bits(body, [count is not None for count in pulses[serial]])
            for count in pulses[serial]:
                if count is not None:
                    _put(body, count)
