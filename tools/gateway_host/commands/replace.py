"""Let a gateway take another one's place: its site document, and counters that go on."""

from __future__ import annotations

import argparse
import contextlib
import json
from pathlib import Path
from typing import Any

from gateway_host.collector.ledger import Ledger
from gateway_host.errors import UserError
from gateway_host.firmware_says import check_site
from gateway_host.replace import flash
from gateway_host.replace.counters import Counters, counted
from gateway_host.replace.document import check_charger, old_serial, replaced

_KWH = 3_600_000
_USAGE = "say which: make replace NEW=5010000042 FLASH=old HISTORY=history.db OUT=new"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `replace`."""
    parser.add_argument("--new", help="the serial number of the new gateway")
    parser.add_argument("--old", help="that of the old one, where nothing else says it")
    parser.add_argument("--flash", type=Path, help="a folder with the files of the old one")
    parser.add_argument("--site", type=Path, help="its site.json (that of --flash)")
    parser.add_argument("--history", type=Path, help="the file of a collector")
    parser.add_argument("--head", help="the serial number of another Power Box")
    parser.add_argument("--charger", choices=("yes", "no"), help="whether it is built into one")
    parser.add_argument("--out", type=Path, help="a new folder for the new gateway's files")
    parser.add_argument("--bits", type=int, choices=(32, 64), default=32, help="the interpreter")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 2, and nothing written, where it cannot be."""
    site = arguments.site or (arguments.flash and arguments.flash / "site.json")
    if not (arguments.new and site and arguments.out):
        raise UserError(_USAGE)
    if arguments.out.exists() and any(arguments.out.iterdir()):
        raise UserError(f"{arguments.out}: there is something in it: name a new folder")
    factory = flash.factory(arguments.flash)
    document = check_site(site, arguments.bits)
    old = old_serial(document, factory, arguments.old)
    check_charger(old, factory, arguments.charger)
    document = replaced(document, old, arguments.new, arguments.head)
    has_registers = bool(arguments.flash and flash.has_registers(arguments.flash))
    if not has_registers and not arguments.history:
        raise UserError(
            "nothing says what was counted: FLASH=folder with the old gateway's files, or "
            "HISTORY=history.db of a collector"
        )
    if arguments.flash:
        has_registers &= _moves(arguments, old, document)
    if has_registers:
        made = flash.make(arguments.out, document, arguments.flash, None)
        if made["doubtful"]:
            print(
                f"{arguments.flash}: one of two copies of the registers is damaged or not there:"
            )
            print("  up to a minute may be missing in the counters")
        source = "flash"
    else:
        made = _from_history(arguments.history, arguments.out, document, arguments.flash)
        source = "history"
    record = {"old": old, "new": arguments.new, "source": source}
    record |= {name: made[name] for name in ("points", "loads")}
    text = json.dumps(record, indent=1) + "\n"
    (arguments.out / "replacement.json").write_text(text, encoding="utf-8", newline="")
    _say(document, made, old, arguments)
    return 0


def _moves(arguments: argparse.Namespace, old: str, document: dict[str, Any]) -> bool:
    """The old one's journal into the collector's file. Whether its registers can be read."""
    found = flash.journal(arguments.flash, old, document)
    if found.foreign:
        raise UserError(
            f"{arguments.flash}: its registers are not those of the site {document['uuid']}: "
            "give the site.json that belongs to them"
        )
    damaged = "registers.lost" in found.errors
    if damaged and not arguments.history:
        raise UserError(
            f"{arguments.flash}: its registers cannot be read (registers.lost): take the counters "
            "from the collector's file, HISTORY=history.db"
        )
    _move_history(arguments.history, old, found)
    if damaged:
        print(
            f"{arguments.flash}: its registers cannot be read (registers.lost): the counters are "
            f"the sum of {arguments.history}"
        )
    return not damaged


def _move_history(file: Path | None, old: str, found: flash.Journal) -> None:
    """Minutes that only the old gateway's flash has go to the collector's file, under its own
    number."""
    errors = {name: count for name, count in found.errors.items() if name != "registers.lost"}
    if errors or found.lacking:
        words = ", ".join(f"{name} {count}" for name, count in sorted(errors.items()))
        print(
            f"{found.lacking} minutes of {old} cannot be read in its flash"
            f"{f' ({words})' if words else ''}: they are lost where no collector has them"
        )
    if file is None:
        if found.waiting:
            print(
                f"{found.waiting} minutes of {old} were not delivered: HISTORY=history.db puts "
                "them into a collector's file"
            )
        return
    with contextlib.closing(Ledger(file)) as ledger:
        taken = ledger.take(found.messages)
    print(
        f"{file}: {taken.records} minutes of {old} are new, {taken.doubles} were there, "
        f"{taken.aside} were put aside"
    )


def _from_history(
    file: Path, out: Path, document: dict[str, Any], folder: Path | None
) -> dict[str, Any]:
    with contextlib.closing(Ledger(file, create=False)) as ledger:
        found: Counters = counted(ledger.db, document)
    print(f"{file}: {found.records} records of {', '.join(found.devices)}")
    for count, what in (
        (found.lacking, "minutes are missing there"),
        (found.unnamed, "records are there of which nobody knows the points"),
        (found.unknown, "records do not know the energy of a point"),
    ):
        if count:
            print(f"{count} {what}: the counters go on without that")
    for name, (taken, given) in sorted(found.elsewhere.items()):
        print(f"{_energies(name, taken, given)}: the site has no load of that name any more")
    points = [
        [*both, 0, 0, 0, 0, 0, missing]
        for both, missing in zip(found.points, found.missing, strict=True)
    ]
    return flash.make(out, document, folder, (points, found.loads))


def _say(
    document: dict[str, Any], made: dict[str, Any], old: str, arguments: argparse.Namespace
) -> None:
    for load, (taken, given) in zip(document["loads"], made["loads"], strict=True):
        print(_energies(load["name"], taken, given))
    print(f"{arguments.out}: for {arguments.new}, before its first start at the site:")
    print(f"  mpremote fs cp -r {arguments.out}/* :")
    print(f"Then take {old} off the site for good: two gateways of one site would count twice.")


def _energies(name: str, taken: int, given: int) -> str:
    return f"{name:24} {taken / _KWH:14.3f} kWh import {given / _KWH:14.3f} kWh export"
