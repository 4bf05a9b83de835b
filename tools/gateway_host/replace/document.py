"""Whether a gateway may take another one's place, and the site document that it gets then. Owns
the rules (docs/replacing.md)."""

from __future__ import annotations

import copy
import re
from typing import Any

from gateway_host.errors import UserError

_SERIAL = re.compile(r"5[01]\d{8}")
_GENIUS, _CONNECT = "50", "51"
_4G = "5140"
FLEX = "5020"


def old_serial(document: dict[str, Any], factory: dict[str, Any], given: str | None) -> str:
    """Of the gateway that is replaced: what was given, its factory.json's or the document's, which
    must agree."""
    found = {
        "OLD": given,
        "factory.json": factory.get("serial"),
        "the site document": document.get("gateway"),
    }
    said = {name: serial for name, serial in found.items() if serial}
    if not said:
        raise UserError("nothing says which gateway is replaced: OLD=5130000007, from its label")
    if len(set(said.values())) > 1:
        words = ", ".join(f"{name} says {serial}" for name, serial in said.items())
        raise UserError(f"this is not one gateway: {words}; take what belongs together")
    return _serial("OLD", next(iter(said.values())))


def check_charger(old: str, factory: dict[str, Any], charger: str | None) -> None:
    """A Connect that is built into a charger stays there. charger: "yes", "no" or None: nobody has
    looked."""
    built_in = factory.get("built_in")
    if built_in or charger == "yes":
        where = built_in if isinstance(built_in, str) else "a charger"
        raise UserError(
            f"{old} is built into {where}, which does not work without it: leave it there, and "
            "let the Genius be a second gateway of the site"
        )
    if old.startswith(_CONNECT) and charger is None and built_in is None:
        raise UserError(
            f"{old} may be built into an EV Wall Home or an EV One Home, and then it cannot be "
            "replaced: look, and say CHARGER=no"
        )


def replaced(document: dict[str, Any], old: str, new: str, head: str | None) -> dict[str, Any]:
    """The document for the gateway `new`. head: another Power Box's serial number, or None."""
    _serial("NEW", new)
    if new == old:
        raise UserError(f"NEW: {new} is the one that is replaced: take the new one's label")
    b_bus = document.get("b_bus", {})
    modules = b_bus.get("input_modules") or b_bus.get("output_modules")
    if modules and not new.startswith(_GENIUS):
        raise UserError(f"NEW: {new} has no Input and Output modules as the site: take a Genius")
    if "b_bus" in document and new.startswith(_4G):
        raise UserError(f"NEW: {new} has no B-bus, and the site uses it: take a Genius")
    made = copy.deepcopy(document) | {"gateway": new}
    if head:
        made["head"] = head
    elif new.startswith(FLEX) and not b_bus.get("power_box"):
        made["head"] = new  # its Power Box is built in
    elif document["head"] == old:
        raise UserError(
            f"HEAD: {old} was its own Power Box, and {new} has none: say which measures the "
            "voltages, HEAD=5400000123"
        )
    return made


def _serial(name: str, serial: str) -> str:
    if not _SERIAL.fullmatch(serial):
        raise UserError(f"{name}: {serial!r} is not ten digits that begin with 50 or 51")
    return serial
