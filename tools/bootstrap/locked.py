"""Packages of a lock file in a folder of their own, beside the environment."""

from __future__ import annotations

from pathlib import Path

from common import VENV_PYTHON, NoRoomError, SetupError, remove, run


def install(lock: Path, place: Path, wheels: Path) -> None:
    """Put what the lock file names at `place`, each file checked by its hash; wheels: the folder
    of the cache that keeps them. SetupError where they cannot be had."""
    remove(place)
    pip = [VENV_PYTHON, "-m", "pip"]
    command = [*pip, "install", "--no-index", "--find-links", wheels, "--require-hashes"]
    command += ["--no-compile", "--target", place, "-r", lock]
    try:
        if not wheels.exists():
            raise SetupError("nothing is cached")
        run(command)
    except NoRoomError:
        raise
    except SetupError:
        download = [*pip, "download", "--require-hashes", "--only-binary", ":all:"]
        run([*download, "--dest", wheels, "-r", lock])
        run(command)


def version(lock: Path, name: str) -> str:
    """`name` and its version, as the lock file has them."""
    names = lock.read_text(encoding="utf-8").split()
    return next(one.replace("==", " ") for one in names if one.startswith(f"{name}=="))
