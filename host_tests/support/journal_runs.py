"""Runs of the journal, as host_tests/programs/keep_journal.py does them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from in_interpreter import succeed

NAMES = ("sequence", "first", "time", "seconds", "boot", "layout", "imported", "exported",
         "missing", "estimated", "grid", "voltages", "power", "pulses", "events",
         "cut")  # fmt: skip


@dataclass
class Run:
    """`news`, `read`: records, by name; `said`: what is there at the end."""

    news: list[dict[str, Any]]
    read: list[dict[str, Any]]
    said: dict[str, Any]


def site(points: int = 3) -> dict[str, Any]:
    """Of so many points, a load each; the first is the grid's."""
    return {
        "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
        "utc_offset": 0, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
        "points": [
            {"node": f"55{i // 4:08d}", "input": "ABCD"[i % 4], "ct": "AC-CT-50A",
             "phase": f"L{1 + i % 3}", "load": f"Load {i}"}
            for i in range(points)
        ],
        "loads": [
            {"name": f"Load {i}", "role": "circuit" if i else "grid"} for i in range(points)
        ],
    }  # fmt: skip


def plain(points: int = 3) -> dict[str, Any]:
    """What a step is where nothing is said."""
    nothing = [0] * points
    return {
        "s": 1, "in": nothing, "out": nothing, "missed": nothing, "watts": [None] * points,
        "estimated": 0, "grid": None, "volts": [None] * 3, "events": 0, "pulses": {},
        "calm": True, "full": False,
    }  # fmt: skip


def run(place: Path, steps: list[dict[str, Any]], points: int = 3, **more: Any) -> Run:
    """The steps one after the other, in this folder."""
    bits = more.pop("bits", 32)
    heap = more.pop("heap", "2M")
    given = {"site": site(points), "steps": [plain(points), *steps], **more}
    parts: list[list[Any]] = [[]]
    for line in succeed(
        "keep_journal", given=given, heap=heap, bits=bits, cwd=place, timeout=600
    ).splitlines():
        if line in ("read", "said"):
            parts.append([])
        else:
            parts[-1].append(json.loads(line))
    news, read, (said,) = parts
    return Run(
        *([dict(zip(NAMES, one, strict=True)) for one in part] for part in (news, read)), said
    )
