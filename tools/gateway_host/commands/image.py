"""Build a board's application image: precompiled modules as LittleFS and ROMFS partitions."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway_host import budget, image
from gateway_host.interpreter import ROOT
from gateway_host.update import keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `image`."""
    parser.add_argument("--board", default="GENIUS_FLEX", help="a folder of boards/")
    parser.add_argument("--key", type=Path, help="the private key that signs updates of it")
    parser.add_argument("--architecture", help="of mpy-cross (xtensawin; x86 or x64 for a host)")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 0 when the images were made."""
    architecture = arguments.architecture
    if arguments.board == "SIMULATOR" and architecture is None:
        architecture = image.ARCHITECTURES[32]
    key = keys.modulus(arguments.key) if arguments.key else None
    built = image.build(arguments.board, architecture, key)
    print(f"{built.board} for {built.architecture}: {built.modules} modules and main.py,", end=" ")
    print(f"{built.code_bytes:,} bytes")
    offset, room = image.partitions()["romfs"]
    for path, words in ((built.littlefs, ""), (built.romfs, f": of {room:,} at {offset:#x}")):
        print(f"  {path.stat().st_size:>9,} bytes  {path.relative_to(ROOT)}{words}")
    print("of the budget:")
    for one in budget.spent(built):
        print(f"  {one}")
    return 0
