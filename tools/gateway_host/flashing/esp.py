"""esptool, as a program of its own: finds it and the port, writes a chip's flash. The set-up does
not bring it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from serial.tools import list_ports

from gateway_host.errors import UserError

_REMEDY = "connect the board, hold BOOT while it starts, close other programs on the port"
_FATAL = "A fatal error occurred:"
_PERCENT = re.compile(r"Writing at (0x[0-9a-f]+).*?([\d.]+) ?%")


def port() -> str:
    """The only serial port with a USB device; UserError where there are none or several."""
    names = sorted(one.device for one in list_ports.comports() if one.vid is not None)
    if len(names) == 1:
        return names[0]
    if names:
        raise UserError(f"several boards: say which, PORT= one of {', '.join(names)}")
    raise UserError("no board on a USB port was found: connect it, or say PORT=/dev/ttyUSB0")


def program() -> list[str]:
    """esptool's command; UserError, with the remedy, where it is not installed."""
    found = shutil.which("esptool") or shutil.which("esptool.py")
    if found is None:
        raise UserError("esptool is not installed: pip install esptool, and have it on PATH")
    return [found]


def write(where: str, in_loader: bool, file: Path, chip: str) -> None:
    """Erase the chip and write the file from 0 on, with progress and the time that is left.
    in_loader: it is in its loader already, and is not reset before. UserError, in esptool's words,
    where there is another chip than this one, or none."""
    columns = TextColumn("{task.description:20}"), BarColumn()
    left = TextColumn("{task.percentage:.0f} %, left"), TimeRemainingColumn()
    quiet = not sys.stdout.isatty()
    shown = -10.0
    with Progress(*columns, *left, disable=quiet) as progress:
        task = progress.add_task("erasing", total=100)
        words = ["write_flash", "--erase-all", "0x0", str(file)]
        for line in _run(where, in_loader, chip, words):
            found = _PERCENT.search(line)
            if not found:
                continue
            percent = float(found[2])
            progress.update(task, completed=percent, description=f"at {found[1]}")
            if quiet and percent >= shown + 10:
                shown = percent
                print(f"{percent:3.0f} % written", flush=True)


def _run(where: str, in_loader: bool, chip: str, words: list[str]) -> Iterator[str]:
    """The lines that it says; UserError with the last one where it fails."""
    command = [*program(), "--chip", chip, "--port", where]
    command += ["--before", "no_reset"] if in_loader else ["--baud", "460800"]
    last = "nothing"
    with subprocess.Popen(
        [*command, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        text = b""
        while piece := process.stdout.read1(4096):
            *lines, text = re.split(rb"[\r\n]+", text + piece)
            for line in lines:
                said = line.decode(errors="replace").strip()
                if said:
                    last = said if _FATAL in said or _FATAL not in last else last
                    yield said
        code = process.wait()
    if code:
        reason = (last.partition(_FATAL)[2] or last).strip(" .")
        raise UserError(f"esptool failed on {where}: {reason}; {_REMEDY}")
