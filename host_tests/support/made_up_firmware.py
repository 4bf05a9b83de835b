"""As much of a firmware file of MicroPython as is looked at: header, partitions, a version."""

from __future__ import annotations

import struct

from gateway_host.flashing import partitions
from gateway_host.flashing.chips import Chip


def made_up(
    chip: Chip,
    table: list[partitions.Partition],
    version: str = "1.27.0",
    number: int | None = None,
) -> bytes:
    """The file for the chip's start, with that table; number: of the chip in its header."""
    data = bytearray(b"\xff" * 0x20000)
    data[0] = 0xE9
    data[12:14] = struct.pack("<H", chip.number if number is None else number)
    at = partitions.TABLE - chip.start
    data[at : at + partitions.TABLE_BYTES] = partitions.packed(table)
    text = f"MicroPython v{version} on 2026-01-01\0".encode()
    data[0x18000 : 0x18000 + len(text)] = text
    return bytes(data)
