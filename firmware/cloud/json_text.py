"""Texts with numbers in them: constant pieces of JSON, and between them what stands in arrays of
integers.

A Text takes the numbers that forms (json_form.Form) name as they are now, a quarter of what they
are as JSON, and is written while it is sent, piece by piece. Either costs some microseconds for
each number. No float is made: numbers are integers in units of 10^-d. Rounding to fewer digits is
half away from zero.
"""

from array import array

import micropython
from micropython import const

UNKNOWN_64 = -(1 << 63)  # as readings.UNKNOWN, in an array of 64 bits

ROOM = 512  # bytes in which a Text is put together
_MAX_NUMBER = const(24)  # of them for a number
# An op is a piece of text and the number behind it, in 5 halfwords.
_OP_BYTES = const(10)
_PIECE = const(0)  # where it begins
_LENGTH = const(1)
_KIND = const(2)  # of the number; 0: none
_SOURCE = const(3)
_INDEX = const(4)
# Kinds, see kind_of(): bits 2-4 are the digits behind the point, bits 5-7 those left away.
_INT = const(1)
_TRUNCATED = const(0x100)  # left away toward zero
_ZERO = const(0x200)  # unknown is 0
_DECIMALS_SHIFT = const(2)
_AWAY_SHIFT = const(5)
# Characters
_CHAR_0 = const(48)
_POINT = const(46)
_MINUS = const(45)
_CHAR_N = const(110)
_CHAR_U = const(117)
_CHAR_L = const(108)
# The state of a Text
_SIZE = const(0)  # bytes so far
_LIMIT = const(1)  # bytes of room; 0: it is counted, not written
_NEXT = const(2)  # op of the form
_WORD = const(3)  # the next number's
_WORDS = const(4)
_MAX_PARTS = const(6)

LONG = 2  # the kind of a number of 64 bits

_room = bytearray(_MAX_NUMBER)  # a number that is counted


@micropython.viper
def _take(x: int, numbers: ptr32, state: ptr32, ops: ptr16, sources, last: int):
    """Keep what the ops from the next one up to last - 1 name. x: a working register, pass 0."""
    word = state[_WORD]
    op = state[_NEXT]
    while op < last:
        o = ptr16(int(ops) + _OP_BYTES * op)
        op += 1
        if not o[_KIND]:
            continue
        s = ptr32(sources[int(o[_SOURCE])])
        x = o[_INDEX]
        if not o[_KIND] & _INT:
            x *= 2
            numbers[word] = s[x]
            word += 1
            x += 1
        numbers[word] = s[x]
        word += 1


@micropython.viper
def _fill(
    x: int,
    p: ptr8,
    room: ptr8,
    state: ptr32,
    text: ptr8,
    ops: ptr16,
    numbers: ptr32,
    last: int,
):
    """Carry out the ops up to last - 1, as far as there is room. x, p: working registers, pass 0
    and `room`."""
    at = state[_SIZE]
    op = state[_NEXT]
    word = state[_WORD]
    limit = state[_LIMIT]
    while op < last:
        o = ptr16(int(ops) + _OP_BYTES * op)
        length = o[_LENGTH]
        p = room
        if limit:
            if at + length + _MAX_NUMBER > limit:
                break
            t = ptr8(int(text) + o[_PIECE])
            p = ptr8(int(room) + at)
            x = 0
            while x < length:
                p[x] = t[x]
                x += 1
            p = ptr8(int(p) + length)
        op += 1
        at += length
        kind = o[_KIND]
        if not kind:
            continue
        s = ptr16(int(numbers) + 4 * word)
        word += 1
        negative = 0
        n = _MAX_NUMBER  # digits are written from here on backwards
        if kind & _INT:
            negative = s[1] >> 15
            unknown = int(s[1] == 0x8000 and s[0] == 0)
            x = (((s[1] ^ 0x8000) - 0x8000) << 16) | s[0]
            if negative:
                x = 0 - x
        else:
            word += 1
            a = s[0]
            b = s[1]
            c = s[2]
            d = s[3]
            negative = d >> 15
            unknown = int(d == 0x8000 and (a | b | c) == 0)
            if negative:
                a = 0x10000 - a
                b = 0xFFFF - b + (a >> 16)
                c = 0xFFFF - c + (b >> 16)
                d = (0xFFFF - d + (c >> 16)) & 0xFFFF
                a &= 0xFFFF
                b &= 0xFFFF
                c &= 0xFFFF
            if not unknown:
                while d or c or b >= 0x4000:
                    x = d // 10000  # four digits at a time
                    y = ((d - x * 10000) << 16) | c
                    d = x
                    c = y // 10000
                    y = ((y - c * 10000) << 16) | b
                    b = y // 10000
                    y = ((y - b * 10000) << 16) | a
                    a = y // 10000
                    x = y - a * 10000
                    end = n - 4
                    while n > end:
                        y = x // 10
                        n -= 1
                        p[n] = x - y * 10 + _CHAR_0
                        x = y
            x = (b << 16) | a
        if unknown:
            if kind & _ZERO:
                p[0] = _CHAR_0
                at += 1
            else:
                p[0] = _CHAR_N
                p[1] = _CHAR_U
                p[2] = _CHAR_L
                p[3] = _CHAR_L
                at += 4
            continue
        away = (kind >> _AWAY_SHIFT) & 7
        if away:
            y = 1
            while away:
                y *= 10
                away -= 1
            a = x // y
            if not kind & _TRUNCATED and 2 * (x - a * y) >= y:
                a += 1
            x = a
        decimals = (kind >> _DECIMALS_SHIFT) & 7
        while decimals:
            y = x // 10
            if y * 10 != x:
                break
            x = y
            decimals -= 1
        if x == 0 and n == _MAX_NUMBER:
            negative = 0
        while True:
            y = x // 10
            n -= 1
            p[n] = x - y * 10 + _CHAR_0
            x = y
            decimals -= 1
            if decimals == 0:
                n -= 1
                p[n] = _POINT
            if decimals < 0 and x == 0:
                break
        if negative:
            n -= 1
            p[n] = _MINUS
        length = _MAX_NUMBER - n
        t = ptr8(int(p) + n)
        x = 0
        while x < length:
            p[x] = t[x]
            x += 1
        at += length
    state[_SIZE] = at
    state[_NEXT] = op
    state[_WORD] = word


def kind_of(decimals: int, away: int, truncated: bool, zero: bool) -> int:
    """The kind of a number of 32 bits, see Form.number(); never 0."""
    what = _INT | decimals << _DECIMALS_SHIFT | away << _AWAY_SHIFT
    return what | (_TRUNCATED if truncated else 0) | (_ZERO if zero else 0)


class Text:
    """What one message has: forms with the numbers that stood in their arrays, and bytes. `words`:
    of 32 bits, as many as its forms have together. Its length in bytes is len()."""

    def __init__(self, words: int):
        self.words = words
        self._numbers = array("i", bytes(4 * words))
        self._parts: list[Any] = [None] * _MAX_PARTS
        self._count = 0  # of them
        self._state = array("i", bytes(4 * _WORDS))

    def clear(self) -> None:
        """Begin anew."""
        self._count = 0
        self._state[_SIZE] = self._state[_WORD] = 0

    def put(self, piece: bytes) -> None:
        """Go on with bytes, which are not copied."""
        self._add(piece)
        self._state[_SIZE] += len(piece)

    def begin(self, form: Form) -> None:
        """Go on with a form; ValueError where there is no room for its numbers."""
        if self._state[_WORD] + form.words > self.words:
            raise ValueError("more numbers than %d words" % self.words)
        self._add(form)
        self._state[_NEXT] = 0

    def fill(self, most: int) -> bool:
        """Take at most so many numbers more of that form; whether there are others. Allocates
        nothing."""
        form, state, numbers = self._parts[self._count - 1], self._state, self._numbers
        last = min(state[_NEXT] + most, form.count)
        _take(0, numbers, state, form.ops, form.sources, last)
        _fill(0, _room, _room, state, form.text, form.ops, numbers, last)  # it is counted
        return last < form.count

    def _add(self, part):
        self._parts[self._count] = part
        self._count += 1

    def __len__(self) -> int:
        return self._state[_SIZE]

    def pieces(self, room: memoryview) -> Iterator[Bytes]:
        """All of it, in pieces that last until the next; not to be cleared meanwhile. room: where
        they are put together, of ROOM bytes at least."""
        state = array("i", bytes(4 * _WORDS))
        state[_LIMIT] = len(room)
        for part in self._parts[: self._count]:
            if isinstance(part, bytes):
                yield part
                continue
            state[_NEXT] = 0
            while state[_NEXT] < part.count:
                state[_SIZE] = 0
                _fill(0, room, room, state, part.text, part.ops, self._numbers, part.count)
                yield room[: state[_SIZE]]
