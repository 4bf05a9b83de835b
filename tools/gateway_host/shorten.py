"""Shorter private names for application images.

MicroPython keeps every name of a program once in the heap, in tables that double in size. Names
that begin with one underscore concern one file, so names of different files can share a short one:
`_message` of one module and `_schedule` of another both become `_4`.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

_PRIVATE = re.compile(r"_[a-zA-Z0-9]\w*")


def shorten(sources: Mapping[str, Path], untouched: Iterable[Path]) -> dict[str, str]:
    """The text of each source with short private names.

    untouched: what else uses these modules; the private names in there stay. A name becomes the
    same in all files; two names stay different where they meet in a file, or in files of a class
    and of what it inherits from.
    """
    texts = {name: path.read_text(encoding="utf-8") for name, path in sources.items()}
    kept = set().union(*(_PRIVATE.findall(path.read_text(encoding="utf-8")) for path in untouched))
    names = {name: _private(text) - kept for name, text in texts.items()}
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
        name: _renamed(text, {long: short[long] for long in names[name]})
        for name, text in texts.items()
    }


def _private(text: str) -> set[str]:
    """The private names of a source, but for modules, and for constants, which the compiler
    replaces."""
    others = re.findall(r"^(_\w+) = const\(|^import (_\w+)", text, re.M)
    names = {token.string for token in _tokens(text) if _PRIVATE.fullmatch(token.string)}
    return names - set().union(*others)


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return []  # the compiler says it better
    return [token for token in tokens if token.type == tokenize.NAME]


def _related(texts: Mapping[str, str]) -> list[set[str]]:
    """Files whose names must not be mixed up: each one alone, and with those that it inherits
    from, directly or not."""
    parents: dict[str, set[str]] = {name: set() for name in texts}
    for name, text in texts.items():
        bases = set(re.findall(r"^class \w+\((\w+)[,)]", text, re.M))
        for module, imported in re.findall(r"^\s*from (\w+) import (.+)$", text, re.M):
            if f"{module}.py" in texts and bases & set(re.findall(r"\w+", imported)):
                parents[name].add(f"{module}.py")
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


def _renamed(text: str, short: Mapping[str, str]) -> str:
    """The text with other names, every line where it was."""
    lines = text.splitlines(keepends=True)
    for token in reversed(_tokens(text)):
        if token.string in short:
            row, column = token.start
            line = lines[row - 1]
            lines[row - 1] = line[:column] + short[token.string] + line[token.end[1] :]
    return "".join(lines)
