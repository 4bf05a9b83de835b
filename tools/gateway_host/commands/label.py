"""Make a sheet of labels with the codes by which phones join the gateways' hotspots."""

from __future__ import annotations

import argparse

from gateway_host import image, label
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

FOLDER = ROOT / "build" / "labels"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `label`."""
    parser.add_argument("--serial", default="", help="serial numbers, with spaces between")
    parser.add_argument("--charger", help="what charger they are built into, if they are")
    parser.add_argument("--key", help="the password of a gateway that has one already")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0; the names of the sheet and of each gateway's files are printed, no password."""
    serials = arguments.serial.split()
    if not serials:
        raise UserError('say whose label: make label SERIAL=5010000123, or "... ..." for several')
    if arguments.key and len(serials) > 1:
        raise UserError("KEY: every gateway has a password of its own; give one SERIAL")
    labels = [label.make(serial, arguments.key, FOLDER, arguments.charger) for serial in serials]
    sheet = FOLDER / f"{serials[0]}.svg"
    sheet.write_text(label.sheet(labels), encoding="utf-8")
    sheet.chmod(0o600)
    print(f"{sheet.relative_to(ROOT)}: print it at 100 %, on A4")
    offset = image.partitions()["vfs"][0]
    for made in labels:
        factory = (FOLDER / made.serial / "factory.json").relative_to(ROOT)
        print(f"{factory}: put it on gateway {made.serial} (docs/provisioning.md), or")
        print(f"{factory.with_suffix('.littlefs')}: write it at {offset:#x} of an erased flash")
    return 0
