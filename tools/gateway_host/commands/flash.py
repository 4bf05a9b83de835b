"""Put a board's program on a device: with FIRMWARE the whole flash, else what is new of it."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from gateway_host import device_files, image, label
from gateway_host.boards import data as board_data
from gateway_host.commands.label import FOLDER as LABELS
from gateway_host.errors import UserError
from gateway_host.flashing import esp, merged, micropython
from gateway_host.flashing.of_board import chip_and_flash
from gateway_host.interpreter import ROOT
from gateway_host.update import keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `flash`."""
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--key", type=Path, help="the private key that signs updates of it")
    parser.add_argument("--port", help="the device's serial port, where there are several")
    parser.add_argument("--firmware", type=Path, help="MicroPython: erases and writes all of it")
    parser.add_argument("--flash", type=int, help="MB of flash, where it is not the board's")
    parser.add_argument("--site", type=Path, help="its site.json")
    parser.add_argument("--settings", type=Path, help="its settings.json")
    parser.add_argument("--serial", help="its serial number: makes its label and its identity")
    parser.add_argument("--factory", action="store_true", help="identity and files, no program")
    parser.add_argument("--in-loader", action="store_true", help="it is in its loader already")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when it was written. What is wrong with a file is said before."""
    chip, flash_mb = chip_and_flash(arguments.board, arguments.flash)
    more = {}
    for name, path in (("site.json", arguments.site), ("settings.json", arguments.settings)):
        if path is not None:
            more[name] = _json(path)
    firmware = None
    if arguments.firmware is not None:
        firmware = micropython.read(arguments.firmware, chip, flash_mb)
        esp.program()  # asked for before anything is made
    if arguments.factory and not arguments.serial:
        raise UserError("say whose identity: make factory SERIAL=5010000123")
    kind = str(board_data.read(image.BOARDS / arguments.board)["ARTICLE_TYPE"])
    if arguments.serial and not arguments.serial.startswith(kind):
        raise UserError(f"SERIAL={arguments.serial}: one of {arguments.board} begins with {kind}")
    where = arguments.port or esp.port()
    if arguments.serial:
        more["factory.json"] = _identity(arguments.serial, arguments.board)
    if arguments.factory and firmware is None:
        device_files.put(where, None, more)
        return 0
    key = keys.modulus(arguments.key) if arguments.key else None
    built = image.build(arguments.board, key=key)
    if firmware is None:
        device_files.put(where, built.littlefs.parent / "files", more)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder, "flash.bin")
        whole.write_bytes(merged.merge(firmware, built, more))
        esp.write(where, arguments.in_loader, whole, chip.name)
    print(f"MicroPython {firmware.version} and {arguments.board} are on {where}", end="")
    print(f", with {', '.join(more)}" if more else "")
    return 0


def _json(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        json.loads(data)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"{path}: is no JSON: {error}") from None
    return data


def _identity(serial: str, board: str) -> bytes:
    """factory.json of this serial number, and its label."""
    made = label.make(serial, None, LABELS)
    sheet = LABELS / f"{serial}.svg"
    sheet.write_text(label.sheet([made]), encoding="utf-8")
    sheet.chmod(0o600)
    print(f"{sheet.relative_to(ROOT)}: print it at 100 %, on A4: the label of {board} {serial}")
    return (LABELS / serial / "factory.json").read_bytes()
