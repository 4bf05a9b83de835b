"""Frames of the A-bus as bytes: docs/a-bus.md sections 3 and 5, and nothing else.

Owns the check sum, the encoding of what the gateway sends and the search for frames in what it
received. Knows neither time nor nodes. Nothing here allocates after import.
"""

from array import array
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

# What find() reports of a frame: indices of its result, an array of 32-bit integers.
KIND, ADDRESS, ARGUMENT, BLOCK, BODY, BAD_SECTIONS, NEXT, END, NOISE = range(9)


@micropython.viper
def _fill_crc_table(table: ptr32):
    for i in range(256):
        c = uint(i)
        for _ in range(8):
            c = (c >> 1) ^ uint(0xEDB88320) if int(c) & 1 else c >> 1
        table[i] = int(c)
    for i in range(256, 1024):
        c = uint(table[i - 256])
        table[i] = int(((c >> 8) & uint(0xFFFFFF)) ^ uint(table[int(c) & 255]))


CRC_TABLE = array("I", bytes(4096))
_fill_crc_table(CRC_TABLE)


@micropython.viper
def _seal(data: ptr32, first: int, words: int, table: ptr32):
    """Write the CRC-32 of `words` 32-bit words from word `first` on behind them."""
    c = int(0xFFFFFFFF)
    i = first
    while words:
        c = c ^ data[i]
        c = (
            table[768 + (c & 255)]
            ^ table[512 + ((c >> 8) & 255)]
            ^ table[256 + ((c >> 16) & 255)]
            ^ table[(c >> 24) & 255]
        )
        i += 1
        words -= 1
    data[i] = c ^ int(0xFFFFFFFF)


def encode(frame, kind, address, argument=0, block=0, payload=0):
    """Write a frame's header into the first 12 bytes of `frame` (a bytearray); its one section of
    `payload` bytes, where there is one, must be there already and gets its check."""
    frame[0] = 0xA5
    frame[1] = kind
    frame[2] = address
    frame[3] = argument
    frame[4] = block & 255
    frame[5] = (block >> 8) & 255
    frame[6] = payload + 4 if payload else 0
    frame[7] = 0
    _seal(frame, 0, 2, CRC_TABLE)
    if payload:
        _seal(frame, 3, payload >> 2, CRC_TABLE)


def encode_assign(serial, address, schedule, slot_us, session=0, nonce=0):
    """The ASSIGN frame for the node with this serial (`TTTTNNNNNN`, a string); allocates."""
    frame = bytearray(HEADER_BYTES + 20)
    kind, number = int(serial[:4]), int(serial[4:])
    pack_into("<HHIBBHI", frame, 12, kind, slot_us, number, address, schedule, session, nonce)
    encode(frame, ASSIGN, EVERYBODY, 0, 0, 16)
    return frame


@micropython.viper
def find(
    crc: int, words: ptr32, data: ptr8, begin: int, end: int, table: ptr32, result: ptr32
) -> int:
    """Find the next frame with a right header in data[begin:end]; 1 if there is one, else 0.

    `data` is 4-byte aligned; `crc` and `words` are scratch (pass 0 and `data`); `result` holds 9
    integers. A frame that does not begin at a multiple of 4 is moved down with everything behind
    it, so `end` can shrink: go on with result[NEXT] and result[END]. Bit k of result[BAD_SECTIONS]
    is set when section k is damaged or cut off; the search goes on behind the last good one.
    result[NOISE] counts skipped bytes and is only ever added to. Reads and writes inside
    data[begin:end] only; whole frames take about 16
    instructions a byte, noise at most 100.
    """
    b = ptr8(int(result))  # result[0] serves as the four bytes of a word
    ones = 1
    ones = (ones << 31 << 1) - 1  # as a constant it would be an object
    t1 = ptr32(int(table) + 1024)
    t2 = ptr32(int(table) + 2048)
    t3 = ptr32(int(table) + 3072)
    p = begin
    result[0] = 0
    while p + 12 <= end:
        kind = data[p + 1]
        length = data[p + 6] | (data[p + 7] << 8)
        if data[p] != 0xA5 or kind == 0 or kind > 11 or length & 3 or length > 544:
            p += 1
            result[8] = result[8] + 1
            continue
        crc = ones
        for i in range(8):
            crc = table[(crc ^ data[p + i]) & 255] ^ ((crc >> 8) & 0xFFFFFF)
        i = data[p + 8] | (data[p + 9] << 8) | (data[p + 10] << 16) | (data[p + 11] << 24)
        if (crc ^ i ^ ones) & ones:
            p += 1
            result[8] = result[8] + 1
            continue
        shift = p & 3
        if shift:
            p -= shift
            end -= shift
            i = p
            while i < end:
                data[i] = data[i + shift]
                i += 1
        argument = data[p + 3]
        sections = 0
        first = 33  # words of the first section, its check included
        if kind == 2 or kind == 4:
            if argument & 0x10:
                sections = 1
                first = 3
            if kind == 2:
                i = argument & 15
                while i:
                    sections += i & 1
                    i = i >> 1
        elif length:
            sections = 1
            first = length >> 2
        want = 0
        if sections:
            want = (first + (sections - 1) * 33) << 2
        if length != want:
            p += 1
            result[8] = result[8] + 1
            continue
        bad = 0
        at = p + 12
        good = at
        size = first
        section = 0
        while section < sections:
            if at + (size << 2) <= end:
                words = ptr32(int(data) + at)
                crc = ones
                i = size - 1
                while i >= 4:
                    result[0] = words[0] ^ crc
                    crc = t3[b[0]] ^ t2[b[1]] ^ t1[b[2]] ^ table[b[3]]
                    result[0] = words[1] ^ crc
                    crc = t3[b[0]] ^ t2[b[1]] ^ t1[b[2]] ^ table[b[3]]
                    result[0] = words[2] ^ crc
                    crc = t3[b[0]] ^ t2[b[1]] ^ t1[b[2]] ^ table[b[3]]
                    result[0] = words[3] ^ crc
                    crc = t3[b[0]] ^ t2[b[1]] ^ t1[b[2]] ^ table[b[3]]
                    words = ptr32(int(words) + 16)
                    i -= 4
                while i:
                    result[0] = words[0] ^ crc
                    crc = t3[b[0]] ^ t2[b[1]] ^ t1[b[2]] ^ table[b[3]]
                    words = ptr32(int(words) + 4)
                    i -= 1
                i = int((crc ^ words[0] ^ ones) & ones != 0)
            else:
                i = 1
            at += size << 2
            if i:
                bad |= 1 << section
            else:
                good = at
            size = 33
            section += 1
        result[0] = kind
        result[1] = data[p + 2]
        result[2] = argument
        result[3] = data[p + 4] | (data[p + 5] << 8)
        result[4] = p + 12
        result[5] = bad
        result[6] = good
        result[7] = end
        return 1
    return 0


@micropython.viper
def header_inside(data: ptr8, begin: int, end: int, table: ptr32) -> int:
    """Whether there is a right header in data[begin:end]: then a frame that seemed to reach that
    far was cut off, and its later sections are another frame's."""
    p = begin
    while p + 12 <= end:
        if data[p] == 0xA5:
            crc = int(0xFFFFFFFF)
            for i in range(8):
                crc = table[(crc ^ data[p + i]) & 255] ^ ((crc >> 8) & 0xFFFFFF)
            crc = crc ^ int(0xFFFFFFFF)
            check = data[p + 8] | (data[p + 9] << 8) | (data[p + 10] << 16) | (data[p + 11] << 24)
            if not (crc ^ check) & int(0xFFFFFFFF):
                return 1
        p += 1
    return 0
