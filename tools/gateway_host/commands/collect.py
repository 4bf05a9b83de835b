"""Collect the history of gateways from a broker into a file; report on it, or export it."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import time
from pathlib import Path

from rich.console import Console

from gateway_host.collector import export, report
from gateway_host.collector.client import Address, Client
from gateway_host.collector.holes import ASK_AFTER_S, Asking
from gateway_host.collector.ledger import Ledger
from gateway_host.collector.service import Service, open_file
from gateway_host.collector.victoria import Victoria
from gateway_host.errors import UserError
from gateway_host.number_option import number
from gateway_host.session import ROOT

DEFAULT_FILE = ROOT / "build" / "history.db"
_BROKER = re.compile(r"(\[[0-9a-fA-F:]+\]|[^:\[\]\s]+)(?::(\d{1,5}))?")
_STATUS_S = 10.0
_WIDTH = 110  # of a table that goes into a file


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `collect`."""
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE, help="the history (SQLite)")
    parser.add_argument(
        "--broker", default="127.0.0.1:1883", help="host:port; several of a cluster"
    )
    parser.add_argument("--name", default="collector", help="its client identifier at the broker")
    parser.add_argument("--user", help="who it is at the broker")
    parser.add_argument("--password-file", type=Path, help="a file with the password")
    parser.add_argument("--ca", type=Path, help="the broker's CA (PEM): connect over TLS")
    parser.add_argument("--certificate", type=Path, help="the collector's own (PEM)")
    parser.add_argument("--key", type=Path, help="the key to it (PEM)")
    parser.add_argument("--share", help="a group: collectors of one group share the messages")
    parser.add_argument("--victoria", help="hand on to a store, e.g. http://127.0.0.1:8428/write")
    parser.add_argument(
        "--keep-days", type=number(0.01, 36500), help="then remove what the store has"
    )
    parser.add_argument("--no-asking", action="store_true", help="ask no gateway for holes")
    parser.add_argument(
        "--ask-after",
        type=number(0.1, 1e9),
        default=ASK_AFTER_S,
        help="ask for a hole after so many s (300)",
    )
    parser.add_argument("--seconds", type=number(0.1, 1e9), help="collect so long, then end")
    parser.add_argument("--report", action="store_true", help="say what the file holds, then end")
    parser.add_argument("--export", help="write a CSV file, - for the terminal, then end")
    parser.add_argument("--per", choices=export.PERIODS, default="hour", help="of --export (hour)")
    parser.add_argument("--device", help="of --export: this serial number alone")
    parser.add_argument("--site", help="of --export: the site with this uuid alone")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0; of --report 1 where something will never come."""
    if arguments.export:
        return _export(arguments)
    if arguments.report:
        return _report(arguments.file)
    if arguments.keep_days is not None and not arguments.victoria:
        raise UserError("--keep-days: only with --victoria: nobody else has what is removed")
    client = Client(_address(arguments))
    store = Victoria(arguments.victoria) if arguments.victoria else None
    with contextlib.closing(open_file(arguments.file)) as ledger:
        asking = None if arguments.no_asking else Asking(arguments.ask_after)
        service = Service(ledger, client, store, arguments.keep_days, asking)
        print(f"Collecting into {arguments.file}; Ctrl-C ends", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            _collect(service, arguments.seconds)
        client.stop()
        print(_status(service), flush=True)
    return 0


def _collect(service: Service, seconds: float | None) -> None:
    said, last = time.monotonic(), ""
    for _ in service.run(seconds):
        if time.monotonic() - said >= _STATUS_S:
            said = time.monotonic()
            if (line := _status(service)) != last:
                last = line
                print(line, flush=True)


def _status(service: Service) -> str:
    total = service.total
    return (
        f"{total.records} records in {total.messages} messages, {total.doubles} doubles, "
        f"{total.aside} put aside"
    )


def _address(arguments: argparse.Namespace) -> Address:
    nodes = tuple(_node(text, bool(arguments.ca)) for text in arguments.broker.split(","))
    password = None
    if arguments.password_file:
        password = arguments.password_file.read_text(encoding="utf-8").strip()
    if arguments.certificate and not arguments.ca:
        raise UserError("--certificate: wants --ca, the CA that has signed the broker's")
    return Address(
        nodes,
        arguments.name,
        arguments.user,
        password,
        arguments.ca,
        arguments.certificate,
        arguments.key,
        arguments.share,
    )


def _node(text: str, tls: bool) -> tuple[str, int]:
    match = _BROKER.fullmatch(text.strip())
    port = int(match[2] or (8883 if tls else 1883)) if match else 0
    if not match or not 0 < port < 65536:
        raise UserError(f"--broker: must be a host, or host:port, not {text!r}")
    return match[1].strip("[]"), port


def _report(file: Path) -> int:
    with contextlib.closing(Ledger(file, create=False)) as ledger:
        found = report.devices(ledger.db)
        width = None if sys.stdout.isatty() else _WIDTH
        Console(highlight=False, width=width).print(report.table(found))
        for title, lines in (
            ("Holes:", list(report.hole_lines(ledger.db))),
            ("Put aside:", list(report.aside_lines(ledger.db))),
        ):
            if lines:
                print(title, *lines, sep="\n")
    return int(any(one["gone"] for one in found))


def _export(arguments: argparse.Namespace) -> int:
    with contextlib.ExitStack() as stack:
        ledger = stack.enter_context(contextlib.closing(Ledger(arguments.file, create=False)))
        if arguments.export == "-":
            file = sys.stdout
        else:
            file = stack.enter_context(open(arguments.export, "w", encoding="utf-8", newline=""))
        count = export.write(ledger.db, file, arguments.per, arguments.device, arguments.site)
    if arguments.export != "-":
        print(f"{count} rows written to {arguments.export}")
    return 0
