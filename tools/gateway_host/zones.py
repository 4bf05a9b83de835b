"""The rule of a time zone by its name, as site.json has it (`tz`, docs/site.md)."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from pathlib import Path


def rule(name: str) -> str | None:
    """The POSIX TZ string that a zone's file ends with (RFC 8536): what holds from now on. None
    where this machine has no such zone, or it has no rule."""
    data = _file(name)
    if data is None or not data.startswith(b"TZif") or not data.endswith(b"\n"):
        return None
    text = data[:-1].rpartition(b"\n")[2].decode("ascii", "replace")
    return text or None


def _file(name: str) -> bytes | None:
    """The machine's file, or that of Python's package tzdata."""
    if not name or name.startswith("/") or ".." in name.split("/"):
        return None
    for place in zoneinfo.TZPATH:
        path = Path(place) / name
        if path.is_file():
            return path.read_bytes()
    try:
        packaged = importlib.resources.files("tzdata") / "zoneinfo" / name
        return packaged.read_bytes()
    except (ModuleNotFoundError, OSError):
        return None


def are_there() -> bool:
    """Whether this machine knows time zones."""
    return bool(zoneinfo.available_timezones())
