"""Corpora: of each parser named inputs, in host_tests/corpora/<parser>.txt. A line is a name and a
Python bytes literal, which may be said to be there so many times; where the line begins with +, it
goes on from the one before.

Owns the format.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

FOLDER = ROOT / "host_tests" / "corpora"
_WIDTH = 90
_PIECES = re.compile(rb"(.)\1{23,}|(?:(?!(.)\2{23}).){1,%d}" % _WIDTH, re.DOTALL)


def path_of(parser: str) -> Path:
    """Its file."""
    return FOLDER / f"{parser}.txt"


def read(parser: str) -> dict[str, bytes]:
    """{name: bytes} of a parser; UserError where a line is none."""
    found: dict[str, bytes] = {}
    name = ""
    path = path_of(parser)
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        word, _, literal = line.partition(" ")
        literal, _, times = literal.partition(" times ")
        try:
            value = ast.literal_eval(literal) * int(times or 1)
        except (SyntaxError, TypeError, ValueError):
            value = None
        if not isinstance(value, bytes):
            raise UserError(f"{path.name}:{number}: must be a name and a bytes literal")
        if word == "+":
            found[name] += value
            continue
        name = word
        if name in found:
            raise UserError(f"{path.name}:{number}: {name} is there twice")
        found[name] = value
    return found


def write(parser: str, inputs: Mapping[str, bytes]) -> None:
    """Write it anew."""
    lines = []
    for name, data in inputs.items():
        word = name
        for found in _PIECES.finditer(data) if data else (None,):
            piece, times = found[0] if found else b"", ""
            if found and found[1]:
                piece, times = found[1], f" times {len(piece)}"
            lines.append(f"{word} {piece!r}{times}\n")
            word = "+"
    FOLDER.mkdir(exist_ok=True)
    path_of(parser).write_text("".join(lines), encoding="ascii")
