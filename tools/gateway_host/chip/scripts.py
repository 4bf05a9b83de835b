"""Scripts on the emulated chip, through mpremote on its UART 0, against the modules of a board's
image."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway_host import image
from gateway_host.chip import bench, emulator, flash_image

_TIMEOUT_S = 300


@contextmanager
def at_console(board: str, files: dict[str, bytes]) -> Iterator[emulator.Emulator]:
    """A chip that has this board's image and nothing that runs. files: that it has as well."""
    firmware = flash_image.firmware()
    emulator.find()
    built = image.build(board)
    bare = {
        "main.py": b"",  # the console is for the scripts
        "boot.py": b"import chip_files",
        "chip_files.mpy": bench.compiled(bench.PROBE / "chip_files.py"),
    }
    flash = firmware.flash(flash_image.file_system(built.littlefs, bare | files))
    with emulator.Emulator(flash, firmware.psram) as chip:
        yield chip


def run(port: str, script: Path, *before: str) -> str:
    """What it printed on the chip at this port. before: mpremote's commands before it."""
    command = [sys.executable, "-m", "mpremote", "connect", port]
    command += [*before, "run", str(script)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return f"did not end within {_TIMEOUT_S} s"
    return done.stdout + done.stderr
