"""The troubleshooting rows (docs/handbook/troubles.toml), held against what the firmware says.

Owns how a row's pieces become the sentence that is shown.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from typing import Any

from gateway_host.interpreter import ROOT

from . import spoken

SOURCE = ROOT / "docs" / "handbook" / "troubles.toml"
TABLES = (
    "voltages", "a_bus", "cts", "undecided", "link", "broker", "b_bus", "meters", "flash",
)  # fmt: skip
_PLACE = re.compile(r"%(?:\(\w+\))?[-.0-9]*[A-Za-z]|%[1-9]")
_ANY = "…"


@cache
def read() -> dict[str, Any]:
    """All rows by table; `not_said`, `led`, `devices` and `refused` beside them."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def rows() -> Iterator[dict[str, Any]]:
    """The rows of all tables of sentences."""
    for table in TABLES:
        yield from read()[table]


def sentence(row: dict[str, Any]) -> str:
    """What the gateway says, with … for a number or a name."""
    return row.get("shown") or readable("".join(row["says"]))


def readable(text: str) -> str:
    """A text of the firmware for people: … in its places."""
    return re.sub(f"{_ANY}+", _ANY, _PLACE.sub(_ANY, text.replace("%%", "\0"))).replace("\0", "%")


def fragments(text: str) -> list[str]:
    """A text between its places."""
    return [part for part in readable(text).split(_ANY) if part.strip()]


def drifted() -> list[str]:
    """Where firmware and rows differ, a line each with what to do."""
    said, known = spoken.sentences(), spoken.texts()
    unsaid = set(read()["not_said"])
    pieces = {piece for row in rows() for piece in (*row["says"], *row.get("also", ()))}
    where = SOURCE.relative_to(ROOT)
    lines = [
        f"{where}: no row for {text!r} (firmware/{said[text]}): add one, in both languages"
        for text in said
        if text not in pieces | unsaid
    ]
    lines += [
        f"{where}: the firmware does not say {text!r} any more: correct or remove it"
        for text in sorted(pieces | unsaid)
        if text not in known
    ]
    refused, dutch = spoken.refusals(), read()["refused"]
    lines += [
        f"{where}: [refused] has not {text!r}: add it, with its Dutch"
        for text in refused
        if text not in dutch
    ]
    lines += [
        f"{where}: no site.json is refused with {text!r} any more: remove it from [refused]"
        for text in dutch
        if text not in refused
    ]
    for row in rows():
        shown = sentence(row)
        lines += [
            f"{where}: {shown!r} has not {part!r} of its pieces: correct `shown`"
            for piece in row["says"]
            for part in fragments(piece)
            if part not in shown
        ]
    return lines
