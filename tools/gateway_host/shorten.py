"""Shorter names for application images, where they concern one file: private names (those that
begin with one underscore) and parameters.

MicroPython keeps every name of a program once in the heap, in tables that double in size. Names of
different files can share a short one: `_message` of one module and `_schedule` of another both
become `_4`.
"""

from __future__ import annotations

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from gateway_host.errors import UserError

_PRIVATE = re.compile(r"(?<!\w)_[a-zA-Z0-9]\w*")
_KEYWORD = re.compile(r"(?<![\w.])([a-zA-Z]\w*)=(?!=)")
_VIPER = {"ptr", "ptr8", "ptr16", "ptr32", "uint"}  # built in, where viper code is


def shorten(sources: Mapping[str, Path], untouched: Iterable[Path]) -> dict[str, str]:
    """The text of each source with short names.

    untouched: what else uses these modules; the private names in there stay, and parameters that
    are given by name. A name becomes the same in all files; two names stay different where they
    meet in a file, or in files of a class and of what it inherits from. UserError for a base of
    a class of which the file is not found.
    """
    texts = {name: path.read_text(encoding="utf-8") for name, path in sources.items()}
    others = [path.read_text(encoding="utf-8") for path in untouched]
    kept = set().union(*map(_PRIVATE.findall, others))
    given = set().union(*map(_KEYWORD.findall, others), *map(_given, texts.values()))
    privates = {name: _private(text) - kept for name, text in texts.items()}
    parameters = {name: _parameters(text) - given for name, text in texts.items()}
    names = {name: privates[name] | parameters[name] for name in texts}
    groups = _related(texts)
    short: dict[str, str] = {}
    for wanted in sorted(set().union(*names.values())):
        taken = set()
        for group in groups:
            together = set().union(*(names[name] for name in group))
            if wanted in together:
                taken |= {short.get(other) for other in together}
        short[wanted] = next(s for i in count() if (s := f"_{i}") not in taken)
    return {
        name: _renamed(text, privates[name], parameters[name], short)
        for name, text in texts.items()
    }


def _private(text: str) -> set[str]:
    """The private names of a source, but for modules, and for constants, which the compiler
    replaces."""
    others = re.findall(r"^(_\w+) = const\(|^import (_\w+)", text, re.M)
    names = {token.string for token in _tokens(text) if _PRIVATE.fullmatch(token.string)}
    return names - set().union(*others)


def _given(text: str) -> set[str | None]:
    """The names that calls give arguments by; where some are in a dictionary (`f(**names)`), all
    texts of the source."""
    nodes = list(ast.walk(_tree(text)))
    given = {node.arg for node in nodes if isinstance(node, ast.keyword)}
    if None in given:
        given |= {node.value for node in nodes if isinstance(node, ast.Constant)}
    return given


def _parameters(text: str) -> set[str]:
    """The names of a source that are parameters, or local to functions, and nothing else."""
    tree = _tree(text)
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    others = set(dir(builtins)) | _VIPER | {"self"}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            others.add(node.name)
        elif isinstance(node, ast.alias):
            others.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.ExceptHandler):
            others.add(node.name)
        elif isinstance(node, ast.Global | ast.Nonlocal):
            others |= set(node.names)
        elif isinstance(node, ast.JoinedStr):
            others |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if isinstance(node, ast.Module | ast.ClassDef):
            others |= _bound(node)
    return {name for name in parameters - others if not name.startswith("_")}


def _bound(scope: ast.Module | ast.ClassDef) -> set[str]:
    """The names that are bound in the body of a module or class, functions left out."""
    bound, todo = set(), list(scope.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.add(node.id)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            todo += ast.iter_child_nodes(node)
    return bound


def _tree(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.Module([], [])  # the compiler says it better


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []
    return [token for token in tokens if token.type == tokenize.NAME]


def _related(texts: Mapping[str, str]) -> list[set[str]]:
    """Files whose names must not be mixed up: each one alone, and with those that it inherits
    from, directly or not."""
    trees = {name: _tree(text) for name, text in texts.items()}
    parents = {name: set(_parents(name, trees)) for name in trees}
    groups = []
    for name in texts:
        group, todo = set(), [name]
        while todo:
            one = todo.pop()
            if one not in group:
                group.add(one)
                todo += parents[one]
        groups.append(group)
    return groups


def _parents(name: str, trees: Mapping[str, ast.Module]) -> Iterator[str]:
    """The other files that have the bases of a file's classes."""
    own = _classes(trees[name])
    for node in own:
        for base in map(ast.unparse, node.bases):
            found = _imported(base, trees[name])
            known = found or base in [one.name for one in own] or base in dir(builtins)
            for module, class_name in found:
                file = f"{module.replace('.', '/')}.py"
                if file in trees and trees[file].body:
                    known = known and class_name in [one.name for one in _classes(trees[file])]
                    yield file
            if not known:
                raise UserError(
                    f"{name}: class {node.name}: where its base {base} comes from is not "
                    "understood: import it from the module that has it"
                )


def _classes(tree: ast.Module) -> list[ast.ClassDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]


def _imported(name: str, tree: ast.Module) -> set[tuple[str, str]]:
    """The modules that a name of a source (`Name` or `module.Name`) is imported from, and its
    name there."""
    space, _, last = name.rpartition(".")
    found = set()
    for node in ast.walk(tree):
        for alias in node.names if isinstance(node, ast.Import | ast.ImportFrom) else ():
            here = alias.asname or alias.name
            if isinstance(node, ast.Import) and here == space:
                found.add((alias.name, last))
            elif isinstance(node, ast.ImportFrom) and not node.level and here == name:
                found.add((node.module, alias.name))
    return found


def _renamed(text: str, privates: set[str], parameters: set[str], short: Mapping[str, str]) -> str:
    """The text with other names, every line where it was."""
    places = [(*token.start, token.string) for token in _tokens(text) if token.string in privates]
    lines = io.StringIO(text).readlines()
    for node in ast.walk(_tree(text)):
        name = getattr(node, "id", None) or getattr(node, "arg", None)
        if isinstance(node, ast.Name | ast.arg) and name in parameters:
            before = lines[node.lineno - 1].encode()[: node.col_offset]
            places.append((node.lineno, len(before.decode()), name))
    for row, column, name in sorted(places, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:column] + short[name] + line[column + len(name) :]
    return "".join(lines)
