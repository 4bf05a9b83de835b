"""axe-core in the phone's page: what it finds against WCAG 2.2, levels A and AA."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gateway_host.interpreter import ROOT
from phone import Phone

SCRIPT = ROOT / "build" / "axe" / "axe.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(phone: Phone) -> dict[str, list[str]]:
    """Rule -> the elements that break it; a skip says how to get axe-core."""
    if not SCRIPT.exists():
        pytest.skip("no axe-core: `make setup FORCE=1`; `build/setup.log` says why there is none")
    phone.look(SCRIPT.read_text(encoding="utf-8") + "; 1")
    options = {"runOnly": _TAGS, "resultTypes": ["violations"]}
    found: dict[str, Any] = phone.look(f"axe.run(document, {json.dumps(options)})")
    assert found["passes"], "nothing was looked at"
    return {one["id"]: [node["html"] for node in one["nodes"]] for one in found["violations"]}
