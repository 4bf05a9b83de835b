"""A gzip member (RFC 1952) made of parts that were compressed ahead and texts that are put in
between as they are."""

import binascii
import struct

from micropython import const

HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"  # empty
_BEFORE = const(12)  # bytes before a part's blocks
_POLYNOMIAL = 0xEDB88320  # of the CRC, bits reversed: the lowest is the highest power of x


def _multiply(a, b):
    """The product of two polynomials over GF(2), modulo the CRC's."""
    product = 0
    for _ in range(32):
        if a & 0x80000000:
            product ^= b
        a = a << 1 & 0xFFFFFFFF
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product


class Gzip:
    """One member: HEAD, any parts and texts, the tail."""

    def __init__(self) -> None:
        self._crc = 0
        self._size = 0

    def part(self, part: bytes) -> memoryview:
        """The blocks of a part (bytes): CRC of its text, length of it, x ** (8 * length) modulo
        the CRC's polynomial, four bytes each, low byte first; then whole blocks that end on a
        byte."""
        crc, size, power = struct.unpack_from("<III", part)
        self._crc = _multiply(power, self._crc) ^ crc
        self._size += size
        return memoryview(part)[_BEFORE:]

    def text(self, text: bytes) -> bytes:
        """A block of up to 65535 bytes that are not compressed."""
        self._crc = binascii.crc32(text, self._crc)
        size = len(text)
        self._size += size
        return struct.pack("<BHH", 0, size, size ^ 0xFFFF) + text

    def tail(self) -> bytes:
        """The end of the member."""
        return _LAST_BLOCK + struct.pack("<II", self._crc, self._size)
