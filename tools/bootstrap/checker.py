"""The type checker and what it knows of MicroPython, in build/checker: for `make style` alone."""

from __future__ import annotations

from pathlib import Path

from common import BUILD, CACHE, VENV_PYTHON, Made, NoRoomError, SetupError, remove, run

PLACE = BUILD / "checker"
PROGRAM = PLACE / "basedpyright"
LOCK = Path(__file__).with_name("requirements-types.txt")
WHEELS = CACHE / "checker"


def make() -> Made:
    """Install what the lock file names, each file checked by its hash."""
    remove(PLACE)
    pip = [VENV_PYTHON, "-m", "pip"]
    install = [*pip, "install", "--no-index", "--find-links", WHEELS, "--require-hashes"]
    install += ["--no-compile", "--target", PLACE, "-r", LOCK]
    try:
        if not WHEELS.exists():
            raise SetupError("nothing is cached")
        run(install)
    except NoRoomError:
        raise
    except SetupError:
        download = [*pip, "download", "--require-hashes", "--only-binary", ":all:"]
        run([*download, "--dest", WHEELS, "-r", LOCK])
        run(install)
    names = LOCK.read_text(encoding="utf-8").split()
    return Made(next(name.replace("==", " ") for name in names if name.startswith("basedpyright")))
