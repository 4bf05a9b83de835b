"""Compare the compiled modules with those of another commit: does only the text differ?"""

from __future__ import annotations

import argparse

from gateway_host.same_code import PROCESSORS, changed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument("base", help="the commit before, for instance HEAD or 1234567^")
    parser.add_argument("to", nargs="?", help="the commit after; default: the files as they are")


def main(arguments: argparse.Namespace) -> int:
    """A line for each module whose text differs. Exit code 1 when the bytes of one do."""
    modules = changed(arguments.base, arguments.to)
    for module in modules:
        bytes_are = f"other bytes: {', '.join(module.other)}" if module.other else "same bytes"
        print(f"{module.path}: {bytes_are}")
    same = sum(not module.other for module in modules)
    print(f"{same} of {len(modules)} with another text are the same for {', '.join(PROCESSORS)}")
    return int(same < len(modules))
