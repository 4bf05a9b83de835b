"""What the set-up steps share: places, progress lines, a log, child processes and checksums."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gateway_host import processes
from gateway_host.disk_room import room_left

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CACHE = Path(os.environ.get("GATEWAY_CACHE") or BUILD / "cache").resolve()
LOG = BUILD / "setup.log"
TEMPORARY = BUILD / "tmp" / "setup"
VENV_PYTHON = BUILD / "venv" / "bin" / "python"

# Settings of pip that would put packages elsewhere, and of Python that would hide the environment.
_MISLEADING = (
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONUSERBASE",
)
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded|ENOSPC|EDQUOT")
_NO_NETWORK = re.compile(
    r"Temporary failure|Could not resolve|Name or service not known|Network is unreachable"
    r"|Could not connect|Connection refused|timed out|No route to host|Cannot initiate"
    r"|Failed to establish a new connection|Unable to connect|ProxyError|ENOTFOUND|EAI_AGAIN"
    r"|from versions: none|CERTIFICATE_VERIFY_FAILED|[Cc]ertificate verification failed"
    r"|[Pp]roxy.*(refused|connect|40[37])"
    r"|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|Connection reset"
)


_TOOLS = ("pip", "unearth")  # started by Python
_MAX_WORDS = 80  # characters of another program's message


class SetupError(Exception):
    """A step could not be done. The text is one line: what is wrong and what to do."""


class NoRoomError(SetupError):
    """The disk is full."""


class NoNetworkError(SetupError):
    """What was asked for does not answer: the network, a proxy, or the other side."""


@dataclass(frozen=True)
class Made:
    """What a step made, in a line. `uses`: what its start script leads to, from ROOT;
    `stand_in`: something better is to take its place as soon as it can be had."""

    text: str
    uses: tuple[str, ...] = ()
    stand_in: bool = False


def say(text: str) -> None:
    """One progress line, indented under the step's own line."""
    print(f"      {text}", flush=True)


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = 1800,
) -> str:
    """Run a program, append what it prints to build/setup.log and return its standard output.

    Raises SetupError with the program's last line when it cannot start, fails or takes too long.
    """
    words = [str(word) for word in command]
    names = [Path(word).name for word in words[:3]]
    name = next((name for name in names if name in _TOOLS), names[0])
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=_environment() | dict(env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            preexec_fn=processes.bound_to_parent(),
        )
    except FileNotFoundError as error:
        raise SetupError(f"{name} is not on this machine") from error
    except OSError as error:
        raise SetupError(f"{name} does not run here: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{name} did not end within {timeout:.0f} s") from error
    with suppress(OSError), LOG.open("a", encoding="utf-8") as log:
        print("$", *words, file=log)
        log.write(done.stdout + done.stderr)
    if done.returncode:
        raise _error(name, done.stdout + done.stderr, done.returncode)
    return done.stdout


def _environment() -> dict[str, str]:
    """Programs write below build/ only, and where they have to."""
    TEMPORARY.mkdir(parents=True, exist_ok=True)
    kept = {name: text for name, text in os.environ.items() if name not in _MISLEADING}
    own = {
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(TEMPORARY),
        "PIP_USER": "0",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "npm_config_cache": str(TEMPORARY / "npm"),
        "npm_config_update_notifier": "false",
    }
    return {"PIP_RETRIES": "2"} | kept | own


def _error(name: str, output: str, code: int) -> SetupError:
    """The kind of a program's failure, and the line of its output that says most about it."""
    if _NO_ROOM.search(output):
        return NoRoomError(f"{name}: the disk is full, {room_left(BUILD)} are free")
    if refused := _NO_NETWORK.search(output):
        words = re.split(r"\n|['\"]\)", output[refused.start() :], maxsplit=1)[0][:_MAX_WORDS]
        return NoNetworkError(f"no network, or a proxy in its way ({name}: {words})")
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for mark in ("ERROR", "E:", "error"):
        for line in lines:
            if line.startswith(mark):
                return SetupError(f"{name}: {line}")
    return SetupError(f"{name}: {lines[-1] if lines else f'ended with code {code}'}")


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path, digest: str) -> bool:
    """Whether the file is there with this SHA-256; one that is damaged is removed."""
    if not path.is_file():
        return False
    if sha256(path) == digest:
        return True
    with suppress(OSError):
        path.unlink()
    return False


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.chmod(mode)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def remove(path: Path) -> None:
    """The file or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def free(place: Path) -> int:
    """Bytes that this user can still write below a place that exists."""
    return shutil.disk_usage(place).free


def megabytes(size: float) -> str:
    """A size in words: 420 MB, 1.1 GB."""
    return f"{size / 1e9:.1f} GB" if size >= 0.95e9 else f"{max(0, size) / 1e6:.0f} MB"


def release() -> str:
    """The machine's release and processor: a private copy fits no other."""
    about = {}
    with suppress(OSError):
        about = platform.freedesktop_os_release()
    return "-".join([about.get("ID", ""), about.get("VERSION_ID", ""), machine()])


def machine() -> str:
    """The processor as Debian names it: amd64, arm64, or the kernel's word for any other."""
    name = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(name, name)
