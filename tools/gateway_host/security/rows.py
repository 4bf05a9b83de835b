"""What EN 18031 and EN 303 645 ask, row by row (rows.toml): what the gateway does, which tests
show it, what remains. Owns the tables of docs/security.md that are made of them.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

PLACE = Path("tools/gateway_host/security/rows.toml")
DOCUMENT = Path("docs/security.md")
TESTS = Path("host_tests")
_MAX_CELL = 118
_BEGIN, _END = "<!-- {} begins: `make security` -->", "<!-- {} ends -->"
_FIELDS = {"id", "asks", "does", "tests", "remains", "no_test"}
# A mechanism with no row at all would be missed by nobody.
MECHANISMS = tuple("ACM AUM SUM SSM SCM RLM NMM TCM DLM LGM UNM CCK GEC CRY".split())


@dataclass(frozen=True)
class Row:
    """`standard`: the heading that it stands under; `tests`: `file::function` below host_tests/;
    `no_test`: why there can be none."""

    standard: str
    id: str
    asks: str
    does: str
    tests: tuple[str, ...] = ()
    remains: str = ""
    no_test: str = ""


@dataclass(frozen=True)
class State:
    """A state of the gateway, and what is open in it then: "tcp 80" and so on."""

    state: str
    opens: tuple[str, ...]
    reached: str


def load(root: Path = ROOT) -> list[Row]:
    """The rows, in their order."""
    return [
        Row(
            table["standard"],
            **{name: row.get(name, "") for name in _FIELDS - {"tests"}},
            tests=tuple(row.get("tests", ())),
        )
        for table in _table(root)["table"]
        for row in table["row"]
    ]


def states(root: Path = ROOT) -> dict[str, State]:
    """The states of the gateway, by name."""
    found = (State(**{**one, "opens": tuple(one["opens"])}) for one in _table(root)["state"])
    return {one.state: one for one in found}


def wrong(root: Path = ROOT) -> Iterator[str]:
    """What is not as it has to be, a line each: rows, tests that are not there, the document."""
    if not (root / PLACE).exists():
        return
    rows = [row for table in _table(root)["table"] for row in table["row"]]
    for row in rows:
        for name in row.keys() - _FIELDS:
            yield f"{PLACE}: {row.get('id')}: {name} is no field (there are {sorted(_FIELDS)})"
    loaded = load(root)
    yield from _wrong_rows(loaded, root)
    text = (root / DOCUMENT).read_text(encoding="utf-8")
    if text != in_document(text, root):
        yield f"{DOCUMENT}: its tables are not {PLACE}'s: `make security ONLY=doc` writes them"


def _wrong_rows(rows: list[Row], root: Path) -> Iterator[str]:
    seen = set()
    for row in rows:
        where = f"{PLACE}: {row.standard}, {row.id}"
        if (row.standard, row.id) in seen:
            yield f"{where}: stands there twice"
        seen.add((row.standard, row.id))
        if not (row.id and row.asks and row.does):
            yield f"{where}: wants id, asks and does"
        if without_test(row):
            yield f"{where}: has no test: name one, or say in `no_test` why there can be none"
        if row.tests and row.no_test:
            yield f"{where}: has tests, and says why there can be none: one of them"
        if row.no_test and not row.remains:
            yield f"{where}: has no test and does not say what remains"
        for test in row.tests:
            if not exists(test, root):
                yield f"{where}: there is no test {test} in {TESTS}/"
        for text in (row.asks, row.does, row.remains, row.no_test):
            if len(text) > _MAX_CELL:
                yield f"{where}: {len(text)} characters, at most {_MAX_CELL}: {text[:40]}..."
    for name in MECHANISMS:
        if not any(row.id.startswith(f"{name}-") for row in rows):
            yield f"{PLACE}: no row for {name}"


def without_test(row: Row) -> bool:
    """Whether it has neither a test nor a reason why there can be none."""
    return not row.tests and not row.no_test


def exists(test: str, root: Path = ROOT) -> bool:
    """Whether there is such a test: `file`, or `file::function`."""
    name, _, function = test.partition("::")
    file = root / TESTS / name
    return file.is_file() and (not function or function in _functions(file))


@cache
def _functions(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def in_document(text: str, root: Path = ROOT) -> str:
    """The document with the tables as they have to be."""
    for name, table in (("ports", _ports(root)), ("rows", _rows(root))):
        begin, end = _BEGIN.format(name), _END.format(name)
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not found or not ended:
            raise UserError(f"{DOCUMENT} lacks the lines {begin} and {end}: put them back")
        text = before + begin + "\n\n" + "\n".join(table) + "\n\n" + end + after
    return text


def _ports(root: Path) -> Iterator[str]:
    yield "| the gateway | open ports | reached by |"
    yield "|---|---|---|"
    for one in states(root).values():
        yield f"| {one.state} | {', '.join(one.opens) or 'none'} | {one.reached} |"


def _rows(root: Path) -> Iterator[str]:
    heading = ""
    for row in load(root):
        if row.standard != heading:
            if heading:
                yield ""
            heading = row.standard
            yield f"### {heading}"
            yield ""
            yield "| | what the gateway does | shown by | what remains |"
            yield "|---|---|---|---|"
        shown = list(_cells(row))
        for number, cell in enumerate(shown):
            first = number == 0
            words = (f"{row.id}: {row.asks}", row.does) if first else ("", "")
            yield f"| {words[0]} | {words[1]} | {cell} | {row.remains if first else ''} |".replace(
                "|  |", "| |"
            ).replace("|  |", "| |")


def _cells(row: Row) -> Iterator[str]:
    """The names of the tests, as many in a cell as have room; or why there is none."""
    cell = ""
    for test in row.tests:
        name = f"`{test.partition('::')[2] or 'host_tests/' + test}`"
        if cell and len(cell) + len(name) + 2 > _MAX_CELL:
            yield cell
            cell = ""
        cell += f", {name}" if cell else name
    yield cell or f"no test: {row.no_test}"


def _table(root: Path) -> dict:
    return tomllib.loads((root / PLACE).read_text(encoding="utf-8"))
