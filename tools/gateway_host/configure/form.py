"""A plan's tables as a form fills them in. Owns what an empty plan has, and how fields, whose
names are the paths of problems, become values."""

from __future__ import annotations

import re
import uuid
from typing import Any

from .catalogue import connections
from .words import Words

_ITEM = re.compile(r"(\w+)\[(\d+)\]")
_NUMBERS = ("breaker", "power", "cable", "distance", "per_pulse", "amperes", "frequency")
_NUMBERS += ("voltage_ratio", "location")
LISTS = ("load", "board", "input", "output")
INNER = ("gateway", "serials")
ROLES = ("grid", "solar", "battery", "circuit")


def new(words: Words) -> dict[str, Any]:
    """The tables of a plan that nobody has touched."""
    return {
        "name": "",
        "uuid": str(uuid.uuid4()),
        "timezone": "Europe/Brussels",
        "scheme": "3x400+N",
        "gateway": {"internet": "ethernet"},
        "board": [{"name": words.page("main_board")}],
        "load": [{"name": words.page("role_grid"), "role": "grid"}],
    }


def is_plan(tables: Any) -> bool:
    """Whether the pages can show the tables, right or wrong as they may be."""
    if not isinstance(tables, dict):
        return False
    rows = [tables.get(name, []) for name in LISTS]
    inner = [tables.get(name, {}) for name in INNER]
    return all(isinstance(one, list) for one in rows) and all(
        isinstance(one, dict) for one in (*inner, *(row for one in rows for row in one))
    )


def fill(tables: dict[str, Any], fields: list[tuple[str, str]]) -> None:
    """Put a form's fields into the tables; of several with one name the last counts, an empty one
    takes the value away."""
    boards: dict[str, str] = {}  # by their names before
    loads: dict[str, str] = {}
    for path, text in dict(fields).items():
        head, _, rest = path.partition(".")
        if item := _ITEM.fullmatch(head):
            rows = tables.get(item[1], [])
            if item[1] not in LISTS or int(item[2]) >= len(rows) or not rest:
                continue
            target, key = rows[int(item[2])], rest
            if key == "name" and item[1] in ("board", "load") and text.strip():
                renamed = boards if item[1] == "board" else loads
                renamed[target.get("name", "")] = text.strip()
        elif rest and head in INNER:
            target, key = tables.setdefault(head, {}), rest
        elif not rest and head not in (*LISTS, *INNER):
            target, key = tables, head
        else:
            continue
        value = _value(key, text.strip())
        if value == "":
            target.pop(key, None)
        else:
            target[key] = value
    for name in ("load", "input", "output"):
        for row in tables.get(name, []):
            if row.get("board") in boards:
                row["board"] = boards[row["board"]]
            if row.get("parent") in loads:
                row["parent"] = loads[row["parent"]]
    _fit_phases(tables)


def _value(key: str, text: str) -> Any:
    """Numbers as such, where they are; what is none is said by the plan's reader."""
    if text in ("true", "false"):
        return text == "true"
    if key in _NUMBERS:
        try:
            number = float(text.replace(",", "."))
        except ValueError:
            return text
        return int(number) if number.is_integer() else number
    return text


def _fit_phases(tables: dict[str, Any]) -> None:
    """Loads stay connected to lines that the scheme has, when another one is chosen."""
    try:
        known = list(connections(tables.get("scheme", "")))
    except KeyError:
        return
    for load in tables.get("load", []):
        phases = str(load.get("phases", ""))
        if load.get("role") == "grid":
            load["phases"] = known[-1]
        elif phases not in known:
            load["phases"] = known[-1] if "+" in phases else known[0]


def act(tables: dict[str, Any], action: str, words: Words) -> str:
    """Carry out an action of a form: `add NAME`, `add load ROLE`, `remove NAME NUMBER`. Returns
    the path of what the eye should be on, or an empty text."""
    verb, name, *rest = (*action.split(), "", "")
    if name not in LISTS:
        return ""
    rows = tables.setdefault(name, [])
    if verb == "add":
        rows.append(_row(tables, name, rest[0], words))
        return f"{name}[{len(rows) - 1}].name"
    if verb == "remove" and rest[0].isdecimal() and int(rest[0]) < len(rows):
        del rows[int(rest[0])]
        return f"{name}[{max(0, int(rest[0]) - 1)}].name" if rows else ""
    return ""


def _row(tables: dict[str, Any], name: str, role: str, words: Words) -> dict[str, Any]:
    if name == "board":
        return {"distance": 10}
    if name == "input":
        return {"mode": "pulse"}
    if name == "output":
        return {}
    known = list(connections(tables.get("scheme", "3x400+N")))
    if role not in ROLES:
        role = "circuit"
    row: dict[str, Any] = {"role": role, "phases": known[0] if role == "circuit" else known[-1]}
    if role != "circuit":
        row["name"] = words.page(f"role_{role}")
    return row
