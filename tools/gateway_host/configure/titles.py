"""What a field of a plan is called on the page, by its path."""

from __future__ import annotations

import re
from typing import Any

from .words import Words

_ITEM = re.compile(r"(load|board|input|output)\[(\d+)\](?:\.(\w+))?")
_OF_SITE = {
    "name": "name",
    "timezone": "timezone",
    "scheme": "supply",
    "breaker": "main_breaker",
    "gateway.kind": "gateway",
    "gateway.internet": "internet",
    "gateway.distance": "gateway_distance",
    "gateway.mounting": "mounting",
    "gateway.power_box": "power_box",
    "load": "loads_title",
    "board": "boards",
    "input": "digital",
}
_OF_ITEM = {
    "name": "load_name",
    "phases": "phases",
    "breaker": "breaker",
    "power": "or_power",
    "cable": "cable",
    "inverter": "inverter",
    "board": "board",
    "ct": "ct",
    "parent": "behind",
    "distance": "distance",
    "cts": "board_cts",
    "mode": "mode",
    "unit": "unit",
    "per_pulse": "per_pulse",
    "amperes": "switched",
    "contact": "contact",
    "fail_safe": "fail_safe",
}


def title(path: str, tables: dict[str, Any], words: Words) -> str:
    """A field's name, behind that of what it belongs to; its path where the page has no such
    field."""
    if path in _OF_SITE:
        return words.page(_OF_SITE[path])
    if path.startswith("serials."):
        return path.removeprefix("serials.")
    item = _ITEM.fullmatch(path)
    if not item or item[3] not in _OF_ITEM:
        return path or words.page("plan")
    row = tables[item[1]][int(item[2])]
    name = row.get("name") or f"{words.page(item[1])} {int(item[2]) + 1}"
    return f"{name}, {words.page(_OF_ITEM[item[3]])}"
