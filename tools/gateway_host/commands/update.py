"""Make a key that signs programs, or publish a board's program for gateways to fetch."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway_host import image
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.number_option import number
from gateway_host.update import keys, publish

FOLDER = ROOT / "build" / "updates"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `update`."""
    parser.add_argument("--make-key", action="store_true", help="make the key, and nothing else")
    parser.add_argument("--key", type=Path, help="the private key's file, PEM")
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what a web server serves")
    parser.add_argument(
        "--share", type=number(0, 100, int), default=100, help="percentage of the gateways"
    )


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when all was written."""
    if arguments.key is None:
        raise UserError("say which key: KEY=file.pem, outside this folder's history")
    if arguments.make_key:
        keys.make(arguments.key)
        print(f"{arguments.key}: keep it; whoever has it writes programs for your gateways")
        return 0
    built = image.build(arguments.board, key=keys.modulus(arguments.key))
    done = publish.publish(built, arguments.key, arguments.folder, arguments.share)
    print(f"{done.folder}: {done.manifest['version']}, {done.manifest['size']:,} bytes,", end=" ")
    print(f"for {done.manifest['share']} % of the gateways")
    return 0
