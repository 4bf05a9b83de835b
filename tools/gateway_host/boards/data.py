"""What a board's board.py says, and whether it can work: a missing field would otherwise show in
the field only, as a task that fails again and again (docs/device.md, "A board")."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway_host.boards import pins as board_pins
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

_ANIMATION = ROOT / "firmware" / "panel" / "animation.py"
_LINKS_CODE = ROOT / "boards" / "common" / "links.py"
_FIELDS = {"NAME": str, "ARTICLE_TYPE": int, "LINKS": tuple, "CHOOSES": str, "BUSES": tuple}
_FIELDS |= {"HAS_B_MODULES": bool, "LED": dict, "MAX_STATE_S": dict, "RESET": tuple}
_KINDS = {str: "a text", int: "a whole number", bool: "True or False", tuple: "a tuple"}
_KINDS[dict] = "a dictionary"
FLASHES_MB = (4, 8, 16)
_LINKS, _BUSES = ("ethernet", "wifi", "lte"), ("a", "b")
_STATES = ("booting", "connecting", "well", "lost", "no internet")
_MORE_STATES = ("searching", "ready", "medium", "poor", "safe mode")
_LIMITED = ("booting", "connecting")  # the advice has words for these
_PATTERNS = ("solid", "blinking", "breathing")


def read(folder: Path) -> dict[str, Any]:
    """The data of the board in that folder; UserError when its board.py does not run."""
    try:
        return runpy.run_path(str(folder / "board.py"))
    except Exception as error:
        raise UserError(f"{folder.name}/board.py: does not run: {error}") from None


def check(folder: Path) -> None:
    """UserError, which board and field and why, when the firmware could not work with them."""
    data = read(folder)
    own_hardware = (folder / "hardware.py").exists()
    for field, why in _problems(folder.name, data, own_hardware):
        raise UserError(f"{folder.name}/board.py: {field}: {why}")


def chip(data: dict[str, Any]) -> str:
    """Its chip, as esptool names it."""
    return data.get("CHIP", "esp32")


def colours() -> set[str]:
    """The colours that the LED's animation knows."""
    for node in ast.parse(_ANIMATION.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "COLOURS":
            return set(ast.literal_eval(node.value))
    raise AssertionError(f"no COLOURS in {_ANIMATION.name}")


def hotspot_ip() -> str:
    """The address of the hotspot's page."""
    for node in ast.parse(_LINKS_CODE.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "HOTSPOT_IP":
            return ast.literal_eval(node.value)
    raise AssertionError(f"no HOTSPOT_IP in {_LINKS_CODE.name}")


def _problems(name: str, data: dict[str, Any], own_hardware: bool) -> Iterator[tuple[str, str]]:
    """(field, why) of what cannot work. Nobody asks for a second one: each relies on those before
    it."""
    for field, kind in (_FIELDS if own_hardware else _FIELDS | {"PINS": dict}).items():
        if field not in data:
            yield field, "is missing"
        elif not isinstance(data[field], kind):
            yield field, f"must be {_KINDS[kind]}"
    links, buses = data["LINKS"], data["BUSES"]
    if data["NAME"] != name:
        yield "NAME", f"must be the folder's, {name!r}"
    kind = data["ARTICLE_TYPE"]
    if not 1000 <= kind <= 9999:
        yield "ARTICLE_TYPE", "must be four digits"
    yield from _some_of("LINKS", links, _LINKS)
    yield from _some_of("BUSES", buses, _BUSES)
    if "a" not in buses:
        yield "BUSES", "must have 'a'"
    if "b" in buses and "lte" in links:
        yield "BUSES", "the modem has the UART of bus 'b'"
    if data["HAS_B_MODULES"] and "b" not in buses:
        yield "HAS_B_MODULES", "there is no bus 'b'"
    if type(data.get("PSRAM", True)) is not bool:
        yield "PSRAM", "must be True or False"
    if data.get("CHIP", "esp32") not in board_pins.CHIPS:
        yield "CHIP", f"must be one of {', '.join(board_pins.CHIPS)}"
    if data.get("FLASH_MB", 4) not in FLASHES_MB:
        yield "FLASH_MB", f"must be one of {', '.join(map(str, FLASHES_MB))}"
    if type(data.get("PUBLIC", "")) is not str:
        yield "PUBLIC", "must be the name by which its maker sells it"
    if data["CHOOSES"] not in ("gateway", "installer"):
        yield "CHOOSES", "must be 'gateway' or 'installer'"
    if "lte" in links and "SIGNAL_DBM" not in data:
        yield "SIGNAL_DBM", "is missing"
    signal = data.get("SIGNAL_DBM", (0, -1))
    if not _are(signal, int, int) or not signal[0] > signal[1]:
        yield "SIGNAL_DBM", "must be the dBm of good, then of medium reception"
    yield from _light(data)
    if not own_hardware:
        parts, psram = [*buses, *links], data.get("PSRAM", True)
        for why in board_pins.problems(data["PINS"], parts, psram, chip(data)):
            yield "PINS", why


def _are(values: Any, *kinds: type) -> bool:
    """Whether it is a tuple of these."""
    return isinstance(values, tuple) and [type(value) for value in values] == [*kinds]


def _some_of(field: str, values: Any, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if not values or not _are(values, *[str] * len(values)) or len(set(values)) < len(values):
        yield field, "must be a tuple of different names, one at least"
    for value in values:
        if value not in known:
            yield field, f"{value!r} is none of {', '.join(known)}"


def _light(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    known = colours()
    for state in _STATES:
        if state not in data["LED"]:
            yield "LED", f"the row {state!r} is missing"
    for state, row in data["LED"].items():
        if state not in _STATES + _MORE_STATES:
            yield "LED", f"there is no state {state!r}"
        if not _are(row, str, str):
            yield "LED", f"{state!r}: must be (colour, pattern)"
        colour, pattern = row
        if colour not in known or pattern not in _PATTERNS:
            yield "LED", f"{state!r}: {colour!r}, {pattern!r}: no such colour or pattern"
    for state, seconds in data["MAX_STATE_S"].items():
        if state not in _LIMITED:
            yield "MAX_STATE_S", f"{state!r} is none of {', '.join(_LIMITED)}"
        if type(seconds) is not int or seconds < 1:
            yield "MAX_STATE_S", f"{state!r}: must be whole seconds, 1 or more"
    rows = data["RESET"]
    held = [row[1] for row in rows if _are(row, str, int)]
    if not held or len(held) < len(rows) or held != sorted(set(held)) or held[0] < 1:
        yield (
            "RESET",
            "must be (colour, seconds), 1 s or more, each held longer than the one before",
        )
    for colour, _ in rows:
        if colour not in known:
            yield "RESET", f"there is no colour {colour!r}"
