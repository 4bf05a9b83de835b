"""The official Improv client (npm: improv-wifi-serial-sdk), for the tests of Improv."""

from __future__ import annotations

import re

import npm
from common import BUILD, Made, run, write_whole

PLACE = BUILD / "improv"
SCRIPT = PLACE / "serial.js"
_NAME = "improv-wifi-serial-sdk"
_VERSION = "2.8.1"
_SHA256 = "9b6bdedff15de1c9c15d627cb8830f87afbeb4bad435cb869d37322ff7025087"
_MODULES = ("serial.js", "const.js", "util/hex-formatter.js", "util/to-hex.js")
_ENDLESS = re.compile(r'(from "\./[\w/-]+)"')  # names that only a bundler finds


def make() -> Made:
    """Put the client into build/improv, for Node.js. Raises SetupError without node, npm or
    registry."""
    members = [f"package/dist/{name}" for name in _MODULES]
    for name, text in zip(
        _MODULES, npm.texts(f"{_NAME}@{_VERSION}", _SHA256, *members), strict=True
    ):
        write_whole(PLACE / name, _ENDLESS.sub(r'\1.js"', text))
    write_whole(PLACE / "package.json", '{"type": "module"}\n')
    node = run(["node", "--version"], timeout=20).strip()
    return Made(f"{_NAME} {_VERSION}, under node {node}")
