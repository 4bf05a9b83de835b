"""Measure speed, instructions and memory; print a table and write build/bench.json."""

from __future__ import annotations

import argparse

from gateway_host.bench.table import measure_all
from gateway_host.number_option import number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bench`."""
    parser.add_argument(
        "--simulated",
        type=number(1, 1e6, int),
        default=120,
        help="seconds of the pipeline's run (120)",
    )


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0."""
    measure_all(arguments.simulated)
    return 0
