"""A firmware file of MicroPython: which version it is, for which chip, and where its partitions
lie."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.flashing import partitions
from gateway_host.flashing.chips import CHIPS, Chip

OLDEST = (1, 25)
_IMAGE_MAGIC = 0xE9
_MIB = 1 << 20


@dataclass(frozen=True)
class MicroPython:
    """`data`: of the file; `table`: its partitions, with the `vfs` that it makes itself."""

    path: Path
    chip: Chip
    version: str
    data: bytes
    table: dict[str, partitions.Partition]


def read(path: Path, chip: Chip, flash_mb: int) -> MicroPython:
    """The firmware in that file; UserError where it cannot be one for that chip and flash."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"FIRMWARE={path}: {error.strerror}; {remedy(chip)}") from None
    at = partitions.TABLE - chip.start
    if len(data) < at + partitions.TABLE_BYTES or data[0] != _IMAGE_MAGIC:
        raise UserError(f"{path.name} is no firmware for {chip.start:#x}; {remedy(chip)}")
    number = int.from_bytes(data[12:14], "little")
    if number != chip.number:
        known = [one.family for one in CHIPS.values() if one.number == number]
        other = known[0] if known else f"chip number {number} of Espressif"
        raise UserError(f"{path.name} is for {other}, the board has {chip.family}: {remedy(chip)}")
    found = re.search(rb"MicroPython v((\d+)\.(\d+)[^ \0]*)", data)
    if not found:
        raise UserError(f"{path.name} holds no MicroPython; {remedy(chip)}")
    if (int(found[2]), int(found[3])) < OLDEST:
        raise UserError(f"{path.name} is MicroPython {found[1].decode()}: 1.25 or later is needed")
    rows = partitions.unpack(data[at:])
    if not rows:
        raise UserError(f"{path.name} has no partition table at {partitions.TABLE:#x}")
    table = {row.name: row for row in rows}
    if "vfs" not in table:  # MicroPython since 1.26 takes what is behind the last one
        end = max(row.end for row in rows)
        table["vfs"] = partitions.Partition("vfs", 1, 0x81, end, flash_mb * _MIB - end)
    try:
        partitions.check(list(table.values()), flash_mb * _MIB)
    except UserError as error:
        raise UserError(f"{path.name}: {error}; the board has {flash_mb} MB of flash") from None
    return MicroPython(path, chip, found[1].decode(), data, table)


def remedy(chip: Chip) -> str:
    """Where one comes from."""
    return f"{chip.stock} comes from micropython.org, or `make firmware` builds one"
