"""Datagrams between the gateways of a site (docs/several-gateways.md, "On the wire"): their bytes,
and the code by which whoever sent one shows that it has the site's key. Owns the format.
"""

import struct
from binascii import crc32, unhexlify
from hashlib import sha256

import micropython
from micropython import const

HELLO, WELCOME, DATA, TAKEN = const(1), const(2), const(3), const(4)
_MAGIC = b"EGS1"
_HEAD = "<4sBBxx10s10sI8s"  # magic, kind, records, from, to, number, token
HEAD = const(40)
RECORD = const(48)  # who, 7 rates, import, export; see readings.RATES
RATES_AT, COUNTERS_AT = const(4), const(32)  # in a record
MAX_RECORDS = const(28)
CODE = const(16)
LONGEST = HEAD + MAX_RECORDS * RECORD + CODE
# Bytes behind the head of each kind: the session or the instance in one of the others.
_MORE = {HELLO: 8, WELCOME: 8, TAKEN: 0}
_BLOCK = const(64)  # of SHA-256


class Key:
    """The site's. text: 64 hexadecimal digits."""

    def __init__(self, text: str):
        key = unhexlify(text)
        key += bytes(_BLOCK - len(key))
        self._inner = bytes([byte ^ 0x36 for byte in key])
        self._outer = bytes([byte ^ 0x5C for byte in key])

    def code(self, data: Bytes) -> bytes:
        """HMAC-SHA256 (RFC 2104), its first 16 bytes."""
        inner = sha256(self._inner)
        inner.update(data)
        outer = sha256(self._outer)
        outer.update(inner.digest())
        return outer.digest()[:CODE]

    def is_of(self, data: Bytes) -> bool:
        """Whether the datagram ends with its code. It takes as long whatever differs."""
        view = memoryview(data)
        code = self.code(view[:-CODE])
        different = 0
        for j in range(CODE):
            different |= code[j] ^ view[j - CODE]
        return not different

    def sign(
        self, kind: int, sender: str, to: str, number: int, token: bytes, more: bytes
    ) -> bytes:
        """A datagram without records."""
        data = struct.pack(_HEAD, _MAGIC, kind, 0, sender.encode(), to.encode(), number, token)
        data += more
        return data + self.code(data)


def who(node: str, number: int) -> int:
    """What a point is called in a record. number: of its input, from 0."""
    return crc32("%s/%d" % (node, number))


def head(data: Bytes) -> tuple[int, int, str, str, int, bytes] | None:
    """(kind, records, from, to, number, token) of a datagram that is whole; else None."""
    size = len(data) - HEAD - CODE
    if size < 0:
        return None
    magic, kind, count, sender, to, number, token = struct.unpack_from(_HEAD, data)
    if magic != _MAGIC:
        return None
    if kind == DATA:
        whole = size == count * RECORD and count <= MAX_RECORDS
    else:
        whole = not count and size == _MORE.get(kind, -1)
    try:
        return (kind, count, sender.decode(), to.decode(), number, token) if whole else None
    except UnicodeError:
        return None


def put_head(data: bytearray, count: int, sender: str, to: str, number: int, token: bytes) -> None:
    """Begin a datagram with so many records."""
    struct.pack_into(
        _HEAD, data, 0, _MAGIC, DATA, count, sender.encode(), to.encode(), number, token
    )


@micropython.viper
def copy(to: ptr32, at: int, source: ptr32, first: int, words: int):
    """to[at ...] = source[first ...], words of 32 bits."""
    j = 0
    while j < words:
        to[at + j] = source[first + j]
        j += 1
