"""The type checker and what it knows of MicroPython, in build/checker: for `make style` alone."""

from __future__ import annotations

from pathlib import Path

import locked
from common import BUILD, CACHE, Made

PLACE = BUILD / "checker"
PROGRAM = PLACE / "basedpyright"
LOCK = Path(__file__).with_name("requirements-types.txt")
WHEELS = CACHE / "checker"


def make() -> Made:
    """Install what the lock file names, each file checked by its hash."""
    locked.install(LOCK, PLACE, WHEELS)
    return Made(locked.version(LOCK, "basedpyright"))
