"""Runs in the MicroPython interpreter: measures what the installation plays, one JSON line per
report (accuracy_line.py).
"""

import gc
import sys

import board
from hardware import make

from site import document
from b_bus.site_meters import meters_of
from gateway import build_measuring

sys.path.append(sys.argv[0].rpartition("/")[0])
from accuracy_line import Reporter  # noqa: E402


def main():
    """Print a line for each report until the installation ends."""
    gc.threshold(16384)  # as the gateway does
    with open("site.json") as file:
        installation = document.load(file.read(), meters_of)
    gc.collect()  # the buffers want whole pieces of the heap
    hardware = make(board)
    reporter = Reporter(len(installation.loads))
    reporter.path = build_measuring(hardware, installation, reporter.report)
    try:
        while True:
            hardware.pass_us(reporter.step())
    except EOFError:
        pass


main()
