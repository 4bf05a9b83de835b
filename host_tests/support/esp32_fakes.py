"""Programs of host_tests/programs on a made-up chip: they import programs/esp32_fakes.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway_host.image import BOARDS, COMMON
from gateway_host.session import ROOT
from in_interpreter import succeed


def on_chip(
    program: str, given: Any = None, board: str | Path = "GENIUS", cwd: Path | None = None
) -> Any:
    """What the program prints in its last line, above which a thread's traceback may be. cwd: the
    device's file system."""
    path = [BOARDS / board, COMMON, ROOT / "firmware", ROOT / "build" / "lib"]
    return json.loads(succeed(program, given=given, path=path, cwd=cwd).splitlines()[-1])
