"""The gateway's host commands: `python -m gateway_host <command> ...`."""

from __future__ import annotations

import argparse
import ast
import importlib
import sys
from pathlib import Path

from gateway_host.errors import UserError

COMMANDS = Path(__file__).parent / "commands"


def _names() -> list[str]:
    files = sorted(COMMANDS.glob("*.py"))
    return [file.stem.replace("_", "-") for file in files if not file.stem.startswith("_")]


def _help_of(name: str) -> str:
    """The first line of a command's docstring, read without importing what the command imports."""
    source = (COMMANDS / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code, 2 after a UserError, 130 after Ctrl-C."""
    argv = sys.argv[1:] if argv is None else argv
    names = _names()
    if not argv or argv[0] in ("-h", "--help"):
        print(__doc__.strip(), "", sep="\n")
        for name in names:
            print(f"  {name:12} {_help_of(name)}")
        return 0
    name = argv[0]
    if name not in names:
        print(f"error: no command {name!r}; there are {', '.join(names)}", file=sys.stderr)
        return 2
    try:
        command = importlib.import_module(f"gateway_host.commands.{name.replace('-', '_')}")
        parser = argparse.ArgumentParser(f"gateway_host {name}", description=command.__doc__)
        command.add_arguments(parser)
        return command.main(parser.parse_args(argv[1:]))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
