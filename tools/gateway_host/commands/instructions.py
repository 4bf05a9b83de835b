"""Count the instructions of the measuring kernel on the devices' instruction sets.

Without a function: one block of the kernel on both targets. With --heat: the xtensa code with how
often each instruction was executed.
"""

from __future__ import annotations

import argparse
import ast
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gateway_host.errors import UserError
from gateway_host.instructions import TARGETS, Argument, Counts, count, kernel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("module", nargs="?", type=Path, help="a module with a viper function")
    parser.add_argument("function", nargs="?", help="the function's name")
    parser.add_argument(
        "arguments", nargs="*", help="a number, or @N for a buffer of N bytes, @N=V filled with V"
    )
    parser.add_argument("--target", choices=TARGETS, help="default: all")
    parser.add_argument("--heat", action="store_true", help="xtensa: times of each instruction")


def main(arguments: argparse.Namespace) -> int:
    """Print a table; 0 if at least one target could be counted, 1 otherwise."""
    if arguments.module and not arguments.function:
        raise UserError("instructions: name a function of the module as well")
    values = [_value(text) for text in arguments.arguments]
    table = Table("target", "function", "instructions", "per sample", "interpreter calls")
    heat: list[tuple[int, str]] = []
    done = 0
    for target in [arguments.target] if arguments.target else TARGETS:
        try:
            if arguments.module:
                counts = [count(target, arguments.module, arguments.function, values)]
                rows = [(counts[0], "")]
            else:
                block = kernel.measure(target)
                counts = [block.references, block.sums]
                rows = [
                    (block.references, ""),
                    (block.sums, f"{block.kernel_per_sample:.1f} of 64 x 31"),
                ]
                total = f"{block.per_sample:.1f} of 64 x 28, together"
        except UserError as error:
            table.add_row(target, f"not measured: {error}")
            continue
        done += 1
        for counted, per_sample in rows:
            table.add_row(*_row(counted, per_sample))
        if not arguments.module:
            table.add_row("", "", "", total)
        heat += [entry for counted in counts for entry in [(0, counted.function), *counted.heat]]
    Console().print(table)
    if arguments.heat:
        for times, text in heat:
            print(f"{times or '':>9} {text}")
    return 0 if done else 1


def _row(counts: Counts, per_sample: str) -> tuple[str, ...]:
    calls = ", ".join(f"{n} {name}" for name, n in counts.calls.items())
    return counts.target, counts.function, f"{counts.instructions}", per_sample, calls


def _value(text: str) -> Argument:
    try:
        if not text.startswith("@"):
            return int(ast.literal_eval(text))
        size, _, fill = text[1:].partition("=")
        return bytearray([int(fill or 0)]) * int(size)
    except (ValueError, SyntaxError) as error:
        raise UserError(f"argument {text!r}: give a number, @SIZE or @SIZE=BYTE") from error
