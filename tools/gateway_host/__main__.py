"""The gateway's host commands: `python -m gateway_host <command> ...`."""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

from gateway_host import hangup
from gateway_host.disk_room import room_left
from gateway_host.errors import UserError

COMMANDS = Path(__file__).parent / "commands"
TEMPORARY = Path(__file__).resolve().parents[2] / "build" / "tmp"
_MAX_PATH = 60  # bytes: in a temporary folder lie sockets, whose whole path has 107


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise UserError(message.removeprefix("argument "))


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
        with hangup.like_interrupt():
            return _run(name, argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0 if hangup.unread.is_set() else 130


def _run(name: str, words: list[str]) -> int:
    try:
        command = importlib.import_module(f"gateway_host.commands.{name.replace('-', '_')}")
        parser = _Parser(f"gateway_host {name}", description=command.__doc__, allow_abbrev=False)
        command.add_arguments(parser)
        return command.main(parser.parse_args(words))
    except BrokenPipeError:  # whoever read it has enough
        hangup.silence(sys.stdout)
        return 0
    except OSError as error:
        words = f"{error.filename or name}: {error.strerror or error}"
        if error.errno in hangup.NO_ROOM:
            place = TEMPORARY.parents[1]
            words = f"{error.filename or 'the output'} cannot be written: {error.strerror}"
            words += f"; {room_left(place)} are free in {place}"
        hangup.silence(sys.stdout)
        raise UserError(words) from None


def _as_program() -> int:
    """`main` in a process of its own: its streams and its temporary files."""
    hangup.open_missing()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # any file name can be said, in any locale
    if len(os.fsencode(TEMPORARY)) <= _MAX_PATH:
        try:
            TEMPORARY.mkdir(parents=True, exist_ok=True)
        except OSError:
            pass  # whoever needs it says so
        else:  # what a run that is killed leaves behind is below build/
            tempfile.tempdir = os.environ["TMPDIR"] = str(TEMPORARY)
    code = main()
    try:
        sys.stdout.flush()
    except OSError as error:
        hangup.silence(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            print(f"error: the output cannot be written: {error.strerror}", file=sys.stderr)
            return 2
    return code


if __name__ == "__main__":
    sys.exit(_as_program())
