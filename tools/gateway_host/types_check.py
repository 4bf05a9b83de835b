"""Holds the firmware's annotations, and the boards against the hardware's contract, with a type
checker (pyrightconfig.json, typings/)."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from gateway_host import portal_pages
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

CHECKER = ROOT / "build" / "checker"
_CHECKED = ("firmware", "boards/common", "boards/SIMULATOR")
_AT_RUN_TIME = {"ptr", "ptr8", "ptr16", "ptr32", "uint"}  # in viper code


class NoCheckerError(UserError):
    """It could not be had: `make style` goes on without it."""


def errors(root: Path = ROOT) -> list[str]:
    """What does not fit, a line each. NoCheckerError when the checker is not there, UserError when
    it cannot work. root: of the project, or of a copy beside the same build/."""
    if not (CHECKER / "basedpyright").exists():
        raise NoCheckerError("types are not checked: no checker: `make setup` says why")
    portal_pages.make()  # modules that the firmware imports
    command = [sys.executable, "-m", "basedpyright", "--outputjson"]
    command += ["--typeshedpath", str(CHECKER), "--project", str(root / "pyrightconfig.json")]
    places = {**os.environ, "PYTHONPATH": str(CHECKER)}
    done = subprocess.run(command, capture_output=True, text=True, env=places, cwd=root)
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except (ValueError, KeyError):
        words = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
        raise UserError(f"the type checker does not work: {words[-1]}") from None
    wrong = [_line(one, root) for one in found if one["severity"] == "error"]
    return wrong + unimported(root) + untyped(root)


def unimported(root: Path = ROOT) -> list[str]:
    """What code uses that only annotations may name without an import, a line each: the checker
    knows these names everywhere, the chip does not."""
    tree = ast.parse((root / "typings" / "__builtins__.pyi").read_text(encoding="utf-8"))
    names = _bound(tree) - _AT_RUN_TIME
    found = []
    for place in _CHECKED:
        for file in sorted((root / place).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            own, aside = _bound(tree), _annotations(tree)
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and node.id in names - own and node not in aside:
                    where = f"{file.relative_to(root)}:{node.lineno}"
                    found.append(f"{where}: {node.id} is known to annotations alone: import it")
    return found


def untyped(root: Path = ROOT) -> list[str]:
    """Public functions and methods that do not say what they take and give, a line each. What
    viper compiles says it to the compiler."""
    found = []
    for place in _CHECKED:
        for file in sorted((root / place).rglob("*.py")):
            for node in _public(ast.parse(file.read_text(encoding="utf-8"))):
                taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                taken += filter(None, (node.args.vararg, node.args.kwarg))
                bare = [one.arg for one in taken if one.arg != "self" and not one.annotation]
                if node.returns is None and node.name != "__init__":
                    bare.append("what it gives")
                if bare:
                    where = f"{file.relative_to(root)}:{node.lineno}"
                    found.append(f"{where}: {node.name} has no type for {', '.join(bare)}")
    return found


def _public(scope: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in scope.body:
        if isinstance(node, ast.ClassDef):
            yield from _public(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            compiled = any("micropython" in ast.unparse(one) for one in node.decorator_list)
            if not compiled and (node.name == "__init__" or not node.name.startswith("_")):
                yield node


def _bound(tree: ast.Module) -> set[str]:
    bound = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.alias):
            bound.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            bound.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    return bound


def _annotations(tree: ast.Module) -> set[ast.AST]:
    parts = []
    for node in ast.walk(tree):
        parts += [getattr(node, "annotation", None), getattr(node, "returns", None)]
    return {inner for part in parts if part is not None for inner in ast.walk(part)}


def _line(found: dict, root: Path) -> str:
    where = Path(found["file"]).relative_to(root)
    at = found["range"]["start"]["line"] + 1
    message = found["message"].splitlines()[0]
    return f"{where}:{at}: {message} ({found.get('rule', '')})"
