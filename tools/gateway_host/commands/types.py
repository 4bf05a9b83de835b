"""Check the firmware's and the boards' types."""

from __future__ import annotations

import argparse

from gateway_host.types_check import errors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def main(arguments: argparse.Namespace) -> int:
    """Exit code 1 when something does not fit; one line for each place."""
    lines = errors()
    for line in lines:
        print(line)
    return bool(lines)
