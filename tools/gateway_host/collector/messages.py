"""Reads and checks the messages of the history (docs/history.md): bytes in, plain values out.

Owns what a well-formed message is. Keeps nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

MAX_BYTES = 1 << 18  # ten records of 28 points are 10 kB
MAX_POINTS = 64
_MAX_RECORDS = 100
_MAX_INTEGER = (1 << 53) - 1  # what every reader of JSON holds exactly
_MAX_SECONDS = 86400
_MAX_SEQUENCES = 100_000  # that one record stands for: 15 minutes, and what was left out
_TOPIC = re.compile(r"servicelocation/([^/]{1,64})/(minutes|history|layout)")
_DEVICE = re.compile(r"\d{10}")
_LAYOUT = re.compile(r"[0-9a-f]{8}")


class Malformed(Exception):
    """Says in a few words why a message cannot be used."""


@dataclass(frozen=True)
class Record:
    """One record. It stands for the sequences `first` to `sequence`; `imports` and `exports` are
    J of each point, None where not known; `time` is when it ends, epoch s; `rest` is what else it
    has, as it came."""

    sequence: int
    first: int
    time: int | None
    seconds: float
    boot: int
    imports: list[int | None]
    exports: list[int | None]
    missing: list[int] | None
    rest: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Records:
    """A message of `minutes` or `history`. lost: first and last sequence of what will never
    come."""

    uuid: str
    device: str
    layout: str
    historical: bool
    oldest: int
    records: list[Record]
    lost: tuple[int, int] | None


@dataclass(frozen=True)
class Layout:
    """A message of `layout`: what the arrays are about. points: as they came, with `name`."""

    uuid: str
    device: str
    layout: str
    since: int
    name: str
    timezone: str
    points: list[dict[str, Any]]


def read(topic: str, payload: bytes) -> Records | Layout | None:
    """What a message says; None of a layout that was taken back (an empty retained message).
    Raises Malformed."""
    match = _TOPIC.fullmatch(topic)
    if not match:
        raise Malformed("no topic of the history")
    uuid, kind = match.groups()
    if len(payload) > MAX_BYTES:
        raise Malformed(f"{len(payload)} bytes, at most {MAX_BYTES}")
    if kind == "layout" and not payload:
        return None
    try:
        message = json.loads(payload, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("no JSON") from None
    if not isinstance(message, dict):
        raise Malformed("no JSON object")
    return _layout(uuid, message) if kind == "layout" else _records(uuid, message)


def _no_constant(_name: str) -> NoReturn:
    raise ValueError


def _records(uuid: str, message: dict[str, Any]) -> Records:
    found = _need(message, "records", list)
    lost = _lost(message) if "lost" in message else None
    if not (0 if lost else 1) <= len(found) <= _MAX_RECORDS:
        raise Malformed(f"records: {len(found)} of them")
    return Records(
        uuid,
        _text(message, "device", _DEVICE),
        _text(message, "layout", _LAYOUT),
        _need(message, "historical", bool) if "historical" in message else False,
        _integer(message, "oldest", 0),
        [_record(one) for one in found],
        lost,
    )


def _lost(message: dict[str, Any]) -> tuple[int, int]:
    found = _need(message, "lost", list)
    if len(found) != 2 or not all(map(_is_integer, found)) or not 1 <= found[0] <= found[1]:
        raise Malformed("lost: no first and last sequence")
    return found[0], found[1]


def _record(message: Any) -> Record:
    if not isinstance(message, dict):
        raise Malformed("records: not an object")
    rest = dict(message)
    sequence = _integer(rest, "sequence", 1)
    first = _integer(rest, "first", 1) if "first" in rest else sequence
    if not 0 <= sequence - first < _MAX_SEQUENCES:
        raise Malformed("first: out of range")
    seconds = _need(rest, "seconds", (int, float))
    if isinstance(seconds, bool) or not 0 <= seconds <= _MAX_SECONDS:
        raise Malformed("seconds: out of range")
    if "time" not in rest:
        raise Malformed("time: is missing")
    time = None if rest["time"] is None else _integer(rest, "time", 0)
    boot = _integer(rest, "boot", 0)
    imports, exports = (_array(rest, name, _energy) for name in ("import", "export"))
    if len(imports) != len(exports):
        raise Malformed("import, export: not as many points")
    missing = _array(rest, "missing", _count) if rest.get("missing") is not None else None
    if missing is not None and len(missing) != len(imports):
        raise Malformed("missing: not as many points")
    for name in ("sequence", "first", "seconds", "time", "boot", "import", "export", "missing"):
        rest.pop(name, None)
    return Record(sequence, first, time, seconds, boot, imports, exports, missing, rest)


def _layout(uuid: str, message: dict[str, Any]) -> Layout:
    points = _need(message, "points", list)
    if len(points) > MAX_POINTS or not all(
        isinstance(point, dict) and isinstance(point.get("name"), str) for point in points
    ):
        raise Malformed("points: no list of points with names")
    return Layout(
        uuid,
        _text(message, "device", _DEVICE),
        _text(message, "layout", _LAYOUT),
        _integer(message, "since", 0) if message.get("since") is not None else 0,
        _need(message, "name", str) if message.get("name") is not None else "",
        _need(message, "timezone", str) if message.get("timezone") is not None else "UTC",
        points,
    )


def _need(message: dict[str, Any], name: str, kind: Any) -> Any:
    if name not in message:
        raise Malformed(f"{name}: is missing")
    if not isinstance(message[name], kind):
        raise Malformed(f"{name}: of another kind")
    return message[name]


def _text(message: dict[str, Any], name: str, shape: re.Pattern[str]) -> str:
    text = _need(message, name, str)
    if not shape.fullmatch(text):
        raise Malformed(f"{name}: of another shape")
    return text


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MAX_INTEGER


def _integer(message: dict[str, Any], name: str, least: int) -> int:
    value = _need(message, name, int)
    if not _is_integer(value) or value < least:
        raise Malformed(f"{name}: out of range")
    return value


def _energy(value: Any) -> bool:
    return value is None or (_is_integer(value) and value >= 0)


def _count(value: Any) -> bool:
    return _is_integer(value) and value >= 0


def _array(message: dict[str, Any], name: str, fits: Callable[[Any], bool]) -> list[Any]:
    values = _need(message, name, list)
    if len(values) > MAX_POINTS or not all(fits(value) for value in values):
        raise Malformed(f"{name}: no list of numbers of points")
    return values
