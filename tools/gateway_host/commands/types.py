"""Check the firmware's and the boards' types."""

from __future__ import annotations

import argparse

from gateway_host.types_check import NoCheckerError, errors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def main(arguments: argparse.Namespace) -> int:
    """Exit code 1 when something does not fit; one line for each place. 0, and a line that says
    so, where there is no checker."""
    try:
        lines = errors()
    except NoCheckerError as error:
        print(error)
        return 0
    for line in lines:
        print(line)
    return bool(lines)
