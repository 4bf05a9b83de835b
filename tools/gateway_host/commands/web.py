"""Make a web page that writes a board's whole flash from a browser."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from gateway_host import image
from gateway_host.boards import data as board_data
from gateway_host.errors import UserError
from gateway_host.flashing import merged, micropython
from gateway_host.flashing.of_board import chip_and_flash
from gateway_host.interpreter import ROOT
from gateway_host.update import keys

FOLDER = ROOT / "build" / "web"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `web`."""
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--firmware", type=Path, help="MicroPython for its chip, with PSRAM")
    parser.add_argument("--flash", type=int, help="MB of flash, where it is not the board's")
    parser.add_argument("--key", type=Path, help="the private key that signs updates of it")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when the page was made."""
    chip, flash_mb = chip_and_flash(arguments.board, arguments.flash)
    if arguments.firmware is None:
        raise UserError(f"say which MicroPython: FIRMWARE=file.bin; {micropython.remedy(chip)}")
    firmware = micropython.read(arguments.firmware, chip, flash_mb)
    key = keys.modulus(arguments.key) if arguments.key else None
    built = image.build(arguments.board, key=key)
    data = board_data.read(image.BOARDS / arguments.board)
    name = data.get("PUBLIC", f"Gateway {arguments.board}")
    folder = FOLDER / arguments.board
    wifi = "wifi" in data["LINKS"]
    made = merged.publish(firmware, built, name, version(), wifi, folder)
    print(f"{made.relative_to(ROOT)}: {made.stat().st_size:,} bytes for 0x0, flash {flash_mb} MB")
    print(f"{(folder / 'index.html').relative_to(ROOT)}: serve the folder by https, or for a try")
    print(f"  python3 -m http.server -d {folder.relative_to(ROOT)} -b 127.0.0.1 8000")
    return 0


def version() -> str:
    """The program's."""
    text = (image.FIRMWARE / "system" / "version.py").read_text(encoding="utf-8")
    found = re.search(r'^VERSION = "(.+)"', text, re.MULTILINE)
    if not found:
        raise AssertionError("no VERSION in system/version.py")
    return found[1]
