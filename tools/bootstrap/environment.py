"""build/venv: the host's Python environment, from the lock file requirements.txt."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from pathlib import Path

import apt
from common import BUILD, CACHE, ROOT, VENV_PYTHON, SetupError, run, say

VENV = BUILD / "venv"
LOCK = ROOT / "requirements.txt"
WHEELS = CACHE / "wheels"


def make() -> str:
    """Make build/venv anew and install what the lock file names, each file checked by its hash."""
    shutil.rmtree(VENV, ignore_errors=True)
    pip = _make_empty()
    install = [*pip, "install", "--no-index", "--find-links", WHEELS, "--require-hashes"]
    install += ["--no-compile", "-r", LOCK]
    try:
        if not WHEELS.exists():
            raise SetupError("nothing is cached")
        run(install)
    except SetupError:
        say(f"downloading {_count()} packages into {WHEELS}")
        download = [*pip, "download", "--require-hashes", "--only-binary", ":all:"]
        try:
            run([*download, "--dest", WHEELS, "-r", LOCK])
        except SetupError as error:
            raise SetupError(
                f"the packages cannot be downloaded ({error}): see that pip reaches its index "
                "(network, proxy, pip's configuration), then `make setup`"
            ) from error
        say("installing")
        run(install)
    _put_on_path()
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"Python {version}, {_count()} packages"


def _make_empty() -> list[str | Path]:
    """An environment without packages; returns the command that starts a pip in it."""
    if importlib.util.find_spec("ensurepip"):
        run([sys.executable, "-m", "venv", VENV])
        return [VENV_PYTHON, "-m", "pip"]
    if not importlib.util.find_spec("venv"):
        raise SetupError("Python's venv module is missing: install the package python3-venv")
    say(
        "ensurepip is missing (package python3-venv): using pip's wheel as the distribution has it"
    )
    run([sys.executable, "-m", "venv", "--without-pip", VENV])
    return [VENV_PYTHON, _pip_wheel() / "pip"]


def _pip_wheel() -> Path:
    """A wheel of pip that runs by itself: Debian's package python3-pip-whl, checked by apt."""
    place = BUILD / "pip"
    wheels = [Path("/usr/share/python-wheels"), place / "usr/share/python-wheels"]
    found = [wheel for folder in wheels for wheel in folder.glob("pip-*.whl")]
    if not found:
        try:
            with apt.private_apt(None, None) as private:
                private.fetch("python3-pip-whl", CACHE / "debian").extract(place)
        except SetupError as error:
            raise SetupError(
                f"pip cannot be had ({error}): install the package python3-venv, then `make setup`"
            ) from error
        found = list(wheels[1].glob("pip-*.whl"))
    if not found:
        raise SetupError("pip cannot be had: install the package python3-venv, then `make setup`")
    return found[0]


def _put_on_path() -> None:
    """Let the environment find tools/gateway_host where it lies: nothing is built or copied."""
    sites = list(VENV.glob("lib/python3*/site-packages"))
    (sites[0] / "gateway_host.pth").write_text(f"{ROOT / 'tools'}{os.linesep}", encoding="utf-8")


def _count() -> int:
    names = re.findall(r"^([a-z0-9][\w.-]*)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return len(set(names))
