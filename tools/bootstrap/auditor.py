"""pip-audit and CycloneDX in build/auditor: for `make security` alone."""

from __future__ import annotations

from pathlib import Path

import locked
from common import BUILD, CACHE, Made

PLACE = BUILD / "auditor"
PROGRAM = PLACE / "pip_audit"
LOCK = Path(__file__).with_name("requirements-security.txt")
WHEELS = CACHE / "auditor"


def make() -> Made:
    """Install what the lock file names, each file checked by its hash."""
    locked.install(LOCK, PLACE, WHEELS)
    names = [locked.version(LOCK, name) for name in ("pip-audit", "cyclonedx-bom")]
    return Made(", ".join(names))
