"""Attach mpremote to the running simulated gateway, or to a device on a serial port."""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import os
import subprocess
import sys

from gateway_host.errors import UserError
from gateway_host.session import REPL_FILE, has_repl

_NONE = "no simulated gateway is running: start one with `make run` in another terminal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `repl`."""
    parser.add_argument("--port", help="a device's serial port instead, e.g. /dev/ttyUSB0")
    parser.add_argument(
        "mpremote",
        nargs=argparse.REMAINDER,
        metavar="...",
        help='what mpremote is to do; `resume repl` if nothing is given; e.g. resume exec "1+1"',
    )


def main(arguments: argparse.Namespace) -> int:
    """mpremote's exit code."""
    if importlib.util.find_spec("mpremote") is None:
        raise UserError("mpremote is not installed: run `make setup`")
    port = arguments.port or running()
    if not arguments.port and not has_repl():
        raise UserError(
            "the simulated gateway has no REPL, because aiorepl is not installed: run "
            "`make setup` where MicroPython's package index can be reached"
        )
    if arguments.port and not os.path.exists(port):
        raise UserError(f"{port}: no such port; is the device connected?")
    wanted = [word for word in arguments.mpremote if word != "--"] or ["resume", "repl"]
    command = [sys.executable, "-m", "mpremote", "connect", port, *wanted]
    code = subprocess.run(command).returncode
    if code and arguments.port:
        print(
            f"error: no REPL answered on {port}: hold the gateway's button while it starts until "
            "the LED is white, or put a file `debug` on it (docs/device.md)",
            file=sys.stderr,
        )
    return code


def running() -> str:
    """The pty of the running simulated gateway; UserError when there is none."""
    try:
        with REPL_FILE.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        raise UserError(_NONE)  # nobody holds it: what it names is of the past
    except FileNotFoundError:
        raise UserError(_NONE) from None
    except BlockingIOError:
        return REPL_FILE.read_text().strip()
