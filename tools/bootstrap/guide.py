"""Atheris, which is libFuzzer for CPython, in build/atheris: for `make fuzz GUIDED=1` alone."""

from __future__ import annotations

from pathlib import Path

import locked
from common import BUILD, CACHE, Made

PLACE = BUILD / "atheris"
PACKAGE = PLACE / "atheris"
LOCK = Path(__file__).with_name("requirements-fuzz.txt")
WHEELS = CACHE / "atheris"


def make() -> Made:
    """Install what the lock file names, each file checked by its hash."""
    locked.install(LOCK, PLACE, WHEELS)
    return Made(locked.version(LOCK, "atheris"))
