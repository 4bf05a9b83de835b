"""Holds the firmware's annotations, and the boards against the hardware's contract, with a type
checker (pyrightconfig.json, typings/)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from gateway_host import portal_pages
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

CHECKER = ROOT / "build" / "checker"


def errors() -> list[str]:
    """What does not fit, a line each. UserError when the checker is not there, or cannot work."""
    if not (CHECKER / "basedpyright").exists():
        raise UserError("types are not checked: no checker: `make setup` says why")
    portal_pages.make()  # modules that the firmware imports
    command = [sys.executable, "-m", "basedpyright", "--outputjson"]
    command += ["--typeshedpath", str(CHECKER), "--project", str(ROOT / "pyrightconfig.json")]
    places = {**os.environ, "PYTHONPATH": str(CHECKER)}
    done = subprocess.run(command, capture_output=True, text=True, env=places, cwd=ROOT)
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except (ValueError, KeyError):
        words = (done.stderr or done.stdout).strip().splitlines() or ["it says nothing"]
        raise UserError(f"the type checker does not work: {words[-1]}") from None
    return [_line(one) for one in found if one["severity"] == "error"]


def _line(found: dict) -> str:
    where = Path(found["file"]).relative_to(ROOT)
    at = found["range"]["start"]["line"] + 1
    message = found["message"].splitlines()[0]
    return f"{where}:{at}: {message} ({found.get('rule', '')})"
