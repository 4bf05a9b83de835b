"""Texts with numbers in them, written into a buffer that exists: constant pieces of JSON, and
between them what stands in arrays of integers.

A Form is made once, from the pieces and the places of the numbers; filling it in costs some
microseconds for each number and allocates nothing. No float is made: numbers are integers in units
of 10^-d. Rounding to fewer digits is half away from zero.
"""

import json
from array import array

import micropython
from micropython import const

UNKNOWN_64 = -(1 << 63)  # as readings.UNKNOWN, in an array of 64 bits

_MAX_NUMBER = const(24)  # bytes of a number, and room to put it together
# An op is a piece of text and the number behind it, in 5 halfwords.
_OP_BYTES = const(10)
_PIECE = const(0)  # where it begins
_LENGTH = const(1)
_KIND = const(2)  # of the number; 0: none
_SOURCE = const(3)
_INDEX = const(4)
# Kinds: bits 2-4 are the digits behind the point, bits 5-7 those that are left away.
_INT = const(1)
_LONG = const(2)
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
_SIZE = const(0)
_LIMIT = const(1)
_TOO_LONG = const(2)
_NEXT = const(3)  # op of the form


@micropython.viper
def _fill(
    x: int,
    p: ptr8,
    room: ptr8,
    state: ptr32,
    text: ptr8,
    ops: ptr16,
    sources,
    last: int,
):
    """Carry out the ops up to last - 1. x, p: working registers, pass 0 and `room`."""
    at = state[_SIZE]
    op = state[_NEXT]
    while op < last:
        o = ptr16(int(ops) + _OP_BYTES * op)
        op += 1
        length = o[_LENGTH]
        if at + length + _MAX_NUMBER > state[_LIMIT]:
            state[_TOO_LONG] = 1
            op = last
            break
        t = ptr8(int(text) + o[_PIECE])
        p = ptr8(int(room) + at)
        x = 0
        while x < length:
            p[x] = t[x]
            x += 1
        at += length
        kind = o[_KIND]
        if not kind:
            continue
        p = ptr8(int(room) + at)
        s = ptr16(sources[int(o[_SOURCE])])
        index = o[_INDEX]
        negative = 0
        n = _MAX_NUMBER  # digits are written from here on backwards
        if kind & _INT:
            s = ptr16(int(s) + 4 * index)
            negative = s[1] >> 15
            unknown = int(s[1] == 0x8000 and s[0] == 0)
            x = (((s[1] ^ 0x8000) - 0x8000) << 16) | s[0]
            if negative:
                x = 0 - x
        else:
            s = ptr16(int(s) + 8 * index)
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


@micropython.viper
def _copy(x: int, p: ptr8, room: ptr8, state: ptr32, piece: ptr8, length: int):
    """Add `piece`. x, p: working registers."""
    if state[_SIZE] + length > state[_LIMIT]:
        state[_TOO_LONG] = 1
        return
    p = ptr8(int(room) + state[_SIZE])
    x = 0
    while x < length:
        p[x] = piece[x]
        x += 1
    state[_SIZE] = state[_SIZE] + length


def quoted(text: str) -> bytes:
    """A text as JSON has it, bytes."""
    return json.dumps(text).encode()


class Text:
    """A buffer of `most` bytes, and what is written in it: nothing ever beyond its end."""

    def __init__(self, most: int):
        self._room = bytearray(most)
        self._view = memoryview(self._room)
        self._state = array("i", [0, most, 0, 0])

    def clear(self) -> None:
        """Begin anew."""
        self._state[_SIZE] = self._state[_TOO_LONG] = 0

    def put(self, piece: Bytes) -> None:
        """Add bytes. Allocates nothing."""
        _copy(0, self._room, self._room, self._state, piece, len(piece))

    def begin(self) -> None:
        """A form is filled in from its beginning."""
        self._state[_NEXT] = 0

    def fill(self, form: Form, most: int) -> bool:
        """Add at most so many numbers of a form; whether there are more. Allocates nothing."""
        state, count = self._state, form.count
        last = min(state[_NEXT] + most, count)
        _fill(0, self._room, self._room, state, form.text, form.ops, form.sources, last)
        return last < count and not state[_TOO_LONG]

    @property
    def too_long(self) -> bool:
        """Whether something did not fit: the text is not to be used."""
        return bool(self._state[_TOO_LONG])

    def view(self) -> memoryview:
        """The text so far, as a memoryview into the buffer."""
        return self._view[: self._state[_SIZE]]


class Form:
    """A text with places for numbers. `longest`: bytes of room that it needs, whatever the
    numbers are. It keeps the arrays, not what is in them."""

    def __init__(self) -> None:
        self.sources = []
        self.text = bytearray()
        self.ops = array("H")
        self.count = 0
        self.longest = _MAX_NUMBER
        self._piece = bytearray()

    def put(self, piece: bytes) -> None:
        """Go on with constant bytes."""
        self._piece.extend(piece)

    def number(
        self,
        source: Words,
        index: int,
        decimals: int = 0,
        away: int = 0,
        truncated: bool = False,
        zero: bool = False,
    ) -> None:
        """Go on with item `index` of `source`, an array of 32 bits, in units of 10^-(decimals +
        away). `away`: digits that are left away, rounded or, where that is wanted, truncated
        toward zero. Unknown is null or, where that is wanted, 0."""
        what = _INT | decimals << 2 | away << 5
        what |= (_TRUNCATED if truncated else 0) | (_ZERO if zero else 0)
        self._add(what, source, index)
        self.longest += 12

    def whole(self, source: Words, index: int) -> None:
        """Go on with item `index` of `source`, an array of 64 bits."""
        self._add(_LONG, source, index)
        self.longest += 20

    def close(self) -> None:
        """The form is complete."""
        if self._piece:
            self._add(0, self.sources[0] if self.sources else None, 0)
        self._piece = bytearray()

    def _add(self, what, source, index):
        for k in range(len(self.sources)):
            if self.sources[k] is source:
                break
        else:
            k = len(self.sources)
            self.sources.append(source)
        piece = bytes(self._piece)
        at = self.text.find(piece) if piece else 0
        if at < 0:  # else it stands there already
            at = len(self.text)
            self.text.extend(piece)
        for word in (at, len(piece), what, k, index):
            self.ops.append(word)
        self.count += 1
        self.longest += len(piece)
        self._piece = bytearray()
