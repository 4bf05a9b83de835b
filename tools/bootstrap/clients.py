"""Public clients of the original's messages, for the tests of what the gateway publishes."""

from __future__ import annotations

import shutil
import tarfile

import wheels
from common import BUILD, CACHE, Made, SetupError, is_whole, run, write_whole

PLACE = BUILD / "clients"
PYSMAPPEE = PLACE / "pysmappee.zip"  # Python imports from it as it is
IOBROKER = PLACE / "iobroker-smappee.js"

_WHEEL = "pysmappee-0.2.29-py3-none-any.whl"
_WHEEL_SHA256 = "55f4985904e6dbb9c9fa46c083d7ff1e69a5295c0b0629321ee1925a8be77f38"
_PACKED = "iobroker.smappee-0.3.0.tgz"
_PACKED_SHA256 = "ef0fa17cee927857ccc4ff86285d5ce2b931c04499e97aceea5d393f283eddbb"


def make_pysmappee() -> Made:
    """The library of Home Assistant. SetupError where the registry cannot be had."""
    wheel = wheels.cached("pysmappee==0.2.29", _WHEEL, _WHEEL_SHA256, PLACE.name)
    PLACE.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wheel, PYSMAPPEE)
    return Made("pysmappee 0.2.29")


def make_iobroker() -> Made:
    """ioBroker's adapter, one file, for Node.js. SetupError without node, npm or registry."""
    packed = CACHE / "npm" / _PACKED
    if not is_whole(packed, _PACKED_SHA256):
        packed.parent.mkdir(parents=True, exist_ok=True)
        run(["npm", "pack", "iobroker.smappee@0.3.0"], cwd=packed.parent, timeout=120)
    if not is_whole(packed, _PACKED_SHA256):
        raise SetupError(f"{_PACKED} has not the expected SHA-256")
    with tarfile.open(packed) as tar:
        member = tar.extractfile("package/main.js")
        if member is None:
            raise SetupError(f"{_PACKED} holds no main.js")
        write_whole(IOBROKER, member.read().decode())
    node = run(["node", "--version"], timeout=20).strip()
    return Made(f"iobroker.smappee 0.3.0, under node {node}")
