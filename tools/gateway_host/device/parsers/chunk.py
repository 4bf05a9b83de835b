"""A chunk of the journal as the flash may give it, read and written as text for the broker. With
an odd first byte its check sums are made right: so may a firmware of another version write it."""

import struct
from binascii import crc32

from journal import coding
from journal.decoder import Decoder
from cloud.history_text import HistoryText, room_for

_GUARD = 512


def _mended(data):
    """The header's length, and the check sum, are right."""
    chunk = bytearray(data[: coding.HEADER_BYTES] + data[coding.HEADER_BYTES : 4096])
    struct.pack_into("<2sH", chunk, 0, coding.MAGIC, len(chunk) - coding.HEADER_BYTES)
    view = memoryview(chunk)
    check = crc32(view[coding.HEADER_BYTES :], crc32(view[: coding.CRC]))
    struct.pack_into("<I", chunk, coding.CRC, check)
    return chunk


def take(data):
    chunk = data[1:]
    if data and data[0] & 1 and len(chunk) >= coding.HEADER_BYTES:
        chunk = _mended(chunk)
    try:
        decoder = Decoder(chunk)
    except ValueError:
        return "refused"
    came = "read"
    before = decoder.next
    records = decoder.left
    while decoder.left:
        try:
            record = None
            for found in decoder.step():
                record = found
        except IndexError:
            return "damaged"
        assert record and record.sequence >= before and record.first >= before
        before = record.sequence + 1
        _write(record)
    assert records <= 255
    return came


def _write(record):
    """As delivery does it; behind its room the buffer must stay as it was."""
    size = min(10000, room_for(record, 1))
    text = HistoryText(size)
    text._room = room = bytearray(size + _GUARD)
    text._view = memoryview(room)
    text.begin("5020000042", record.layout, True, 1, (1, 2))
    if text.add(record):
        text.end()
    assert text._size <= size, "%d bytes in a room of %d" % (text._size, size)
    assert room[size:] == bytes(_GUARD), "written behind its room"
