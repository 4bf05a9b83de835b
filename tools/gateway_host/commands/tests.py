"""Run all tests, three parts at the same time: most of them wait for a gateway in real time."""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import time

from gateway_host import processes
from gateway_host.interpreter import ROOT

# The first files of the second and the third part. Those that start a world for `make world` are
# all in the third: a tree has one at a time.
_SPLITS = ("test_link", "test_provisioning")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """None."""


def main(_: argparse.Namespace) -> int:
    """What the other parts print is shown after the first is through; returns 1 where a test has
    failed."""
    files = sorted((ROOT / "host_tests").glob("test_*.py"))
    parts = [[], [], []]
    for file in files:
        parts[sum(file.name >= split for split in _SPLITS)].append(str(file))
    command = [sys.executable, "-m", "pytest", "-q", "--durations=5"]
    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        others = []
        for number, part in enumerate(parts[1:], 2):
            log = stack.enter_context((ROOT / "build" / f"tests-{number}.log").open("w+"))
            other = processes.start([*command, *part], cwd=ROOT, stdout=log, stderr=log)
            stack.callback(processes.stop, other)
            others.append((other, log))
        codes = [subprocess.run([*command, *parts[0]], cwd=ROOT).returncode]
        for other, log in others:
            codes.append(other.wait())
            log.seek(0)
            print(log.read(), end="", flush=True)
    print(f"{len(files)} files in {time.monotonic() - started:.0f} s")
    return int(any(codes))
