"""build/venv: the host's Python environment, from the lock file requirements.txt."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import apt
from common import (
    BUILD,
    CACHE,
    ROOT,
    VENV_PYTHON,
    Made,
    NoNetworkError,
    NoRoomError,
    SetupError,
    run,
    say,
    sha256,
)

VENV = BUILD / "venv"
LOCK = ROOT / "requirements.txt"
WHEELS = CACHE / "wheels"

_TRIAL = "import sys, gateway_host; print(*sys.version_info[:2], sys.base_prefix)"


def make() -> Made:
    """Make build/venv anew and install what the lock file names, each file checked by its hash."""
    shutil.rmtree(VENV, ignore_errors=True)
    _drop_damaged()
    pip = _make_empty()
    install = [*pip, "install", "--no-index", "--find-links", WHEELS, "--require-hashes"]
    install += ["--no-compile", "-r", LOCK]
    try:
        if not WHEELS.exists():
            raise SetupError("nothing is cached")
        run(install)
    except NoRoomError:
        raise
    except SetupError:
        say(f"downloading {_count()} packages into {WHEELS}")
        download = [*pip, "download", "--require-hashes", "--only-binary", ":all:"]
        try:
            run([*download, "--dest", WHEELS, "-r", LOCK])
        except NoRoomError:
            raise
        except NoNetworkError as error:
            raise NoNetworkError(f"the packages cannot be downloaded: {error}") from error
        except SetupError as error:
            raise SetupError(
                f"the packages cannot be downloaded ({error}): see pip's configuration, "
                "`python3 -m pip download rich` must work; then `make setup`"
            ) from error
        say("installing")
        run(install)
    _put_on_path()
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Made(f"Python {version}, {_count()} packages")


def works(chosen: bool) -> bool:
    """Whether the environment's Python starts, finds its packages and this tree, and is, if one
    was chosen, the one that runs this."""
    try:
        done = subprocess.run(
            [VENV_PYTHON, "-I", "-c", _TRIAL], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    own = [*map(str, sys.version_info[:2]), sys.base_prefix]
    return done.returncode == 0 and (not chosen or done.stdout.split(maxsplit=2) == own)


def _make_empty() -> list[str | Path]:
    """An environment without packages; returns the command that starts a pip in it."""
    if not importlib.util.find_spec("venv"):
        raise SetupError("Python's venv module is missing: install the package python3-venv")
    # Not by ensurepip: it is another package, and whatever stops it is taken for its absence.
    run([sys.executable, "-m", "venv", "--without-pip", VENV])
    return [VENV_PYTHON, _pip_wheel() / "pip"]


def _pip_wheel() -> Path:
    """A wheel of pip, which runs by itself: of the cache, of this Python or of the machine, or
    Debian's package python3-pip-whl, checked by apt."""
    lock = LOCK.read_text(encoding="utf-8")
    for wheel in WHEELS.glob("pip-*.whl"):
        if sha256(wheel) in lock:
            return wheel
    place = BUILD / "pip"
    folders = [Path("/usr/share/python-wheels"), place / "usr/share/python-wheels"]
    if found := importlib.util.find_spec("ensurepip"):
        folders.insert(0, Path(found.origin).parent / "_bundled")
    for folder in folders:
        if wheels := sorted(folder.glob("pip-*.whl")):
            return wheels[-1]
    try:
        apt.of_any_processor("python3-pip-whl").extract(place)
    except NoNetworkError as error:
        raise NoNetworkError(f"pip cannot be downloaded: {error}") from error
    except NoRoomError:
        raise
    except SetupError as error:
        raise SetupError(
            f"pip cannot be had ({error}): install the package python3-venv, then `make setup`"
        ) from error
    for wheel in folders[-1].glob("pip-*.whl"):
        return wheel
    raise SetupError("pip cannot be had: install the package python3-venv, then `make setup`")


def _drop_damaged() -> None:
    """Wheels of a version that the lock names, but not as it knows them."""
    rows = re.findall(
        r"^([\w.-]+)==(\S+).*\n((?:    --hash=.*\n?)+)",
        LOCK.read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    for name, version, hashes in rows:
        pattern = f"{name.replace('-', '_').replace('.', '_')}-{version}-*.whl"
        for wheel in WHEELS.glob(pattern):
            if sha256(wheel) not in hashes:
                with suppress(OSError):
                    wheel.unlink()


def _put_on_path() -> None:
    """Let the environment find tools/gateway_host where it lies: nothing is built or copied."""
    sites = list(VENV.glob("lib/python3*/site-packages"))
    (sites[0] / "gateway_host.pth").write_text("../../../../../tools\n", encoding="ascii")


def _count() -> int:
    names = re.findall(r"^([a-z0-9][\w.-]*)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return len(set(names))
