"""Count the instructions of the measuring kernel on the devices' instruction sets.

Without a function: one block of the kernel, on both targets. `--heat` shows the xtensa code with
how often each instruction was executed.
"""

from __future__ import annotations

import argparse
import ast
import sys
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
    """Print a table and what could not be measured. Raises UserError if nothing could."""
    if arguments.module and not arguments.function:
        raise UserError("instructions: name a function of the module as well")
    values = [_value(text) for text in arguments.arguments]
    done: list[Counts] = []
    reasons: dict[str, str] = {}
    notes = []
    for target in [arguments.target] if arguments.target else TARGETS:
        try:
            if arguments.module:
                done.append(count(target, arguments.module, arguments.function, values))
            else:
                block = kernel.measure(target)
                done += [block.references, block.products, block.sums]
                notes.append(
                    f"{target}: {block.kernel_per_sample:.1f} per sample in accumulate (64 x 31), "
                    f"{block.per_sample:.1f} per current sample in all (64 x 28)"
                )
        except UserError as error:
            reasons[target] = str(error)
    if not done:
        raise UserError("; ".join(dict.fromkeys(reasons.values())))
    _print_table(done)
    for note in notes:
        print(note)
    for target, reason in reasons.items():
        print(f"{target}: not measured: {reason}", file=sys.stderr)
    if arguments.heat:
        for counts in done:
            for times, text in counts.heat:
                print(f"{times:9} {counts.function} {text}")
    return 0


def _print_table(done: list[Counts]) -> None:
    table = Table("target", "function", "instructions", "calls of the interpreter beside")
    for counts in done:
        calls = ", ".join(f"{times} {name}" for name, times in counts.calls.items())
        table.add_row(counts.target, counts.function, f"{counts.instructions}", calls)
    Console().print(table)


def _value(text: str) -> Argument:
    try:
        if not text.startswith("@"):
            return int(ast.literal_eval(text))
        size, _, fill = text[1:].partition("=")
        return bytearray([int(fill or 0)]) * int(size)
    except (ValueError, SyntaxError, TypeError) as error:
        raise UserError(f"argument {text!r}: give a number, @SIZE or @SIZE=BYTE") from error
