"""Hold the wiring advisor against simulated sites with faults; write build/advise.json."""

from __future__ import annotations

import argparse
import json
import sys

from rich.console import Console
from rich.progress import Progress

from gateway_host.advise import cost, figures
from gateway_host.advise.run import SECONDS, judge_all
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.number_option import number

RESULT = ROOT / "build" / "advise.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `advise`."""
    parser.add_argument("--sites", type=number(1, 100000, int), default=100, help="how many")
    parser.add_argument(
        "--minutes",
        type=number(2, 1440, int),
        default=SECONDS // 60,
        help="simulated, of each; of others than 10 without CTs of other types",
    )
    parser.add_argument("--first", type=number(0, 10**9, int), default=0, help="its number")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0, or 1 where a limit does not hold."""
    verdicts, taken = [], None
    try:
        taken = cost.measure()
    except UserError as error:
        print(f"the cost is not measured: {error}", file=sys.stderr)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("  sites", total=arguments.sites)
        for part in judge_all(arguments.sites, arguments.first, 60 * arguments.minutes):
            verdicts += part
            progress.advance(task, len({one.seed for one in part}))
    found = {"minutes": arguments.minutes} | figures.figures(verdicts, arguments.sites)
    found |= figures.of_cost(taken)
    for line in figures.lines(found):
        print(line)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(f"written to {RESULT.relative_to(ROOT)}")
    return 0 if figures.good(found) else 1
