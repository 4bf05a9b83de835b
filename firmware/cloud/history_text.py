"""Records as JSON (docs/history.md), written into a buffer from integers. Owns the buffer of one
message."""

import micropython
from micropython import const

_MAX_NUMBER = const(12)  # bytes of an integer of 32 bits, with a comma; a longer one has two
_MAX_SMALL = const(0x3FFFFFFF)  # of a small integer; longer ones are written another way
_FIXED = const(400)  # of a record's other bytes
HEAD = 200  # bytes of a message without records
_CHAR_0 = const(48)
_COMMA = const(44)
_MINUS = const(45)
_CHAR_N = const(110)
_CHAR_U = const(117)
_CHAR_L = const(108)


@micropython.viper
def _copy(room: ptr8, at: int, piece: ptr8, size: int) -> int:
    """Write bytes at `at`; where they end."""
    i = 0
    while i < size:
        room[at + i] = piece[i]
        i += 1
    return at + size


@micropython.viper
def _put_numbers(room: ptr8, at: int, values, unknown, least, most) -> int:
    """Write integers and None, with commas between them, at `at`; where they end. unknown: None.
    One beyond `least` to `most`, which are of 31 bits at most, takes a bytes object on its way."""
    begin = at
    for value in values:
        if at != begin:
            room[at] = _COMMA
            at += 1
        if value is unknown:
            room[at] = _CHAR_N
            room[at + 1] = _CHAR_U
            room[at + 2] = _CHAR_L
            room[at + 3] = _CHAR_L
            at += 4
            continue
        if value > most or value < least:
            text = b"%d" % value
            at = int(_copy(room, at, text, len(text)))
            continue
        x = int(value)
        if x < 0:
            room[at] = _MINUS
            at += 1
            x = 0 - x
        digits = 1
        y = x
        while y > 9:
            y //= 10
            digits += 1
        end = at + digits
        at = end
        while digits:
            y = x // 10
            at -= 1
            room[at] = x - y * 10 + _CHAR_0
            x = y
            digits -= 1
        at = end
    return at


def room_for(record: JournalRecord, count: int) -> int:
    """Bytes for so many records as this one, whatever is in them."""
    return HEAD + count * (_FIXED + (2 * len(record.imported) + _numbers(record)) * _MAX_NUMBER)


def _numbers(record):
    """How many integers of 32 bits take as much room as its numbers."""
    numbers = (5 if record.power else 3) * len(record.imported) + 5 * len(record.pulses or ())
    for energies in (record.imported, record.exported, record.missing):
        numbers += _long_ones(energies)
    for serial in record.pulses or ():
        numbers += _long_ones(record.pulses[serial])
    return numbers


def _long_ones(values):
    """How many of these may need more room than an integer of 32 bits."""
    found = 0
    for value in values:
        if value is not None and not -_MAX_SMALL <= value <= _MAX_SMALL:
            found += 1
    return found


class HistoryText:
    """`records`: how many it has. `size`: bytes of room, of which a record of 28 points takes at
    most 1.7 kB. Writing one allocates next to nothing."""

    def __init__(self, size: int):
        self.size = size
        self.records = 0
        self._room = bytearray(size)
        self._view = memoryview(self._room)
        self._size = 0
        self._one = [0]  # a list that is there for one number

    def begin(
        self,
        device: str,
        layout: str,
        historical: bool,
        oldest: int,
        lost: tuple[int, int] | None = None,
    ) -> None:
        """A message without records. lost: first and last sequence of what will never come."""
        self.records = self._size = 0
        head = '{"device":"%s","layout":"%s","historical":%s,"oldest":%d,'
        self._put((head % (device, layout, "true" if historical else "false", oldest)).encode())
        if lost is not None:
            self._put(b'"lost":[%d,%d],' % lost)
        self._put(b'"records":[')

    def add(self, record: JournalRecord) -> bool:
        """Add a record; whether there is room for it."""
        pulses = record.pulses or {}
        if self._size + _FIXED + _numbers(record) * _MAX_NUMBER > self.size:
            return False
        self._put(b',{"sequence":' if self.records else b'{"sequence":')
        self._put_number(record.sequence)
        if record.first != record.sequence:
            self._put(b',"first":')
            self._put_number(record.first)
        self._put(b',"time":')
        self._put(b"null" if record.time is None else b"%d" % record.time)
        self._put(b',"seconds":')
        self._put_number(record.seconds)
        self._put(b',"boot":')
        self._put_number(record.boot)
        self._put(b',"import":')
        self._put_numbers(record.imported)
        self._put(b',"export":')
        self._put_numbers(record.exported)
        if any(record.missing):
            self._put(b',"missing":')
            self._put_numbers(record.missing)
        self._put(b',"estimated":')
        self._put_number(record.estimated)
        self._put(b',"grid":')
        self._put_range(record.grid)
        self._put(b',"voltages":')
        self._put_ranges(record.voltages)
        if record.power:
            self._put(b',"power":')
            self._put_ranges(record.power)
        if pulses:
            for i, serial in enumerate(pulses):
                self._put(b',"' if i else b',"pulses":{"')
                self._put(serial.encode())
                self._put(b'":')
                self._put_numbers(pulses[serial])
            self._put(b"}")
        if record.cut:
            self._put(b',"cut":true')
        self._put(b',"events":')
        self._put_number(record.events)
        self._put(b"}")
        self.records += 1
        return True

    def end(self) -> None:
        """The message is whole."""
        self._put(b"]}")

    def view(self) -> memoryview:
        """Its bytes."""
        return self._view[: self._size]

    def _put(self, piece):
        self._size = _copy(self._room, self._size, piece, len(piece))

    def _put_number(self, value):
        self._one[0] = value
        self._size = _put_numbers(self._room, self._size, self._one, None, -_MAX_SMALL, _MAX_SMALL)

    def _put_numbers(self, values):
        self._put(b"[")
        self._size = _put_numbers(self._room, self._size, values, None, -_MAX_SMALL, _MAX_SMALL)
        self._put(b"]")

    def _put_range(self, values):
        if values is None:
            self._put(b"null")
        else:
            self._put_numbers(values)

    def _put_ranges(self, ranges):
        mark = b"["
        for values in ranges:
            self._put(mark)
            self._put_range(values)
            mark = b","
        self._put(b"]" if ranges else b"[]")
