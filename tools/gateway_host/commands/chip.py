"""Measure a board's image in an emulated ESP32; print a table and write build/chip.json."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console

from gateway_host.chip import bench, device_tests, report
from gateway_host.errors import UserError
from gateway_host.number_option import number
from gateway_host.session import ROOT
from gateway_host.sim.house_file import DEFAULT_HOUSE

RESULT = ROOT / "build" / "chip.json"
_SAY_EVERY_S = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `chip`."""
    parser.add_argument(
        "--tests", help="run host_tests/device on it instead: 1, or part of a name"
    )
    parser.add_argument(
        "--minutes", type=number(0.01, 1e6), default=2.0, help="from the first message on (2)"
    )
    parser.add_argument("--board", default="WIFI_CONNECT", help="a folder of boards/")
    parser.add_argument("--house", type=Path, default=DEFAULT_HOUSE, help="the house (TOML)")
    parser.add_argument(
        "--cuts", type=number(0, 1e6, int), default=0, help="cut the cloud's connection so often"
    )
    parser.add_argument("--tls", action="store_true", help="between gateway and broker")
    parser.add_argument("--renew", action="store_true", help="give it another certificate")
    parser.add_argument("--home-assistant", action="store_true", help="announce it there")
    parser.add_argument(
        "--update", action="store_true", help="install an update, and take one back"
    )
    parser.add_argument("--hotspot", action="store_true", help="open the page and read it")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0; with --tests 1 when any failed."""
    if arguments.tests:
        return _tests(arguments.board, "" if arguments.tests == "1" else arguments.tests)
    run = bench.Run(
        arguments.board,
        arguments.house,
        arguments.minutes * 60,
        arguments.cuts,
        arguments.hotspot,
        arguments.tls,
        arguments.renew,
        arguments.home_assistant,
        arguments.update,
    )
    if run.renew and not run.tls:
        raise UserError("a certificate is renewed over TLS alone: TLS=1 RENEW=1")
    measured = bench.measure(run, Progress())
    found = report.result(measured)
    Console().print(report.table(found))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(f"written to {RESULT.relative_to(ROOT)}")
    return 0


def _tests(board: str, only: str) -> int:
    outcomes = list(device_tests.run(board, Progress(), only))
    for one in outcomes:
        if one.failed:
            print(f"failed: {one.name}: {one.words}")
    failed = sum(one.failed for one in outcomes)
    print(f"{sum(one.passed for one in outcomes)} passed, {failed} failed")
    return int(failed > 0)


class Progress:
    """Says what goes on: in one line of a terminal, else now and then."""

    def __init__(self) -> None:
        self._said = 0.0

    def __call__(self, text: str) -> None:
        terminal = sys.stderr.isatty()
        if terminal or time.monotonic() - self._said > _SAY_EVERY_S:
            self._said = time.monotonic()
            end = "\r" if terminal else "\n"
            print(
                f"  {text:76}" if terminal else f"  {text}", end=end, file=sys.stderr, flush=True
            )
