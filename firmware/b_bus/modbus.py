"""Modbus RTU frames as bytes: "MODBUS over serial line" V1.02 and the application protocol V1.1b3,
functions 1 to 6, 15 and 16.

Owns the check sum, the encoding of requests, the judgement of answers and the values in them.
Knows neither time nor the line.
"""

import struct

import micropython
from micropython import const

COILS, DISCRETE, HOLDING, INPUT = const(1), const(2), const(3), const(4)
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = const(5), const(6), const(15), const(16)
_FAILED = const(0x80)  # added to the function code of an exception answer
_MAX_READ = {COILS: 2000, DISCRETE: 2000, HOLDING: 125, INPUT: 125, WRITE_COILS: 1968}
_MAX_WRITTEN = const(123)

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
BEHIND = 9  # bus_b.BusB says so: nothing came but the answer to another request


class ModbusError(Exception):
    """A request failed. `result`: of check(), or BEHIND; `code`: of the exception, else 0."""

    def __init__(self, result: int, code: int = 0):
        super().__init__(result, code)
        self.result = result
        self.code = code


@micropython.viper
def crc16(data: ptr8, count: int) -> int:
    """CRC-16 of data[:count], which must exist. On the line its low byte comes first; over a frame
    with its check it is 0."""
    c = 0xFFFF
    for i in range(count):
        c ^= data[i]
        for _ in range(8):
            if c & 1:
                c = (c >> 1) ^ 0xA001
            else:
                c >>= 1
    return c


def _bits(values):
    packed = bytearray((len(values) + 7) // 8)
    for i, value in enumerate(values):
        if value:
            packed[i >> 3] |= 1 << (i & 7)
    return packed


def request(unit: int, function: int, address: int, what: Any) -> bytes:
    """The frame of a request to `unit` (1 to 247; 0, broadcast, for writing). `what`: how many
    bits or registers are read, or the value or values that are written: booleans, or registers 0
    to 65535. ValueError when out of range."""
    least = 0 if function >= WRITE_COIL else 1
    if not least <= unit <= 247:
        raise ValueError("unit %d: must be %d to 247" % (unit, least))
    if function == WRITE_COIL:
        count, number = 1, 0xFF00 if what else 0
    elif function == WRITE_REGISTER:
        count, number = 1, what
    else:
        count = number = what if function <= INPUT else len(what)
        most = _MAX_READ.get(function, _MAX_WRITTEN)
        if not 1 <= count <= most:
            raise ValueError("%d registers or bits: must be 1 to %d" % (count, most))
    if not 0 <= address <= 65536 - count:
        raise ValueError("registers %d to %d: 65535 is the last" % (address, address + count - 1))
    data = b""
    if function == WRITE_COILS:
        data = _bits(what)
    elif function == WRITE_REGISTERS:
        data = bytearray()
        for value in what:
            data.extend(_word(value))
    if data:
        data = bytes((len(data),)) + data
    frame = bytes((unit, function)) + _word(address) + _word(number) + data
    return frame + struct.pack("<H", crc16(frame, len(frame)))


def _word(value):
    if not 0 <= value <= 65535:
        raise ValueError("%d: a register holds 0 to 65535" % value)
    return struct.pack(">H", value)


def answer_bytes(request: bytes) -> int:
    """Length of the answer to `request` when all is well."""
    function = request[1]
    if function <= DISCRETE:
        return 5 + ((request[4] << 8 | request[5]) + 7) // 8
    return 5 + 2 * request[5] if function <= INPUT else 8


def length(answer: Bytes, have: int) -> int:
    """Length of the answer as far as is known from its first `have` bytes."""
    if have >= 3:
        function = answer[1]
        if COILS <= function <= INPUT:
            return 5 + answer[2]
        if function in (WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS):
            return 8
        if not function & _FAILED:
            return max(5, have)  # nobody asked for this: as long as it is
    return 5


def missing(answer: Bytes, have: int) -> int:
    """How many bytes the answer still lacks when its first `have` are there, as far as can be
    known from them; 0 when it is complete."""
    return max(0, length(answer, have) - have)


def check(request: bytes, answer: Bytes, have: int) -> int:
    """Judge the `have` bytes in `answer` that came after `request`: OK, or the first fault found.
    Bytes behind a complete answer do not count. The code of an EXCEPTION is answer[2]."""
    if not have:
        return SILENT
    if missing(answer, have):
        return SHORT
    if crc16(answer, length(answer, have)):
        return BAD_CRC
    if answer[0] != request[0]:
        return WRONG_UNIT
    function = answer[1]
    if function != request[1]:
        return EXCEPTION if function == request[1] | _FAILED else WRONG_FUNCTION
    if function <= INPUT:
        return OK if 5 + answer[2] == answer_bytes(request) else WRONG_LENGTH
    for i in range(2, 6):
        if answer[i] != request[i]:
            return WRONG_ECHO
    return OK


# Values in the data of an answer to a read (from its fourth byte on, without check).


def register(data: Bytes, i: int) -> int:
    """Register `i`, 0 to 65535."""
    return data[2 * i] << 8 | data[2 * i + 1]


def low_first(data: Bytes, i: int, kind: str = "I") -> Any:
    """The 32-bit value in registers `i` (low word) and i + 1. kind: I, i or f, as in struct."""
    at = 2 * i
    return struct.unpack("<" + kind, bytes((data[at + 1], data[at], data[at + 3], data[at + 2])))[
        0
    ]


def split(value: int) -> list[int]:
    """A 32-bit value as two registers, low word first."""
    return [value & 0xFFFF, value >> 16 & 0xFFFF]
