"""Public clients of the original's messages, for the tests of what the gateway publishes."""

from __future__ import annotations

import shutil

import npm
import wheels
from common import BUILD, Made, run, write_whole

PLACE = BUILD / "clients"
PYSMAPPEE = PLACE / "pysmappee.zip"  # Python imports from it as it is
IOBROKER = PLACE / "iobroker-smappee.js"

_WHEEL = "pysmappee-0.2.29-py3-none-any.whl"
_WHEEL_SHA256 = "55f4985904e6dbb9c9fa46c083d7ff1e69a5295c0b0629321ee1925a8be77f38"
_PACKAGE = "iobroker.smappee@0.3.0"
_PACKAGE_SHA256 = "ef0fa17cee927857ccc4ff86285d5ce2b931c04499e97aceea5d393f283eddbb"


def make_pysmappee() -> Made:
    """The library of Home Assistant. SetupError where the registry cannot be had."""
    wheel = wheels.cached("pysmappee==0.2.29", _WHEEL, _WHEEL_SHA256, PLACE.name)
    PLACE.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wheel, PYSMAPPEE)
    return Made("pysmappee 0.2.29")


def make_iobroker() -> Made:
    """ioBroker's adapter, one file, for Node.js. SetupError without node, npm or registry."""
    (text,) = npm.texts(_PACKAGE, _PACKAGE_SHA256, "package/main.js")
    write_whole(IOBROKER, text)
    node = run(["node", "--version"], timeout=20).strip()
    return Made(f"iobroker.smappee 0.3.0, under node {node}")
