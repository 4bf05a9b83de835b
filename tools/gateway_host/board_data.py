"""What a board's board.py says, and whether it can work: a missing field would otherwise show in
the field only, as a task that fails again and again (docs/device.md, "A board")."""

from __future__ import annotations

import ast
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

_ANIMATION = ROOT / "firmware" / "led_animation.py"
_FIELDS = ("NAME", "ARTICLE_TYPE", "LINKS", "CHOOSES", "BUSES", "HAS_B_MODULES", "LED")
_FIELDS += ("LONGEST_S", "RESET")
_LINKS, _BUSES = ("ethernet", "wifi", "lte"), ("a", "b")
_STATES = ("booting", "connecting", "well", "lost", "no internet")
_MORE_STATES = ("searching", "ready", "medium", "poor")
_LIMITED = ("booting", "connecting")  # the advice has words for these
_PATTERNS = ("solid", "blinking", "breathing")
_LAMPS = ("led_red", "led_green", "led_blue")
# Of each link and bus.
_PINS = {
    "a": ("a_tx", "a_rx"),
    "b": ("b_tx", "b_rx"),
    "ethernet": ("eth_mdc", "eth_mdio", "eth_address"),
    "wifi": (),
    "lte": ("lte_tx", "lte_rx"),
}


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


def colours() -> set[str]:
    """The colours that the LED's animation knows."""
    for node in ast.parse(_ANIMATION.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "COLOURS":
            return set(ast.literal_eval(node.value))
    raise AssertionError(f"no COLOURS in {_ANIMATION.name}")


def _problems(name: str, data: dict[str, Any], own_hardware: bool) -> Iterator[tuple[str, str]]:
    """(field, why) of what cannot work."""
    missing = [field for field in _FIELDS if field not in data]
    if "lte" in data.get("LINKS", ()) and "SIGNAL_DBM" not in data:
        missing.append("SIGNAL_DBM")
    if "PINS" not in data and not own_hardware:
        missing.append("PINS")
    for field in missing:
        yield field, "is missing"
    if missing:
        return
    links, buses = data["LINKS"], data["BUSES"]
    if data["NAME"] != name:
        yield "NAME", f"must be the folder's, {name!r}"
    kind = data["ARTICLE_TYPE"]
    if not isinstance(kind, int) or not 1000 <= kind <= 9999:
        yield "ARTICLE_TYPE", "must be four digits"
    yield from _some_of("LINKS", links, _LINKS)
    yield from _some_of("BUSES", buses, _BUSES)
    if "a" not in buses:
        yield "BUSES", "must have 'a'"
    if "b" in buses and "lte" in links:
        yield "BUSES", "the modem has the UART of bus 'b'"
    if data["HAS_B_MODULES"] and "b" not in buses:
        yield "HAS_B_MODULES", "there is no bus 'b'"
    if data["CHOOSES"] not in ("gateway", "installer"):
        yield "CHOOSES", "must be 'gateway' or 'installer'"
    if "lte" in links and not data["SIGNAL_DBM"][0] > data["SIGNAL_DBM"][1]:
        yield "SIGNAL_DBM", "must be the dBm of good, then of medium reception"
    yield from _light(data)
    if not own_hardware:
        yield from _pins(data["PINS"], [*buses, *links])


def _some_of(field: str, values: Any, known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if not isinstance(values, tuple) or not values or len(set(values)) < len(values):
        yield field, "must be a tuple of different names, one at least"
    for value in values:
        if value not in known:
            yield field, f"{value!r} is none of {', '.join(known)}"


def _light(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    known = colours()
    for state in _STATES:
        if state not in data["LED"]:
            yield "LED", f"the row {state!r} is missing"
    for state, (colour, pattern) in data["LED"].items():
        if state not in _STATES + _MORE_STATES:
            yield "LED", f"there is no state {state!r}"
        if colour not in known or pattern not in _PATTERNS:
            yield "LED", f"{state!r}: {colour!r}, {pattern!r}: no such colour or pattern"
    for state in data["LONGEST_S"]:
        if state not in _LIMITED:
            yield "LONGEST_S", f"{state!r} is none of {', '.join(_LIMITED)}"
    held = [seconds for _, seconds in data["RESET"]]
    if not held or held != sorted(set(held)) or held[0] < 1:
        yield (
            "RESET",
            "must be (colour, seconds), 1 s or more, each held longer than the one before",
        )
    for colour, _ in data["RESET"]:
        if colour not in known:
            yield "RESET", f"there is no colour {colour!r}"


def _pins(pins: dict[str, Any], parts: list[str]) -> Iterator[tuple[str, str]]:
    needed = ["button", *([] if "led_addressable" in pins else _LAMPS)]
    for part in parts:
        needed += _PINS[part]
    for pin in needed:
        if pin not in pins:
            yield "PINS", f"{pin!r} is missing"
