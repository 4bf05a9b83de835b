"""axe-core, the accessibility checker that browsers run: for the tests of the hotspot's page."""

from __future__ import annotations

import wheels
from common import BUILD, Made

SCRIPT = BUILD / "axe" / "axe.min.js"

# A wheel of the Python registry that brings it along: no Node.js is needed.
_NAME = "axe_playwright_python-0.1.8-py3-none-any.whl"
_SHA256 = "fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8"
_MEMBER = "axe_playwright_python/axe.min.js"


def make() -> Made:
    """Put it into build/axe. SetupError where the wheel cannot be had."""
    wheels.take("axe-playwright-python==0.1.8", _NAME, _SHA256, _MEMBER, SCRIPT)
    return Made("axe-core 4.12.1")
