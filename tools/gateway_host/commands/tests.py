"""Run all tests, five parts at the same time: most of them wait for a gateway in real time."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gateway_host import processes
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT

# The first files of all parts but the first. Those that start a world for `make world` are all in
# the last: a tree has one at a time.
_SPLITS = ("test_connection", "test_link", "test_publish", "test_run")
_WORLDS = ("test_provisioning.py",)  # the others are behind the last split
_COMMAND = [sys.executable, "-m", "pytest", "-q", "--durations=5"]
_FOLDER = "tests-"  # of what tests write: tests-<process>-<part>, the last run's is kept


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `tests`."""
    parser.add_argument("--only", default="", help="these files, and options of pytest")


def main(arguments: argparse.Namespace) -> int:
    """What the other parts print is shown after the first is through; returns 1 where a test has
    failed."""
    _clear()
    try:
        only = shlex.split(arguments.only)
    except ValueError as error:
        raise UserError(f"TESTS={arguments.only}: {error}") from None
    with contextlib.ExitStack() as stack:
        if only:
            return _start(stack, 1, only).wait()
        return _all(stack)


def _all(stack: contextlib.ExitStack) -> int:
    files = sorted((ROOT / "host_tests").glob("[!d]*/test_*.py"))
    parts: list[list[str]] = [[] for _ in range(len(_SPLITS) + 1)]
    for file in files:
        number = -1 if file.name in _WORLDS else sum(file.name >= split for split in _SPLITS)
        parts[number].append(str(file))
    started = time.monotonic()
    others = []
    for number, part in enumerate(parts[1:], 2):
        log = stack.enter_context((ROOT / "build" / f"tests-{number}.log").open("w+"))
        others.append((_start(stack, number, part, stdout=log, stderr=log), log))
    codes = [_start(stack, 1, parts[0]).wait()]
    for other, log in others:
        codes.append(other.wait())
        log.seek(0)
        print(log.read(), end="", flush=True)
    print(f"{len(files)} files in {time.monotonic() - started:.0f} s")
    return int(any(codes))


def _start(
    stack: contextlib.ExitStack, number: int, words: list[str], **streams: object
) -> subprocess.Popen:
    """One part; it ends with the stack."""
    place = Path(tempfile.gettempdir(), f"{_FOLDER}{os.getpid()}-{number}")
    command = [*_COMMAND, f"--basetemp={place}", *words]
    part = processes.start(command, cwd=ROOT, **streams)
    stack.callback(processes.stop, part)
    return part


def _clear() -> None:
    """Remove what the tests of runs that have ended wrote."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*"):
        number = folder.name.split("-")[1]
        if not Path("/proc", number).exists():
            shutil.rmtree(folder, ignore_errors=True)
