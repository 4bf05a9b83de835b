"""The emulated chip's flash: a published MicroPython firmware, and behind it the board's image as
`make image` packs it, with what a user copies beside it."""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

from littlefs import LittleFS, LittleFSError

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

STOCK = ROOT / "build" / "firmware" / "ESP32_GENERIC-1.25.0.bin"
OLDEST = (1, 25)

_BOOT_LOADER = 0x1000  # where the file belongs in the flash
_TABLE = 0x8000
_ROW = struct.Struct("<HBBII16sI")
_ROW_MAGIC = 0x50AA
_IMAGE_MAGIC = 0xE9
_CHIP_ESP32 = 0
_SECTOR = 4096
_FLASH_BYTES = 4 << 20
_PSRAM = b"Adding pool of %dK of PSRAM memory"  # only in a firmware that uses it


@dataclass(frozen=True)
class Firmware:
    """A firmware file: its `version` in words, whether it uses PSRAM, and the place of its file
    system in the flash."""

    path: Path
    version: str
    psram: bool
    vfs: int
    vfs_bytes: int

    def flash(self, files: bytes) -> bytes:
        """The whole flash with these bytes as the file system. UserError when they are too
        many."""
        if len(files) > self.vfs_bytes:
            raise UserError(
                f"the image has {len(files):,} bytes, the partition vfs of {self.path.name} "
                f"{self.vfs_bytes:,}"
            )
        flash = bytearray(b"\xff" * _FLASH_BYTES)
        program = self.path.read_bytes()
        flash[_BOOT_LOADER : _BOOT_LOADER + len(program)] = program
        flash[self.vfs : self.vfs + len(files)] = files
        return bytes(flash)


def firmware() -> Firmware:
    """What ESP32_FIRMWARE names, else the stock one of the set-up. UserError when there is none,
    or one that cannot be used."""
    named = os.environ.get("ESP32_FIRMWARE")
    path = Path(named) if named else STOCK
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror if named else "run `make setup`"
        raise UserError(
            f"no firmware for the emulated ESP32: {path.name}: {reason}; "
            "ESP32_FIRMWARE names a file for 0x1000 with PSRAM (docs/chip.md)"
        ) from None
    return examine(path, data)


def examine(path: Path, data: bytes) -> Firmware:
    """The Firmware that the file is; UserError when it is none for the ESP32 at 0x1000, or too
    old."""
    if len(data) < _TABLE + _SECTOR or data[0] != _IMAGE_MAGIC:
        raise UserError(f"{path.name} is no firmware for an ESP32 at 0x1000")
    chip = int.from_bytes(data[12:14], "little")
    if chip != _CHIP_ESP32:
        raise UserError(f"{path.name} is a firmware for another chip (number {chip} of Espressif)")
    found = re.search(rb"MicroPython v((\d+)\.(\d+)[^ \0]*)", data)
    if not found:
        raise UserError(f"{path.name} holds no MicroPython")
    version = found[1].decode()
    if (int(found[2]), int(found[3])) < OLDEST:
        raise UserError(f"{path.name} is MicroPython {version}: 1.25 or later is needed")
    if _BOOT_LOADER + len(data) > _FLASH_BYTES:
        raise UserError(f"{path.name} is larger than a flash of {_FLASH_BYTES:,} bytes")
    vfs, size = _file_system(path, data)
    return Firmware(path, version, _PSRAM in data, vfs, size)


def _file_system(path: Path, data: bytes) -> tuple[int, int]:
    """Offset and bytes of `vfs`. Where the table has none, MicroPython since 1.26 takes what is
    behind the last partition."""
    end = 0
    for at in range(_TABLE - _BOOT_LOADER, _TABLE - _BOOT_LOADER + 0xC00, _ROW.size):
        magic, _, _, offset, size, name, _ = _ROW.unpack_from(data, at)
        if magic != _ROW_MAGIC:
            break
        if name.rstrip(b"\0") == b"vfs":
            return offset, size
        end = max(end, offset + size)
    if not end:
        raise UserError(f"{path.name} has no partition table at {_TABLE:#x}")
    return end, _FLASH_BYTES - end


def file_system(littlefs: Path, more: dict[str, bytes]) -> bytes:
    """A board's LittleFS image with files beside what is in it: {name: content}."""
    image = littlefs.read_bytes()
    system = LittleFS(block_size=_SECTOR, block_count=len(image) // _SECTOR, mount=False)
    system.context.buffer = bytearray(image)
    system.mount()
    try:
        for name, content in more.items():
            with system.open("/" + name, "wb") as file:
                file.write(content)
    except LittleFSError as error:
        raise UserError(f"no room for {name} in {len(image):,} bytes: {error}") from error
    return bytes(system.context.buffer)
