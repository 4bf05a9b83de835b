"""Runs the programs of host_tests/programs in the interpreter; those in cpython/ are for this one.

Their folder is the first place where they look for modules, so none there has the name of a module
of the firmware or of a board.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from gateway_host import interpreter
from gateway_host.session import MODULE_PATH

PROGRAMS = interpreter.ROOT / "host_tests" / "programs"


def program(name: str) -> Path:
    """The file of a program."""
    return PROGRAMS / f"{name}.py"


def run_program(
    name: str,
    *arguments: str | Path,
    given: Any = None,
    path: Iterable[str | Path] = MODULE_PATH,
    heap: str = "512K",
    **options: Any,
) -> CompletedProcess[str]:
    """Run programs/<name>.py as `interpreter.run` does. given: what it reads as JSON from its
    standard input (the interpreter fails with long arguments)."""
    command = [program(name), *arguments]
    if given is not None:
        text = json.dumps(given, ensure_ascii=False)
        options |= {"stdin": None, "input": text, "encoding": "utf-8"}
    return interpreter.run(command, path=path, heap=heap, **options)


def succeed(name: str, *arguments: str | Path, **options: Any) -> str:
    """As `run_program`; what it prints. It ends well."""
    done = run_program(name, *arguments, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
