"""Records as JSON (docs/history.md), written into a buffer from integers. Owns the buffer of one
message."""

import micropython
from micropython import const

_MAX_NUMBER = const(12)  # bytes of an integer of 32 bits, with a comma
_FIXED = const(400)  # of a record's other bytes
_CHAR_0 = const(48)
_COMMA = const(44)
_MINUS = const(45)
_BEGIN = const(91)
_END = const(93)
_CHAR_N = const(110)
_CHAR_U = const(117)
_CHAR_L = const(108)


@micropython.viper
def _put_numbers(room: ptr8, at: int, values, unknown) -> int:
    """Write a list, of integers of 32 bits and None, at `at`; where it ends. unknown: None."""
    room[at] = _BEGIN
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
    if at == begin:
        at += 1
    room[at] = _END
    return at + 1


class HistoryText:
    """`records`: how many it has. size: bytes, of which a record of 28 points takes at most 1.7
    kB. Writing one takes some 100 us and allocates little."""

    def __init__(self, size: int):
        self.records = 0
        self._room = bytearray(size)
        self._view = memoryview(self._room)
        self._size = 0

    def begin(self, device: str, layout: str, historical: bool, oldest: int) -> None:
        """A message without records."""
        self.records = self._size = 0
        head = '{"device":"%s","layout":"%s","historical":%s,"oldest":%d,"records":['
        self._put(head % (device, layout, "true" if historical else "false", oldest))

    def add(self, record: JournalRecord) -> bool:
        """Add a record; whether there is room for it."""
        points = len(record.imported)
        pulses = record.pulses or {}
        numbers = (5 if record.power else 3) * points + 5 * len(pulses)
        if self._size + _FIXED + numbers * _MAX_NUMBER > len(self._room):
            return False
        head = ',{"sequence":%d,"time":%s,"seconds":%d,"boot":%d'
        time = "null" if record.time is None else record.time
        text = head % (record.sequence, time, record.seconds, record.boot)
        self._put(text if self.records else text[1:])
        if record.first != record.sequence:
            self._put(',"first":%d' % record.first)
        self._put(',"import":')
        self._put_numbers(record.imported)
        self._put(',"export":')
        self._put_numbers(record.exported)
        if any(record.missing):
            self._put(',"missing":')
            self._put_numbers(record.missing)
        self._put(',"estimated":%d,"grid":' % record.estimated)
        self._put_range(record.grid)
        self._put(',"voltages":')
        self._put_ranges(record.voltages)
        if record.power:
            self._put(',"power":')
            self._put_ranges(record.power)
        if pulses:
            for i, serial in enumerate(pulses):
                self._put('%s"%s":' % ("," if i else ',"pulses":{', serial))
                self._put_numbers(pulses[serial])
            self._put("}")
        if record.cut:
            self._put(',"cut":true')
        self._put(',"events":%d}' % record.events)
        self.records += 1
        return True

    def end(self) -> None:
        """The message is whole."""
        self._put("]}")

    def view(self) -> memoryview:
        """Its bytes."""
        return self._view[: self._size]

    def _put(self, text):
        data = text.encode()
        end = self._size + len(data)
        self._view[self._size : end] = data
        self._size = end

    def _put_numbers(self, values):
        self._size = _put_numbers(self._room, self._size, values, None)

    def _put_range(self, values):
        if values is None:
            self._put("null")
        else:
            self._put_numbers(values)

    def _put_ranges(self, ranges):
        mark = "["
        for values in ranges:
            self._put(mark)
            self._put_range(values)
            mark = ","
        self._put("[]" if mark == "[" else "]")
