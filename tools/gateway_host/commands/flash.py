"""Put a board's application image on a device that runs a stock MicroPython firmware."""

from __future__ import annotations

import argparse

from gateway_host import device_files, image
from gateway_host.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `flash`."""
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--port", help="the device's serial port, such as /dev/ttyUSB0")


def main(arguments: argparse.Namespace) -> int:
    """Builds the image, copies it and starts the device anew."""
    if not arguments.port:
        raise UserError("say where the device is: make flash BOARD=GENIUS_FLEX PORT=/dev/ttyUSB0")
    files = image.build(arguments.board).littlefs.parent / "files"
    device_files.put(arguments.port, files)
    return 0
