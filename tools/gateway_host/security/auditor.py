"""pip-audit and CycloneDX, which lie in a folder of their own (`make setup`)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

PLACE = ROOT / "build" / "auditor"
_PATIENCE_S = 300
# Not by PYTHONPATH, which the interpreters that they look into would see too.
_RUN = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); {}"
_MODULE = "name = sys.argv.pop(1); runpy.run_module(name, run_name='__main__', alter_sys=True)"


class NoAuditorError(UserError):
    """They could not be had."""


def module(name: str, arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run one of its modules as a program. NoAuditorError where there are none."""
    return _run(_MODULE, [name, *arguments])


def code(program: str, arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a program that imports from it; as module()."""
    return _run(program, arguments)


def _run(program: str, arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    if not (PLACE / "pip_audit").exists():
        raise NoAuditorError("no pip-audit and CycloneDX: `make setup` says why")
    command = [sys.executable, "-c", _RUN.format(program), str(PLACE), *map(str, arguments)]
    try:
        return subprocess.run(
            command, capture_output=True, text=True, cwd=ROOT, timeout=_PATIENCE_S
        )
    except subprocess.TimeoutExpired:
        raise UserError(f"{arguments[0]} has not ended after {_PATIENCE_S} s") from None
