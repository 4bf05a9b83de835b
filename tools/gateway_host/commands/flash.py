"""Put a board's application image on a device that runs a stock MicroPython firmware."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway_host import device_files, image
from gateway_host.errors import UserError
from gateway_host.update import keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `flash`."""
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--key", type=Path, help="the private key that signs updates of it")
    parser.add_argument("--port", help="the device's serial port, such as /dev/ttyUSB0")


def main(arguments: argparse.Namespace) -> int:
    """Builds the image, copies it and starts the device anew."""
    if not arguments.port:
        raise UserError("say where the device is: make flash BOARD=GENIUS_FLEX PORT=/dev/ttyUSB0")
    key = keys.modulus(arguments.key) if arguments.key else None
    files = image.build(arguments.board, key=key).littlefs.parent / "files"
    device_files.put(arguments.port, files)
    return 0
