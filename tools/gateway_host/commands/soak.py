"""Soak the history in faults; print a table, write build/soak.json."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from gateway_host.broker import mosquitto
from gateway_host.errors import UserError
from gateway_host.number_option import number
from gateway_host.outcome import show
from gateway_host.session import ROOT
from gateway_host.soak.run import CALM_S, Options, check, play

RESULT = ROOT / "build" / "soak.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `soak`."""
    parser.add_argument("--minutes", type=number(0, 1e5), default=5, help="of faults (5)")
    parser.add_argument("--records", type=number(1, 1e9, int), help="go on until so many are made")
    parser.add_argument("--starts", type=number(1, 1e6, int), help="... and were started so often")
    parser.add_argument(
        "--calm", type=number(0, 3600), default=CALM_S, help="s, the longest pause before a fault"
    )
    parser.add_argument("--seed", type=number(0, 2**31, int), default=1, help="of chance (1)")
    parser.add_argument("--only", help="the one fault of the driven gateways")
    parser.add_argument("--state", type=Path, help="keep all files in this directory")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0; 1 where a record was lost, doubled, put aside or did not come."""
    only = (arguments.only,) if arguments.only else ()
    options = Options(
        arguments.minutes * 60,
        arguments.records,
        arguments.starts,
        arguments.calm,
        arguments.seed,
        only=only,
    )
    check(options)
    if mosquitto() is None:
        raise UserError("no mosquitto: `make doctor` says why and the remedy")
    with tempfile.TemporaryDirectory(prefix="soak-") as temporary:
        directory = arguments.state or Path(temporary)
        found = play(options, directory, lambda line: print(f"  {line}", file=sys.stderr))
    show(found, RESULT)
    return int(not found["complete"] or any(found[k] for k in ("lost", "doubled", "put_aside")))
