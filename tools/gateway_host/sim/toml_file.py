"""A TOML file whose values are taken out with checks, and whose errors name file and line."""

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from ..errors import UserError

_TABLE = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"]+)\s*\]\]?")
_REQUIRED: Any = object()


class Table:
    """One table of a file. Every value is taken by name; `finish` refuses what nobody took."""

    def __init__(self, path: Path, lines: Sequence[str], first: int, values: dict, title: str):
        self.path = path
        self.title = title
        self._lines = lines  # those of this table, from `first` (counted from 1) on
        self._first = first
        self._values = values
        self._taken: set[str] = set()

    def has(self, key: str) -> bool:
        """Whether the file gives `key`."""
        return key in self._values

    def fail(self, key: str | None, problem: str, *marks: str) -> NoReturn:
        """Raises UserError for `key` (None: the table), at the line that holds it and every one of
        `marks`.
        """
        raise UserError(f"{self.path}:{self._line(key, marks)}: {self.title}: {problem}")

    def value(self, key: str, default: Any = _REQUIRED) -> Any:
        """The value as TOML has it."""
        self._taken.add(key)
        if key not in self._values and default is _REQUIRED:
            self.fail(None, f"{key!r} is missing; add it")
        return self._values.get(key, default)

    def text(self, key: str, default: str = _REQUIRED, choices: Sequence[str] = ()) -> str:
        """A string that is not empty, one of `choices` when there are any."""
        value = self.value(key, default)
        if not isinstance(value, str) or not value:
            self.fail(key, f"{key!r} must be a text, not {value!r}")
        if choices and value not in choices:
            self.fail(key, f"unknown {key} {value!r}; known are {', '.join(choices)}", value)
        return value

    def number(self, key: str, low: float, high: float, default: float = _REQUIRED) -> float:
        """A number from `low` to `high`."""
        value = self.value(key, default)
        good = isinstance(value, int | float) and not isinstance(value, bool)
        if not good or not low <= value <= high:
            self.fail(key, f"{key!r} must be a number from {low:g} to {high:g}, not {value!r}")
        return float(value)

    def whole(self, key: str, low: int, high: int, default: int = _REQUIRED) -> int:
        """A whole number from `low` to `high`."""
        value = self.value(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.fail(key, f"{key!r} must be a whole number from {low} to {high}, not {value!r}")
        return value

    def flag(self, key: str, default: bool = _REQUIRED) -> bool:
        """true or false."""
        value = self.value(key, default)
        if not isinstance(value, bool):
            self.fail(key, f"{key!r} must be true or false, not {value!r}")
        return value

    def tables(self, key: str, *marks: str) -> list["Table"]:
        """The inline tables in the list `key`; errors look for the values of `marks` to find their
        line.
        """
        value = self.value(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fail(key, f"{key!r} must be a list of tables {{ ... }}")
        found: list[Table] = []
        seen: dict[tuple[str, ...], int] = {}
        for i, item in enumerate(value):
            wanted = tuple(str(item[mark]) for mark in marks if mark in item)
            line = seen[wanted] = self._line(key, wanted, seen.get(wanted, 0))
            lines = self._lines[line - self._first : line - self._first + 1]
            title = f"{self.title}, {key} {i + 1}"
            found.append(Table(self.path, lines, line, item, title))
        return found

    def finish(self) -> None:
        """Refuses keys that were never taken."""
        for key in self._values:
            if key not in self._taken:
                known = ", ".join(sorted(self._taken))
                self.fail(key, f"unknown field {key!r}; known are {known}")

    def _line(self, key: str | None, marks: Sequence[str], after: int = 0) -> int:
        """The line past `after` with all `marks` as texts, or where `key` is set, or the first."""
        for i, line in enumerate(self._lines):
            if marks and all(f'"{mark}"' in line or f"'{mark}'" in line for mark in marks):
                if self._first + i > after:
                    return self._first + i
        for i, line in enumerate(self._lines):
            if key and re.search(rf"(^|[\s{{,]){re.escape(key)}\s*=", line):
                return self._first + i
        return self._first


class TomlFile:
    """A whole file: `top` is its first table, `one` and `each` give the others."""

    def __init__(self, path: Path) -> None:
        """Reads the file. UserError when it cannot be read or is not TOML."""
        self.path = path
        try:
            text = path.read_bytes().decode("utf-8")
        except OSError as error:
            problem = f"cannot be read ({error.strerror or error})"
            raise UserError(f"{path}: {problem}; give the path of a file") from None
        except UnicodeDecodeError:
            raise UserError(f"{path}: not UTF-8; save the file as UTF-8") from None
        try:
            self._values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line = where.group(1) if where else str(text.count("\n") + 1)
            problem = re.sub(r"\s*\(at .*\)", "", str(error))
            raise UserError(f"{path}:{line}: not valid TOML: {problem}") from None
        self._lines = text.splitlines()
        self._starts = [
            (i, match.group(2))
            for i, line in enumerate(self._lines)
            if (match := _TABLE.match(line))
        ]
        self._taken: set[str] = set()

    @property
    def top(self) -> Table:
        """What stands before the first table."""
        end = self._starts[0][0] if self._starts else len(self._lines)
        values = {k: v for k, v in self._values.items() if not self._is_table(v)}
        return Table(self.path, self._lines[:end], 1, values, "file")

    def one(self, name: str, required: bool = True) -> Table:
        """The table [name]; an empty one when it is not there and not required."""
        self._taken.add(name)
        values = self._values.get(name)
        if values is None and not required:
            return Table(self.path, [], 1, {}, f"[{name}]")
        if not isinstance(values, dict):
            raise UserError(f"{self.path}:1: the table [{name}] is missing; add it")
        return self._table(name, 0, values, f"[{name}]")

    def each(self, name: str) -> list[Table]:
        """The tables [[name]], in order."""
        self._taken.add(name)
        values = self._values.get(name, [])
        if not isinstance(values, list) or not all(isinstance(v, dict) for v in values):
            raise UserError(f"{self.path}:1: {name!r} must be a row of tables [[{name}]]")
        found = []
        for i, value in enumerate(values):
            title = f"[[{name}]] {value.get('name') or value.get('serial') or i + 1}"
            found.append(self._table(name, i, value, title))
        return found

    def finish(self) -> None:
        """Refuses tables that were never asked for."""
        for name, value in self._values.items():
            if self._is_table(value) and name not in self._taken:
                first, _ = self._span(name, 0)
                known = ", ".join(sorted(self._taken))
                raise UserError(
                    f"{self.path}:{first + 1}: unknown table {name!r}; known are {known}"
                )

    @staticmethod
    def _is_table(value: Any) -> bool:
        return isinstance(value, dict) or (
            isinstance(value, list) and bool(value) and isinstance(value[0], dict)
        )

    def _span(self, name: str, index: int) -> tuple[int, int]:
        starts = [i for i, title in self._starts if title.strip('"') == name]
        if index >= len(starts):
            return 0, len(self._lines)
        later = [i for i, _ in self._starts if i > starts[index]]
        return starts[index], later[0] if later else len(self._lines)

    def _table(self, name: str, index: int, values: dict, title: str) -> Table:
        first, end = self._span(name, index)
        return Table(self.path, self._lines[first:end], first + 1, values, title)
