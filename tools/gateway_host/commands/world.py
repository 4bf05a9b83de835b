"""Change the simulated world while the gateway runs in it: networks, cable, internet, button."""

from __future__ import annotations

import argparse

from gateway_host.world import HELP, parts, send


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `world`."""
    parser.add_argument("--command", default="help", help="what happens: 'cable out'")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0."""
    if arguments.command == "help":
        print(HELP)
        return 0
    for command in parts(arguments.command, ";"):
        print(send(command))
    return 0
