"""What the set-up steps share: places, progress lines, a log, child processes and checksums."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
CACHE = Path(os.environ.get("GATEWAY_CACHE") or BUILD / "cache").resolve()
LOG = BUILD / "setup.log"
VENV_PYTHON = BUILD / "venv" / "bin" / "python"


class SetupError(Exception):
    """A step could not be done. The text is one line: what is wrong and what to do."""


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
    name = Path(words[0]).name
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
        )
    except FileNotFoundError as error:
        raise SetupError(f"{name} is not on this machine") from error
    except OSError as error:
        raise SetupError(f"{name} does not run here: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise SetupError(f"{name} did not end within {timeout:.0f} s") from error
    with LOG.open("a", encoding="utf-8") as log:
        print("$", *words, file=log)
        log.write(done.stdout + done.stderr)
    if done.returncode:
        raise SetupError(f"{name}: {_reason(done.stderr or done.stdout, done.returncode)}")
    return done.stdout


def _reason(output: str, code: int) -> str:
    """The line of a program's output that says most about its failure."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for mark in ("ERROR", "E:", "error"):
        for line in lines:
            if line.startswith(mark):
                return line
    return lines[-1] if lines else f"ended with code {code}"


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file so that a reader sees the old or the new one, never a half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.chmod(mode)
    part.replace(path)


def release() -> str:
    """The machine's release and processor: a private copy fits no other."""
    about = platform.freedesktop_os_release()
    return "-".join([about.get("ID", ""), about.get("VERSION_ID", ""), machine()])


def machine() -> str:
    """The processor as Debian names it: amd64, arm64, or the kernel's word for any other."""
    name = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(name, name)
