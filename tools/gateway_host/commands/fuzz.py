"""Feed random and mutated bytes to the firmware's receivers."""

from __future__ import annotations

import argparse

from gateway_host.errors import UserError
from gateway_host.fuzz import a_bus as fuzz
from gateway_host.fuzz import b_bus as fuzz_bus_b
from gateway_host.fuzz import portal as fuzz_portal
from gateway_host.number_option import number

TARGETS = {"bus_a": fuzz.run, "bus_b": fuzz_bus_b.run, "portal": fuzz_portal.run}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fuzz`."""
    parser.add_argument(
        "--count", type=number(1, 1e12, int), default=100_000, help="sequences (100000)"
    )
    parser.add_argument("--target", default="bus_a", help=f"{', '.join(TARGETS)} (bus_a)")
    parser.add_argument(
        "--seed", type=number(0, 1e12, int), default=1, help="of all that is random (1)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when every sequence was taken well, 1 when one was not or memory grew."""
    if arguments.target not in TARGETS:
        known = ", ".join(TARGETS)
        raise UserError(f"fuzz: {arguments.target!r} is no target; known are {known}")
    outcome = TARGETS[arguments.target](arguments.count, arguments.seed)
    rate = outcome.sequences / outcome.seconds
    print(f"{outcome.sequences:,} sequences of seed {arguments.seed}, {rate:,.0f} a second")
    print(", ".join(f"{name} {count:,}" for name, count in outcome.counts.items()))
    if outcome.failed:
        print(f"FAILED {outcome.failed}")
        return 1
    if outcome.growth is None:
        print("memory: not judged, it takes more than 10,000 sequences")
    else:
        print(f"memory: {outcome.growth:+d} bytes since the first 10,000")
    return 1 if outcome.growth and outcome.growth > 0 else 0
