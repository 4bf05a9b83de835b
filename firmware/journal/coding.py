"""What is in the journal (docs/journal.md): records, and the header of a chunk, which holds some
of one start and one layout.

Owns the format, with chunk.py and decoder.py.
"""

import struct
from binascii import crc32

from micropython import const

MAGIC = b"J1"
# Magic, bytes behind the header, points, records, layout, boot, first and last sequence, uptime
# before the first record, epoch s less uptime (0: not known); then the CRC of all but itself.
HEADER = "<2sHBB6I"
_SPAN, _SPAN_AT = "<II", const(14)
CRC = const(30)
HEADER_BYTES = const(34)
MAX_RECORDS = const(255)
_PIECE = const(512)
# What a record has, bits of its first number.
OFFSET = const(1)
MISSING = const(2)
ESTIMATED = const(4)
GRID = const(8)
EVENTS = const(16)
POWER = const(32)
UNKNOWN = const(64)
MERGED = const(128)
CUT = const(256)
PULSES = const(512)


class Record:
    """A minute, or some that were merged: as docs/history.md has them, None where something is
    not known. `imported`, `exported`, `missing`: of each point; `grid`: least and greatest, or
    None; `voltages`: of each phase the same; `power`: None, or of each point the same; `pulses`:
    by serial number; `uptime`: s at its end; `cut`: whether up to a minute before it is lost."""

    def __init__(self) -> None:
        self.sequence = self.first = 0
        self.time: int | None = None
        self.seconds = self.uptime = self.boot = 0
        self.layout = ""
        self.imported: Sequence[int | None] = ()
        self.exported: Sequence[int | None] = ()
        self.missing: Sequence[int] = ()
        self.estimated = 0
        self.grid: Sequence[int] | None = None
        self.voltages: Sequence[Sequence[int] | None] = (None, None, None)
        self.power: Sequence[Sequence[int] | None] | None = None
        self.pulses: dict[str, Sequence[int | None]] = {}
        self.events = 0
        self.cut = False


def header(data: Bytes, at: int = 0) -> tuple[int, ...] | None:
    """Of the chunk that begins there: first and last sequence, bytes as a whole, records, points,
    layout, boot, uptime, offset; None where none begins."""
    if len(data) - at < HEADER_BYTES:
        return None
    magic, size, points, records, layout, boot, first, last, began, offset = struct.unpack_from(
        HEADER, data, at
    )
    if magic != MAGIC or not records or last < first:
        return None
    return first, last, HEADER_BYTES + size, records, points, layout, boot, began, offset


def is_whole(file: Any, at: int, size: int) -> bool:
    """Whether the chunk of so many bytes that begins there has the check sum that it says."""
    file.seek(at)
    head = file.read(HEADER_BYTES)
    check = crc32(head[:CRC])
    size -= HEADER_BYTES
    while size > 0:
        piece = file.read(min(size, _PIECE))
        if not piece:
            return False
        check = crc32(piece, check)
        size -= len(piece)
    return check == struct.unpack_from("<I", head, CRC)[0]


def span(chunk: Bytes) -> tuple[int, int]:
    """First and last sequence of what is a chunk."""
    return struct.unpack_from(_SPAN, chunk, _SPAN_AT)
