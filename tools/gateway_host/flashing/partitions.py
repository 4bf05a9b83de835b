"""Partition tables: read as ESP-IDF's gen_esp32part reads them, checked for what a gateway needs,
and made into the bytes that lie at 0x8000."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from gateway_host.errors import UserError

TABLE = 0x8000
TABLE_BYTES = 0xC00
ROW = struct.Struct("<HBBII16sI")
ROW_MAGIC = 0x50AA
_MD5_ROW = b"\xeb\xeb" + b"\xff" * 14
_FIRST = 0x9000  # behind the table
_TYPES = {"app": 0, "data": 1}
_SUBTYPES = {
    0: {"factory": 0x00, **{f"ota_{n}": 0x10 + n for n in range(16)}},
    1: {"ota": 0x00, "phy": 0x01, "nvs": 0x02, "fat": 0x81, "spiffs": 0x82, "littlefs": 0x83},
}
_ALIGNED = {0: 0x10000, 1: 0x1000}
_OTADATA_BYTES = 0x2000
# What the firmware looks for by name.
_NEEDED = ("nvs", "phy_init", "vfs")


@dataclass(frozen=True)
class Partition:
    """`kind`: 0 an application, 1 data."""

    name: str
    kind: int
    subtype: int
    offset: int
    size: int

    @property
    def end(self) -> int:
        """Where the next one may begin."""
        return self.offset + self.size


def read(path: Path) -> list[Partition]:
    """The rows of a table (CSV); UserError, which row and why, for one that is none."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fields = [field.strip() for field in line.partition("#")[0].split(",")]
        if fields == [""]:
            continue
        if len(fields) not in (5, 6):
            raise UserError(f"{path.name}:{number}: a row has five fields, this one {len(fields)}")
        name, kind, subtype, offset, size = fields[:5]
        try:
            type_number = _TYPES[kind]
            known = _SUBTYPES[type_number]
            number_of = known[subtype] if subtype in known else int(subtype, 0)
            found.append(Partition(name, type_number, number_of, int(offset, 0), _size(size)))
        except (KeyError, ValueError):
            raise UserError(f"{path.name}:{number}: cannot be read: {line.strip()}") from None
    return found


def _size(text: str) -> int:
    unit = {"K": 1024, "M": 1024 * 1024}.get(text[-1:].upper())
    return int(text[:-1], 0) * unit if unit else int(text, 0)


def check(table: list[Partition], flash_bytes: int) -> None:
    """UserError with the first that cannot be in a flash of that size."""
    end = _FIRST
    for one in sorted(table, key=lambda row: row.offset):
        words = f"partition {one.name}"
        if one.offset % _ALIGNED[one.kind] or one.size % 0x1000 or one.size <= 0:
            raise UserError(f"{words}: offset or size is not at a block's edge")
        if one.offset < end:
            raise UserError(f"{words}: begins at {one.offset:#x}, inside what ends at {end:#x}")
        if one.end > flash_bytes:
            raise UserError(f"{words}: ends at {one.end:#x}, the flash at {flash_bytes:#x}")
        if len(one.name.encode()) > 16:
            raise UserError(f"{words}: a name has 16 bytes at most")
        end = one.end
    names = [one.name for one in table]
    for name in _NEEDED:
        if names.count(name) != 1:
            raise UserError(f"partition {name}: must be there once")
    slots = [one for one in table if one.kind == 0]
    updated = [one for one in slots if one.subtype >= 0x10]
    if not slots:
        raise UserError("no partition for MicroPython: one of the type app is needed")
    if updated:
        data = [one.size for one in table if (one.kind, one.subtype) == (1, 0)]
        if data != [_OTADATA_BYTES] or len({one.size for one in updated}) > 1 or len(updated) < 2:
            raise UserError(
                "slots ota_0, ota_1: two of one size, and otadata with 0x2000 bytes, are needed"
            )


def packed(table: list[Partition]) -> bytes:
    """The table as it lies in the flash, with its MD5."""
    rows = b"".join(
        ROW.pack(ROW_MAGIC, one.kind, one.subtype, one.offset, one.size, one.name.encode(), 0)
        for one in table
    )
    whole = rows + _MD5_ROW + hashlib.md5(rows, usedforsecurity=False).digest()
    return whole + b"\xff" * (TABLE_BYTES - len(whole))


def unpack(data: bytes) -> list[Partition]:
    """The rows of a table as it lies in the flash; none where there is none."""
    found = []
    for at in range(0, min(len(data), TABLE_BYTES) - ROW.size + 1, ROW.size):
        magic, kind, subtype, offset, size, name, _ = ROW.unpack_from(data, at)
        if magic != ROW_MAGIC:
            break
        found.append(Partition(name.rstrip(b"\0").decode(), kind, subtype, offset, size))
    return found
