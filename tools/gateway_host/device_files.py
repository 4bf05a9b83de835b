"""The files of an image, put on a device that runs a stock MicroPython firmware."""

from __future__ import annotations

import contextlib
import hashlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from gateway_host.errors import UserError

_CHUNK = 1024  # a string of so many bytes is compiled on the device


def put(port: str, files: Path | None, more: Mapping[str, bytes] | None = None) -> None:
    """Copy to the device at this port what it has not yet of the folder `files`, which leaves
    site.json and settings.json alone, and what `more` has, {name: content}, and start it anew.
    UserError where no device answers."""
    try:
        with _device(port) as device:
            for name, content in (more or {}).items():
                folder = f"/{name}".rpartition("/")[0]
                if folder and not device.fs_exists(folder):
                    device.fs_mkdir(folder)
                device.fs_writefile(f"/{name}", content, _CHUNK)
            if files is not None:
                _copy(device, files)
            device.exec_raw_no_follow("import machine; machine.reset()")
    except (OSError, _transport_error()) as error:
        reason = str(error).splitlines()[0] if str(error) else "nothing"
        raise UserError(
            f"no MicroPython answered on {port} ({reason}): connect the device, flash a "
            "stock MicroPython 1.25 or later first, close other programs on the port; a gateway "
            "that runs is started anew with its button held (docs/device.md)"
        ) from None


def _transport_error() -> type[Exception]:
    from mpremote.transport import TransportError

    return TransportError


@contextlib.contextmanager
def _device(port: str) -> Any:
    from mpremote.transport_serial import SerialTransport

    device = SerialTransport(port, baudrate=115200)
    try:
        device.enter_raw_repl(soft_reset=False)
        yield device
    finally:
        device.close()


def _copy(device: Any, files: Path) -> None:
    """Each file of the image that is another one on the device; main.py is the last: a copy that
    is cut off leaves what ran before or a device at its prompt."""
    paths = [path for path in files.rglob("*") if path.is_file()]
    paths.sort(key=lambda path: (path.parent == files, str(path)))
    for folder in sorted(path for path in files.rglob("*") if path.is_dir()):
        name = f"/{folder.relative_to(files)}"
        if not device.fs_exists(name):
            device.fs_mkdir(name)
    for end in "01":  # a program that came as an update would be started in the place of this one
        for name in (f"/programs/state.{end}", f"/order.{end}", f"/starts.{end}"):
            if device.fs_exists(name):
                device.fs_rmfile(name)
    columns = (
        TextColumn("{task.description:28}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
    )
    left = TextColumn("left"), TimeRemainingColumn()
    with Progress(*columns, *left, disable=not sys.stdout.isatty()) as progress:
        task = progress.add_task("", total=sum(path.stat().st_size for path in paths))
        written = 0
        for number, path in enumerate(paths, 1):
            name = f"/{path.relative_to(files)}"
            progress.update(task, description=name)
            data = path.read_bytes()
            if _hash_of(device, name) == hashlib.sha256(data).digest():
                progress.advance(task, len(data))
                continue
            written += 1
            if progress.disable:
                print(f"{number} of {len(paths)}: {name}", flush=True)
            done = 0

            def advance(now: int, _: int) -> None:
                nonlocal done
                progress.advance(task, now - done)
                done = now

            device.fs_writefile(name, data, _CHUNK, advance)
    print(f"{written} of {len(paths)} files copied, the others were there")


def _hash_of(device: Any, name: str) -> bytes | None:
    return device.fs_hashfile(name, "sha256") if device.fs_exists(name) else None
