"""Build MicroPython for a gateway of its sources, with ESP-IDF."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from gateway_host import image
from gateway_host.errors import UserError
from gateway_host.flashing import build
from gateway_host.flashing.of_board import chip_and_flash
from gateway_host.interpreter import ROOT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `firmware`."""
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--micropython", type=Path, help="a folder with MicroPython's sources")
    parser.add_argument("--flash", type=int, help="MB of flash, where it is not the board's")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when it was built; its size and its slot's are printed."""
    chip, flash_mb = chip_and_flash(arguments.board, arguments.flash)
    if arguments.micropython is None:
        raise UserError("say where MicroPython's sources are: MICROPYTHON=folder")
    into = image.IMAGES / f"{arguments.board}-{image.ESP32}" / "firmware.bin"
    built = build.build(chip, flash_mb, arguments.micropython, into, os.environ)
    slot = min((row for row in built.table.values() if row.kind == 0), key=lambda row: row.offset)
    used = chip.start + len(built.data) - slot.offset
    print(f"MicroPython {built.version} for {chip.family} with {flash_mb} MB:", end=" ")
    print(f"{used:,} of {slot.size:,} bytes")
    print(f"{into.relative_to(ROOT)}: for {chip.start:#x}")
    return 0
