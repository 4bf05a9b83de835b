"""Calls of make as a person at a terminal makes them, apart from the make that runs the tests."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

from gateway_host.interpreter import ROOT

# What the make around the tests hands down, and what the tests' own start has set.
_INHERITED = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "TMPDIR", "GATEWAY_CACHE")
_INHERITED += ("PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")


def environment(**more: str) -> dict[str, str]:
    """Of a fresh terminal."""
    return {name: text for name, text in os.environ.items() if name not in _INHERITED} | more


def make(
    *words: str, cwd: Path = ROOT, env: dict[str, str] | None = None, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """`make WORDS`, to its end."""
    return subprocess.run(
        ["make", *words],
        cwd=cwd,
        env=environment() if env is None else env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def measured(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether a run measured something to its end; on a busy machine it may have lost some."""
    return "\nMeasured " in f"\n{done.stdout}" and not errors(done)


def errors(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines of an error, without make's own: its last one, and of 4.4 those about TMPDIR."""
    own = ("make: ***", "make: TMPDIR value", "make: using default temporary directory")
    return [line for line in done.stderr.splitlines() if not line.startswith(own)]


def family(pid: int) -> list[int]:
    """A process and all that descends from it, by the kernel's own list."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in task.read_text().split():
                found += family(int(child))
    return found


def left(pids: list[int], seconds: float = 60) -> list[int]:
    """Those that still run after so long; ends as soon as there are none."""
    end = time.monotonic() + seconds
    while alive := [pid for pid in pids if _alive(pid)]:
        if time.monotonic() > end:
            break
        time.sleep(0.05)
    return alive


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
