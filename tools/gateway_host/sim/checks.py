"""The check behind headers and sections (docs/a-bus.md, section 3): word by word as it is defined,
and by a table for all sections of a block at once.
"""

import struct

import numpy as np

_ONES = 0xFFFFFFFF
_CHANNEL_BYTES = 128


def _mix(x: int) -> int:
    x ^= x << 1 & _ONES
    x ^= x >> 10
    return x ^ x << 9 & _ONES


def check_of(data: bytes) -> int:
    """The check of `data`, a multiple of 4 bytes."""
    if len(data) == _CHANNEL_BYTES:
        return int(checks_of(np.frombuffer(data, np.uint8)[None])[0])
    check = _ONES
    for (word,) in struct.iter_unpack("<I", data):
        check = _mix(check ^ word)
    return check


def _channel_table() -> tuple[np.ndarray, int]:
    """What each byte of a channel's 128 adds to its check, [128 x 256], and the check of zeros:
    the check of an exclusive-or is that of its parts.
    """
    table = np.zeros((_CHANNEL_BYTES, 256), np.uint32)
    bits = [1 << bit for bit in range(32)]
    zeros = _ONES
    for word in reversed(range(_CHANNEL_BYTES // 4)):
        bits = [_mix(bit) for bit in bits]
        zeros = _mix(zeros)
        for byte in range(4):
            row = table[4 * word + byte]
            for bit in range(8):
                row[1 << bit : 2 << bit] = row[: 1 << bit] ^ np.uint32(bits[8 * byte + bit])
    return table.ravel(), zeros


_TABLE, _ZEROS = _channel_table()
_ROWS = np.arange(0, 256 * _CHANNEL_BYTES, 256)


def checks_of(channels: np.ndarray) -> np.ndarray:
    """The checks (uint32) of payloads of 128 bytes, uint8 [any, 128]."""
    parts = _TABLE.take(channels + _ROWS)
    return np.bitwise_xor.reduce(parts, axis=1) ^ np.uint32(_ZEROS)
