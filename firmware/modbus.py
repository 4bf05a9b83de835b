"""Modbus RTU frames as bytes: "MODBUS over serial line" V1.02 and the application protocol V1.1b3,
function codes 3 (read holding registers) and 16 (write multiple registers).

Owns the check sum, the encoding of requests and the judgement of answers. Knows neither time nor
the line. Nothing here allocates after import.
"""

from array import array

import micropython
from micropython import const

READ, WRITE = const(3), const(16)
READ_BYTES = const(8)  # of a read request
LONGEST = const(260)  # no answer has more, whatever length it claims
_FAILED = const(0x80)  # added to the function code of an exception answer

# What check() says of an answer.
(
    OK,
    SILENT,
    SHORT,
    BAD_CRC,
    WRONG_UNIT,
    WRONG_FUNCTION,
    WRONG_LENGTH,
    WRONG_ECHO,
    EXCEPTION,
) = range(9)
NAMES = (
    "answered",
    "no answer",
    "answer cut short",
    "answer damaged",
    "answer of another unit",
    "answer to another function",
    "answer with another number of registers",
    "answer confirms another write",
    "exception",
)

# Exception codes, by the application protocol.
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "server device failure",
    5: "acknowledge",
    6: "server device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}


def _crc_table():
    table = array("H", bytes(512))
    for i in range(256):
        c = i
        for _ in range(8):
            c = (c >> 1) ^ 0xA001 if c & 1 else c >> 1
        table[i] = c
    return table


_TABLE = _crc_table()


@micropython.viper
def _crc16(data: ptr8, count: int, table: ptr16) -> int:
    c = 0xFFFF
    for i in range(count):
        c = (c >> 8) ^ table[(c ^ data[i]) & 255]
    return c


def crc16(data, count):
    """CRC-16 of data[:count], which must exist. On the line its low byte comes first; over a frame
    with its check it is 0."""
    return _crc16(data, count, _TABLE)


def _begin(frame, function, unit, address, count, most):
    if not 1 <= unit <= 247:
        raise ValueError("unit %d: must be 1 to 247" % unit)
    if not 1 <= count <= most:
        raise ValueError("%d registers: must be 1 to %d" % (count, most))
    if not 0 <= address <= 65536 - count:
        raise ValueError("registers %d to %d: 65535 is the last" % (address, address + count - 1))
    frame[0] = unit
    frame[1] = function
    frame[2] = address >> 8
    frame[3] = address & 255
    frame[4] = 0
    frame[5] = count


def _seal(frame, count):
    c = _crc16(frame, count, _TABLE)
    frame[count] = c & 255
    frame[count + 1] = c >> 8


def write_bytes(count):
    """Length of a request that writes `count` registers."""
    return 9 + 2 * count


def encode_read(frame, unit, address, count):
    """Write the request for `count` (1 to 125) registers of `unit` (1 to 247) from `address`
    (0 to 65535) on into the first READ_BYTES bytes of `frame`. ValueError when out of range."""
    _begin(frame, READ, unit, address, count, 125)
    _seal(frame, 6)


def encode_write(frame, unit, address, values):
    """Write the request that sets the registers from `address` on to `values` (1 to 123 of 0 to
    65535) into the first write_bytes(len(values)) bytes of `frame`. ValueError when out of
    range."""
    count = len(values)
    _begin(frame, WRITE, unit, address, count, 123)
    frame[6] = 2 * count
    for i in range(count):
        value = values[i]
        if not 0 <= value <= 65535:
            raise ValueError("register %d: must be 0 to 65535" % (address + i))
        frame[7 + 2 * i] = value >> 8
        frame[8 + 2 * i] = value & 255
    _seal(frame, 7 + 2 * count)


def answer_bytes(request):
    """Length of the answer to `request` when all is well."""
    return 5 + 2 * request[5] if request[1] == READ else 8


def _length(answer, have):
    """Length of the answer as far as can be told from its first `have` bytes."""
    if have >= 3:
        function = answer[1]
        if function == READ:
            return 5 + answer[2]
        if function == WRITE:
            return 8
        if not function & _FAILED:
            return max(5, have)  # nobody asked for this: as long as it is
    return 5


def missing(answer, have):
    """How many bytes the answer still lacks when its first `have` are there, as far as can be
    told from them; 0 when it is complete."""
    return max(0, _length(answer, have) - have)


def check(request, answer, have):
    """Judge the `have` bytes in `answer` that came after `request`: OK, or the first fault found.
    Bytes behind a complete answer do not count. The code of an EXCEPTION is answer[2]."""
    if not have:
        return SILENT
    if missing(answer, have):
        return SHORT
    if _crc16(answer, _length(answer, have), _TABLE):
        return BAD_CRC
    if answer[0] != request[0]:
        return WRONG_UNIT
    function = answer[1]
    if function != request[1]:
        return EXCEPTION if function == request[1] | _FAILED else WRONG_FUNCTION
    if function == READ:
        return OK if answer[2] == 2 * request[5] else WRONG_LENGTH
    for i in range(2, 6):
        if answer[i] != request[i]:
            return WRONG_ECHO
    return OK


def register(answer, i):
    """Register `i` of a read answer, 0 to 65535."""
    return answer[3 + 2 * i] << 8 | answer[4 + 2 * i]


@micropython.viper
def _take32(answer: ptr8, at: int, step: int, target: ptr32, count: int):
    for i in range(count):
        low = (answer[at] << 8) | answer[at + 1]
        high = (answer[at + 2] << 8) | answer[at + 3]
        target[i] = (high << 16) | low
        at += step


def take32(answer, first, stride, target):
    """Fill `target`, an array("f") or array("i"), with the 32-bit values of a good read answer,
    low word first: value k lies in registers first + k * stride and the one behind.

    ValueError when the answer has not that many registers.
    """
    count = len(target)
    if first < 0 or stride < 1 or 2 * (first + stride * (count - 1) + 2) > answer[2]:
        raise ValueError("the answer holds fewer values")
    _take32(answer, 3 + 2 * first, 2 * stride, target, count)
