"""The MicroPython interpreters on the host: where they are, and programs started in them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from gateway_host import processes
from gateway_host.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "bin"
LIB = ROOT / "build" / "lib"

_ABOUT = Path(__file__).with_name("device") / "about_interpreter.py"
_NAMES = {32: "micropython", 64: "micropython64"}


def find(bits: int = 32) -> Path:
    """The start script of the interpreter for 32- or 64-bit words.

    Where the machine cannot run the 32-bit one, the 64-bit one stands in for it: see `bits_of`.
    Raises UserError when there is none.
    """
    path = BIN / _NAMES[bits]
    if not path.exists():
        raise UserError(
            f"no {bits}-bit MicroPython interpreter ({path.relative_to(ROOT)}): run `make setup`"
        )
    return path


def bits_of(path: Path) -> int:
    """The word size of an interpreter, 32 or 64, as it says itself."""
    return _about(path)[0]


def maps_files(path: Path) -> bool:
    """Whether an image can be executed outside the heap: the interpreter has `ffi`."""
    return _about(path)[1]


@cache
def _about(path: Path) -> tuple[int, bool]:
    try:
        answer = subprocess.run([path, _ABOUT], capture_output=True, text=True, timeout=20)
        bits, ffi = map(int, answer.stdout.split())
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise UserError(f"{path} does not run: `make clean setup` makes it anew") from error
    return bits, bool(ffi)


def _prepare(
    arguments: Sequence[str | Path],
    bits: int,
    heap: str,
    path: Iterable[str | Path],
    env: dict[str, str] | None,
) -> tuple[list[str], dict[str, str]]:
    command = [str(find(bits)), "-X", f"heapsize={heap}", *map(str, arguments)]
    places = ":".join([*map(str, path), ".frozen"])
    return command, {**(os.environ if env is None else env), "MICROPYPATH": places}


def start(
    arguments: Sequence[str | Path],
    *,
    bits: int = 32,
    heap: str = "160K",
    path: Iterable[str | Path] = (),
    cwd: str | Path | None = None,
    env: dict[str, str] | None = None,
    **popen: Any,
) -> subprocess.Popen:
    """Start `micropython -X heapsize=<heap> <arguments>`; it ends with the calling thread.

    path: the folders imports are looked up in, before the frozen modules (MICROPYPATH). A script's
    own folder comes first, as always. popen: anything else `subprocess.Popen` takes.
    """
    command, environment = _prepare(arguments, bits, heap, path, env)
    return processes.start(command, cwd=cwd, env=environment, **popen)


def run(
    arguments: Sequence[str | Path],
    *,
    bits: int = 32,
    heap: str = "160K",
    path: Iterable[str | Path] = (),
    cwd: str | Path | None = None,
    env: dict[str, str] | None = None,
    timeout: float | None = 120,
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """As `start`, but wait for the end; standard output and error come back as text.

    Raises subprocess.TimeoutExpired after `timeout` seconds.
    """
    command, environment = _prepare(arguments, bits, heap, path, env)
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        timeout=timeout,
        **{"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **options},
        preexec_fn=processes.bound_to_parent(),
    )
