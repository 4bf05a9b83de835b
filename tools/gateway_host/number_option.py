"""Numbers on the command line: what is none, or out of range, is said in one line."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable


def number(
    least: float, most: float, kind: Callable[[str], float] = float
) -> Callable[[str], float]:
    """The `type` of an option. kind: what reads it, int where it must be whole."""

    def read(text: str) -> float:
        with contextlib.suppress(ValueError):
            if least <= (value := kind(text)) <= most:
                return value
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most:.0f}")

    return read
