"""The rules of the house that `make style` keeps (docs/architecture.md): floors, circles, lengths,
names.

Owns nothing: each rule is a function that yields one line for each place that breaks it, with what
to do.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

from gateway_host.interpreter import ROOT
from gateway_host.security import rows

MAX_MODULE_LINES = 300
MAX_DOC_LINE = 100
MAX_TABLE_CELL = 120
_IMPORTED_FROM = (
    "firmware",
    "boards/common",
    "boards/SIMULATOR",
    "tools",
    "tools/bootstrap",
    "host_tests/support",
    "host_tests/programs",
)
_CODE = (
    "firmware",
    "boards",
    "tools",
    "reference",
    "typings",
    "host_tests/support",
    "host_tests/programs",
)
_MODULES = (".py", ".pyi", ".js", ".c")
_ABOVE_ALL = "roof"  # whatever is in no section


def broken() -> list[str]:
    """What breaks a rule, a line each."""
    rules = (floors, circles, module_lengths, doc_lines, board_names, security_rows)
    return [line for rule in rules for line in rule(ROOT)]


def floors(root: Path) -> Iterator[str]:
    """A room of the firmware imports only rooms on its own floor or below; pyproject.toml has the
    order."""
    isort = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["isort"]
    order = isort["section-order"]
    floor_of = {
        name: order.index(section)
        for section, names in isort["sections"].items()
        for name in names
    }
    top = order.index(_ABOVE_ALL)
    modules = _modules(root / "firmware")
    for name, file in modules.items():
        floor = floor_of.get(name.split(".")[0], top)
        for line, other in _imports(name, file, modules):
            above = floor_of.get(other.split(".")[0], top)
            if above > floor:
                yield (
                    f"{file.relative_to(root)}:{line}: imports {other}, which is on the floor "
                    f"above ({order[above]} over {order[floor]}): hand it over, or move it down"
                )


def circles(root: Path) -> Iterator[str]:
    """No module imports itself by way of others."""
    for place in _IMPORTED_FROM:
        modules = _modules(root / place)
        graph = {
            name: {other for _, other in _imports(name, file, modules)}
            for name, file in modules.items()
        }
        while ends := [
            name
            for name, others in graph.items()
            if not others & graph.keys() or not any(name in other for other in graph.values())
        ]:
            for name in ends:
                del graph[name]
        if graph:
            names = ", ".join(sorted(graph))
            yield f"{place}: modules import each other: {names}: untie them"


def module_lengths(root: Path) -> Iterator[str]:
    """A module owns one thing, in at most 300 lines."""
    for place in _CODE:
        for file in sorted((root / place).rglob("*")):
            if file.suffix not in _MODULES:
                continue
            lines = len(file.read_text(encoding="utf-8").splitlines())
            if lines > MAX_MODULE_LINES:
                where = file.relative_to(root)
                yield f"{where}: {lines} lines, at most {MAX_MODULE_LINES}: it owns too much"


def doc_lines(root: Path) -> Iterator[str]:
    """Prose has at most 100 characters a line, a table's cell at most 120."""
    for file in sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")]):
        block = False
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            where = f"{file.relative_to(root)}:{number}"
            block ^= line.lstrip().startswith("```")
            if line.startswith("|"):
                longest = max(len(cell.strip()) for cell in line.split("|"))
                if longest > MAX_TABLE_CELL:
                    yield f"{where}: a cell of {longest} characters, at most {MAX_TABLE_CELL}"
            elif len(line) > MAX_DOC_LINE and not block and not line.startswith("    "):
                yield f"{where}: {len(line)} characters, at most {MAX_DOC_LINE}: break the line"


def board_names(root: Path) -> Iterator[str]:
    """The firmware knows no board by its name: boards differ by data."""
    boards = {file.parent.name for file in root.glob("boards/*/board.py")}
    for file in sorted((root / "firmware").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else getattr(node, "id", "")
            if isinstance(text, str) and text in boards:
                where = f"{file.relative_to(root)}:{node.lineno}"
                yield f"{where}: names the board {text}: make it data of boards/{text}/board.py"


def security_rows(root: Path) -> Iterator[str]:
    """Every row of docs/security.md has tests that there are, or says why not."""
    yield from rows.wrong(root)


def _modules(place: Path) -> dict[str, Path]:
    names = {
        file: ".".join(file.relative_to(place).with_suffix("").parts)
        for file in sorted(place.rglob("*.py"))
    }
    return {name.removesuffix(".__init__"): file for file, name in names.items()}


def _imports(name: str, file: Path, modules: dict[str, Path]) -> Iterator[tuple[int, str]]:
    """The lines of a module's imports, and what of `modules` they name; also in functions."""
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(above if node.level else ()), *filter(None, [node.module])])
            inner = {f"{base}.{alias.name}" for alias in node.names}
            found = inner if inner <= modules.keys() else inner | {base}
        else:
            continue
        for other in sorted((found & modules.keys()) - {name}):
            yield node.lineno, other
