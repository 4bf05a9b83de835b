"""Check the rules of the house: floors, circles, lengths, names."""

from __future__ import annotations

import argparse

from gateway_host.house_rules import broken


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def main(arguments: argparse.Namespace) -> int:
    """Exit code 1 when a rule is broken; one line for each place."""
    lines = broken()
    for line in lines:
        print(line)
    return bool(lines)
