"""Write the tables of docs/led.md anew from the boards' data."""

from __future__ import annotations

import argparse

from gateway_host.boards.table import BEGIN, DOCUMENT, END, tables


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def main(_: argparse.Namespace) -> int:
    """Exit code 0."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    DOCUMENT.write_text(before + BEGIN + tables() + END + after, encoding="utf-8")
    print(f"written to {DOCUMENT.name}")
    return 0
