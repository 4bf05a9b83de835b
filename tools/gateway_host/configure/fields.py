"""Taking the fields out of a plan's tables, with everything that is wrong in them."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from .problems import Message

_MAX_NAME, _MAX_BYTES = 40, 80  # docs/site.md
_REQUIRED: Any = object()


class Table:
    """One table of a plan, at `path`. Each value is taken by name; what is wrong is noted in
    `problems`, and the default is given for it. `finish` notes what nobody took."""

    def __init__(self, path: str, values: Any, problems: list[Message]):
        self.path = path
        self._problems = problems
        self._taken: list[str] = []
        if not isinstance(values, dict):
            self.note(None, "not_a_table")
            values = {}
        self._values: dict[str, Any] = values

    def note(self, field: str | None, key: str, /, **values: Any) -> None:
        """A problem of a field, or of the table."""
        path = ".".join(filter(None, (self.path, field)))
        self._problems.append(Message(path, key, values))

    def has(self, name: str) -> bool:
        """Whether the field is there; an empty text is as good as none."""
        self._taken.append(name)
        return self._values.get(name) not in (None, "")

    def is_empty(self, name: str) -> bool:
        """Whether nothing is there: no field, or an empty list."""
        return not self.has(name) or self._values[name] == []

    def _value(self, name: str, default: Any) -> Any:
        if self.has(name):
            return self._values[name]
        if default is _REQUIRED:
            self.note(name, "missing")
        return None

    def text(self, name: str, default: str = _REQUIRED) -> str:
        """A text of one line."""
        value = self._value(name, default)
        if value is None:
            return "" if default is _REQUIRED else default
        if not isinstance(value, str) or not _is_line(value):
            self.note(name, "not_a_text")
            return ""
        return value.strip()

    def name(self, names: Iterable[str]) -> str:
        """The field `name`, as site.json takes it, and not one of `names`."""
        value = self.text("name")
        if value in names:
            self.note("name", "twice", name=value)
        elif value and (
            len(value) > _MAX_NAME or len(json.dumps(value).encode()) > _MAX_BYTES + 2
        ):
            self.note("name", "long_name", most=_MAX_NAME, bytes=_MAX_BYTES)
        return value

    def choice(self, name: str, known: Sequence[str], default: str = _REQUIRED) -> str:
        """One of `known`."""
        value = self._value(name, default)
        if value is None:
            return known[0] if default is _REQUIRED else default
        if not isinstance(value, str) and (number := _number(value)) is not None:
            value = f"{number:g}"
        if value not in known:
            self.note(name, "unknown", value=value, known=", ".join(known))
            return known[0] if default is _REQUIRED else default
        return value

    def number(self, name: str, low: float, high: float, default: float = _REQUIRED) -> float:
        """A number from `low` to `high`; a text that says one will do."""
        value = self._value(name, default)
        if value is None:
            return low if default is _REQUIRED else default
        number = _number(value)
        if number is None or not low <= number <= high:
            self.note(name, "range", low=f"{low:g}", high=f"{high:g}", value=value)
            return low if default is _REQUIRED else default
        return number

    def flag(self, name: str) -> bool:
        """True or false; default false."""
        value = self._value(name, False)
        if value in (None, False, True):
            return bool(value)
        self.note(name, "not_a_flag")
        return False

    def tables(self, name: str) -> list[Table]:
        """The tables of a list, none where there is no list."""
        value = self._value(name, [])
        if value is None:
            return []
        if not isinstance(value, list):
            self.note(name, "not_a_list")
            return []
        where = ".".join(filter(None, (self.path, name)))
        return [Table(f"{where}[{k}]", one, self._problems) for k, one in enumerate(value)]

    def table(self, name: str) -> Table:
        """The table of a field, an empty one where it is not there."""
        value = self._value(name, {})
        where = ".".join(filter(None, (self.path, name)))
        return Table(where, {} if value is None else value, self._problems)

    def items(self) -> dict[str, Any]:
        """All that is left, taken."""
        self._taken += self._values
        return self._values

    def finish(self) -> None:
        """Notes the fields that mean nothing."""
        for name in self._values:
            if name not in self._taken:
                self.note(name, "unknown_field", known=", ".join(sorted(set(self._taken))))


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            value = float(value.replace(",", "."))
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number of hundreds of digits
        return None


def _is_line(text: str) -> bool:
    """Whether it can be written in UTF-8, and printed in one line."""
    return not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text)
