"""Feed random and mutated bytes to the firmware's parsers (docs/fuzzing.md)."""

from __future__ import annotations

import argparse
from functools import partial

from gateway_host.errors import UserError
from gateway_host.fuzz import a_bus as fuzz
from gateway_host.fuzz import b_bus as fuzz_bus_b
from gateway_host.fuzz import guided, parsers
from gateway_host.fuzz import portal as fuzz_portal
from gateway_host.number_option import number

TARGETS = {"bus_a": fuzz.run, "bus_b": fuzz_bus_b.run, "portal": fuzz_portal.run}
TARGETS |= {name: partial(parsers.run, name) for name in parsers.PARSERS}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fuzz`."""
    parser.add_argument(
        "--count", type=number(1, 1e12, int), default=100_000, help="sequences (100000)"
    )
    parser.add_argument("--target", default="bus_a", help=f"{', '.join(TARGETS)} (bus_a)")
    parser.add_argument("--guided", action="store_true", help="by what they reach, under CPython")
    parser.add_argument(
        "--seed", type=number(0, 1e12, int), default=1, help="of all that is random (1)"
    )


def _say_searched(parser: str, count: int, seed: int) -> bool:
    """Search under CPython, and replay what was found; whether all is well."""
    if parser not in parsers.PARSERS:
        known = ", ".join(parsers.PARSERS)
        raise UserError(f"fuzz: GUIDED=1 is for {known}, not for {parser!r}")
    found = guided.search(parser, count, seed)
    print(
        f"{found.runs:,} runs of seed {seed} under CPython: {len(found.inputs):,} inputs reach "
        f"{found.covered:,} places"
    )
    if found.failed:
        print(f"FAILED {found.failed}")
        return False
    outcome = parsers.replay(parser, iter(found.inputs), len(found.inputs))
    print(f"{outcome.sequences:,} of them in the interpreter")
    if outcome.failed:
        print(f"FAILED {outcome.failed}")
    return not outcome.failed


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when every sequence was taken well, 1 when one was not or memory grew."""
    if arguments.target not in TARGETS:
        known = ", ".join(TARGETS)
        raise UserError(f"fuzz: {arguments.target!r} is no target; known are {known}")
    if arguments.guided:
        return 0 if _say_searched(arguments.target, arguments.count, arguments.seed) else 1
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
