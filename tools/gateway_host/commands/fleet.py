"""Play the traffic of many gateways against a broker; print a table, write build/fleet.json."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from gateway_host.broker import mosquitto
from gateway_host.errors import UserError
from gateway_host.fleet.rates import PROFILES
from gateway_host.fleet.run import Options, play
from gateway_host.number_option import number
from gateway_host.outcome import show
from gateway_host.session import ROOT

RESULT = ROOT / "build" / "fleet.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fleet`."""
    parser.add_argument(
        "--gateways", type=number(1, 100_000, int), default=100, help="how many (100)"
    )
    parser.add_argument("--seconds", type=number(0.1, 1e9), default=60, help="of all traffic (60)")
    parser.add_argument("--profile", choices=list(PROFILES), default="ethernet")
    parser.add_argument("--engine", choices=("mosquitto", "nats"), default="mosquitto")
    parser.add_argument(
        "--backlog", type=number(0, 1e6, int), default=60, help="minutes after the blackout (60)"
    )
    parser.add_argument("--tls", action="store_true", help="between gateways and broker")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0; 1 where a record was lost or doubled."""
    if arguments.engine == "mosquitto" and mosquitto() is None:
        raise UserError("no mosquitto: `make doctor` says why and the remedy")
    options = Options(
        arguments.gateways,
        arguments.seconds,
        arguments.profile,
        arguments.backlog,
        arguments.tls,
        engine=arguments.engine,
    )
    with tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        found = play(options, Path(directory), lambda line: print(f"  {line}", file=sys.stderr))
    show(found, RESULT)
    return int(bool(found["lost"] or found["doubled"]))
