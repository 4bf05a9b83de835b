"""Which modules of the firmware and the boards compile to the same bytes as at another commit:
names for numbers, types and comments cost nothing on the chip, and change nothing.

Owns the comparison. Line numbers are left out, and so is the import of `const`: the compiler
replaces constants with or without it.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.instructions.mpy import compile_module
from gateway_host.interpreter import ROOT

PROCESSORS = ("xtensawin", "rv32imc", "armv7m")
_PLACES = ("firmware", "boards")
_IMPORT = "from micropython import const"
_NO_LINE_NUMBERS = "-O3"


@dataclass(frozen=True)
class Module:
    """One whose text has changed; `other`: the processors for which its bytes have, too."""

    path: str
    other: tuple[str, ...]


def changed(base: str, to: str | None = None) -> list[Module]:
    """The modules that are in both commits with another text; `to` None: as they are now.
    UserError for a commit that there is not, and for a module that does not compile."""
    ends = [base] if to is None else [base, to]
    names = _git("diff", "--name-only", "--diff-filter=M", *ends, "--", *_PLACES).split("\n")
    return [
        Module(name, _other(_git("show", f"{base}:{name}"), _text(name, to), Path(name).name))
        for name in names
        if name.endswith(".py")
    ]


def _text(name: str, commit: str | None) -> str:
    return _git("show", f"{commit}:{name}") if commit else (ROOT / name).read_text("utf-8")


def _other(before: str, after: str, name: str) -> tuple[str, ...]:
    return tuple(
        processor
        for processor in PROCESSORS
        if _compiled(before, name, processor) != _compiled(after, name, processor)
    )


def _compiled(text: str, name: str, processor: str) -> bytes:
    lines = [line for line in text.splitlines(keepends=True) if line.strip() != _IMPORT]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / name
        source.write_text("".join(lines), encoding="utf-8")
        return compile_module(source, processor, _NO_LINE_NUMBERS)


def _git(*words: str) -> str:
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError:
        raise UserError("git: not found; it has the text of the other commit") from None
    if done.returncode:
        raise UserError(f"git {words[0]}: {done.stderr.strip().splitlines()[0]}")
    return done.stdout
