"""Frames of the A-bus as bytes: docs/a-bus.md sections 3 and 5, and nothing else.

Owns the encoding of what the gateway sends and the search for frames in what it received. Knows
neither time nor nodes. Nothing here allocates but `encode_assign`.

The check of section 3 is worked out in place, because a call for each word would take longer than
the word: from all ones on, exclusive or with the word, then three shifts. What is left after the
last word is the check.
"""

from struct import pack_into

import micropython
from micropython import const

POLL, DATA, REPEAT, NODATA, ASSIGN, INFO, QUERY, STATUS, IDENTIFY, SEARCH, FOUND = range(1, 12)
EVERYBODY = const(255)
HEAD = const(1)
HEADER_BYTES = const(12)
SECTION_BYTES = const(132)  # 64 samples and their check
TIMING_BYTES = const(12)
TIMING_FLAG = const(0x10)
_START = const(0xA5)
_KINDS = const(11)
_MAX_BODY_BYTES = const(544)
_DATA = const(2)
_NODATA = const(4)
_ASSIGN = const(5)
_SEARCH = const(10)
_ASSIGN_BYTES = const(16)  # of the payload
_SEARCH_BYTES = const(8)
_CHECK_BYTES = const(4)
# Where they are in a frame: bytes, BLOCK and the length two each, the lower one first
_KIND_AT = const(1)
_ADDRESS_AT = const(2)
_ARGUMENT_AT = const(3)
_BLOCK_AT = const(4)
_LENGTH_AT = const(6)
_SECTION_WORDS = const(SECTION_BYTES // 4)
_TIMING_WORDS = const(TIMING_BYTES // 4)

# What find() reports of a frame: indices of its result, an array of 32-bit integers.
KIND, ADDRESS, ARGUMENT, BLOCK, BODY, BAD_SECTIONS, NEXT, END, NOISE = range(9)
_KIND = const(0)
_ADDRESS = const(1)
_ARGUMENT = const(2)
_BLOCK = const(3)
_BODY = const(4)
_BAD_SECTIONS = const(5)
_NEXT = const(6)
_END = const(7)
_NOISE = const(8)


@micropython.viper
def encode(frame: ptr32, kind: int, address: int, argument: int, block: int):
    """Write the header of a gateway's frame into the first 12 bytes of `frame` (4-byte aligned);
    the payload of ASSIGN and SEARCH must be there already and gets its check."""
    payload = _ASSIGN_BYTES if kind == _ASSIGN else _SEARCH_BYTES if kind == _SEARCH else 0
    frame[0] = _START | kind << 8 | address << 16 | argument << 24
    frame[1] = block & 0xFFFF | (payload + _CHECK_BYTES if payload else 0) << 16
    left = 2  # words of the header, then of the payload
    while left:
        check = 0 - 1
        while left:
            check = frame[0] ^ check
            check = check << 1 ^ check
            check = check >> 10 & 0x3FFFFF ^ check
            check = check << 9 ^ check
            frame = ptr32(int(frame) + 4)
            left -= 1
        frame[0] = check
        frame = ptr32(int(frame) + 4)
        left = payload >> 2
        payload = 0


def encode_assign(
    serial: str, address: int, schedule: int, slot_us: int, session: int = 0, nonce: int = 0
) -> bytearray:
    """The ASSIGN frame for the node with this serial (`TTTTNNNNNN`, a string); allocates."""
    frame = bytearray(HEADER_BYTES + _ASSIGN_BYTES + _CHECK_BYTES)
    kind, number = int(serial[:4]), int(serial[4:])
    pack_into(
        "<HHIBBHI", frame, HEADER_BYTES, kind, slot_us, number, address, schedule, session, nonce
    )
    encode(frame, ASSIGN, EVERYBODY, 0, 0)
    return frame


@micropython.viper
def find(data: ptr8, check: int, result: ptr32) -> int:
    """Find the next frame with a right header in data[result[NEXT]:result[END]]; 1 if there is
    one, else 0.

    `data` is 4-byte aligned; check: a working register, pass 0; `result` holds 9 integers. A frame
    that does not begin at a multiple of 4 is moved down with everything behind it, so result[END]
    can shrink. Bit k of result[BAD_SECTIONS] is set when section k is damaged or cut off;
    result[NEXT] is behind the last good one: go on there. result[NOISE] counts skipped bytes and
    is only ever added to. Reads and writes inside data[NEXT:END] only; whole frames take about 9
    instructions a byte, noise at most 100.
    """
    ones = 1
    ones = (ones << 31 << 1) - 1  # 32 bits, also where words have 64
    p = int(result[_NEXT])
    end = int(result[_END])
    while p + HEADER_BYTES <= end:
        kind = data[p + _KIND_AT]
        length = data[p + _LENGTH_AT] | data[p + (_LENGTH_AT + 1)] << 8
        if (
            data[p] != _START
            or kind == 0
            or kind > _KINDS
            or length & 3
            or length > _MAX_BODY_BYTES
        ):
            p += 1
            result[_NOISE] = result[_NOISE] + 1
            continue
        check = ones
        i = 0
        while i < HEADER_BYTES:
            check = data[p + i] << ((i & 3) << 3) ^ check
            i += 1
            if not i & 3 and i < HEADER_BYTES:
                check = check << 1 ^ check
                check = check >> 10 & 0x3FFFFF ^ check
                check = check << 9 ^ check
        argument = data[p + _ARGUMENT_AT]
        sections = 0
        first = _SECTION_WORDS  # words of the first section, its check included
        if kind == _DATA or kind == _NODATA:
            if argument & TIMING_FLAG:
                sections = 1
                first = _TIMING_WORDS
            if kind == _DATA:
                i = argument & 15
                while i:
                    sections += i & 1
                    i = i >> 1
        elif length:
            sections = 1
            first = length >> 2
        want = 0
        if sections:
            want = first + (sections - 1) * _SECTION_WORDS << 2
        if check & ones or length != want:
            p += 1
            result[_NOISE] = result[_NOISE] + 1
            continue
        shift = p & 3
        if shift:
            p -= shift
            end -= shift
            i = p
            while i < end:
                data[i] = data[i + shift]
                i += 1
        bad = 0
        at = p + HEADER_BYTES
        good = at
        size = first
        section = 0
        while section < sections:
            check = 1
            if at + (size << 2) <= end:
                check = ones
                words = ptr32(int(data) + at)
                i = size - 1
                while i:
                    check = words[0] ^ check
                    check = check << 1 ^ check
                    check = check >> 10 & 0x3FFFFF ^ check
                    check = check << 9 ^ check
                    words = ptr32(int(words) + 4)
                    i -= 1
                check = words[0] ^ check
            at += size << 2
            if check & ones:
                bad |= 1 << section
            else:
                good = at
            size = _SECTION_WORDS
            section += 1
        result[_KIND] = kind
        result[_ADDRESS] = data[p + _ADDRESS_AT]
        result[_ARGUMENT] = argument
        result[_BLOCK] = data[p + _BLOCK_AT] | data[p + (_BLOCK_AT + 1)] << 8
        result[_BODY] = p + HEADER_BYTES
        result[_BAD_SECTIONS] = bad
        result[_NEXT] = good
        result[_END] = end
        return 1
    return 0


@micropython.viper
def header_inside(data: ptr8, begin: int, end: int) -> int:
    """Whether there is a right header in data[begin:end]: then a frame that seemed to reach that
    far was cut off, and its later sections are another frame's."""
    p = begin
    while p + HEADER_BYTES <= end:
        if data[p] == _START:
            check = 0 - 1
            i = 0
            while i < HEADER_BYTES:
                check = data[p + i] << ((i & 3) << 3) ^ check
                i += 1
                if not i & 3 and i < HEADER_BYTES:
                    check = check << 1 ^ check
                    check = check >> 10 & 0x3FFFFF ^ check
                    check = check << 9 ^ check
            if not check & int(0xFFFFFFFF):
                return 1
        p += 1
    return 0
