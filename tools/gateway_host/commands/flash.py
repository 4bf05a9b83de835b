"""Put a board's application image on a device that runs a stock MicroPython firmware."""

from __future__ import annotations

import argparse
import subprocess
import sys

from gateway_host import image
from gateway_host.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `flash`."""
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--port", help="the device's serial port, such as /dev/ttyUSB0")


def main(arguments: argparse.Namespace) -> int:
    """Copies the image's files by mpremote, which leaves site.json and settings.json alone."""
    if not arguments.port:
        raise UserError("say where the device is: make flash BOARD=GENIUS_FLEX PORT=/dev/ttyUSB0")
    built = image.build(arguments.board)
    files = built.littlefs.parent / "files"
    mpremote = [sys.executable, "-m", "mpremote", "connect", arguments.port]
    copy = ["fs", "cp", "-r", str(files / "lib"), str(files / "main.py"), ":"]
    if subprocess.run([*mpremote, *copy, "+", "reset"]).returncode:
        raise UserError(
            f"no MicroPython answered on {arguments.port}: where a gateway runs, hold its button "
            "while it starts until the LED is white; else connect the device, flash a stock "
            "MicroPython 1.25 or later first (docs/device.md), close other programs on the port"
        )
    return 0
