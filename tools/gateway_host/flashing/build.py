"""MicroPython for a gateway, built of its sources with ESP-IDF."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.flashing import partitions
from gateway_host.flashing.chips import Chip
from gateway_host.flashing.micropython import MicroPython, read
from gateway_host.interpreter import ROOT

_OLDEST = (1, 26)  # the first with ROMFS on the ESP32
_MIB = 1 << 20
_VERSION = r"#define MICROPY_VERSION_MAJOR (\d+)\s+#define MICROPY_VERSION_MINOR (\d+)"
_IDF = (
    "no ESP-IDF: {what}; install the version that MicroPython's ports/esp32/README.md names, then "
    "run `. $IDF_PATH/export.sh` in this terminal"
)


def table_file(flash_mb: int) -> Path:
    """The partition table for so much flash, of every chip."""
    return ROOT / "boards" / "ESP32_GATEWAY" / f"partitions-{flash_mb}MB.csv"


def build(
    chip: Chip, flash_mb: int, sources: Path, into: Path, environment: Mapping[str, str]
) -> MicroPython:
    """Build it and put it at `into`. UserError, in one line, for what is missing, and where the
    build fails or its table is not ours."""
    table = partitions.read(table_file(flash_mb))
    partitions.check(table, flash_mb * _MIB)
    port = sources / "ports" / "esp32"
    if not (port / "Makefile").exists():
        raise UserError(
            f"MICROPYTHON={sources}: no ports/esp32/Makefile there; it is a copy of MicroPython's "
            "sources: git clone -b v1.27.0 https://github.com/micropython/micropython"
        )
    header = (sources / "py" / "mpconfig.h").read_text(encoding="utf-8")
    found = re.search(_VERSION, header)
    if not found or (int(found[1]), int(found[2])) < _OLDEST:
        number = ".".join(found.groups()) if found else "of an unknown version"
        raise UserError(f"MICROPYTHON={sources}: MicroPython {number}, 1.26 or later is needed")
    path = environment.get("PATH", "")
    if "IDF_PATH" not in environment:
        raise UserError(_IDF.format(what="IDF_PATH is not set"))
    for program in ("idf.py", "make"):
        if not shutil.which(program, path=path):
            raise UserError(_IDF.format(what=f"{program} is not on PATH"))
    folder = ROOT / "build" / "firmware" / f"{chip.board}-{flash_mb}MB"
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.with_suffix(".log")
    command = ["make", "--no-print-directory", "-C", str(port)]
    command += [f"BOARD_DIR={ROOT / 'boards' / chip.board}", f"BUILD={folder}"]
    # What the make that called this one wants is not meant for it.
    own = {name: value for name, value in environment.items() if not name.startswith("MAKE")}
    with log.open("wb") as said:
        code = subprocess.run(
            command,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**own, "GATEWAY_FLASH_MB": str(flash_mb)},
        ).returncode
    made = folder / "firmware.bin"
    if code or not made.exists():
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        words = lines[-1] if lines else "it says nothing"
        raise UserError(f"MicroPython was not built: {words} (all of it: {log})")
    built = read(made, chip, flash_mb)
    if list(built.table.values()) != table:
        raise UserError(
            f"{made.name} has other partitions than {table_file(flash_mb).name}: "
            f"remove {folder} and build anew"
        )
    into.parent.mkdir(parents=True, exist_ok=True)
    aside = into.with_suffix(f".{os.getpid()}")
    shutil.copy(made, aside)
    os.replace(aside, into)
    return built
