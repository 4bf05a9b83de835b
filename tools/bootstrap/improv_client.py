"""The official Improv client (npm: improv-wifi-serial-sdk), for the tests of Improv."""

from __future__ import annotations

import re
import tarfile

from common import BUILD, CACHE, Made, SetupError, is_whole, run, write_whole

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
    packed = CACHE / "npm" / f"{_NAME}-{_VERSION}.tgz"
    if not is_whole(packed, _SHA256):
        packed.parent.mkdir(parents=True, exist_ok=True)
        run(["npm", "pack", f"{_NAME}@{_VERSION}"], cwd=packed.parent, timeout=120)
    if not is_whole(packed, _SHA256):
        raise SetupError(f"{packed.name} has not the expected SHA-256")
    with tarfile.open(packed) as tar:
        for name in _MODULES:
            member = tar.extractfile(f"package/dist/{name}")
            if member is None:
                raise SetupError(f"{packed.name} holds no {name}")
            write_whole(PLACE / name, _ENDLESS.sub(r'\1.js"', member.read().decode()))
    write_whole(PLACE / "package.json", '{"type": "module"}\n')
    node = run(["node", "--version"], timeout=20).strip()
    return Made(f"{_NAME} {_VERSION}, under node {node}")
