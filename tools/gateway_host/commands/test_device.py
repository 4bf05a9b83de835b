"""Run the on-device tests (host_tests/device) on a device that has the program."""

from __future__ import annotations

import argparse

from gateway_host import device_files
from gateway_host.chip import device_tests
from gateway_host.flashing import esp


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `test-device`."""
    parser.add_argument("--port", help="the device's serial port, where there are several")
    parser.add_argument("--only", default="", help="part of a name")


def main(arguments: argparse.Namespace) -> int:
    """Exit code 1 where a test has failed. The tests' helpers stay in its lib/."""
    where = arguments.port or esp.port()
    helpers = device_tests.helpers()
    device_files.put(where, None, {f"lib/{name}": data for name, data in helpers.items()})
    failed = passed = 0
    for one in device_tests.at_port(where, print, arguments.only):
        failed, passed = failed + one.failed, passed + one.passed
        if one.failed:
            print(f"failed: {one.name}: {one.words}")
    print(f"{passed} passed, {failed} failed")
    return int(failed > 0)
