"""Runs in the MicroPython interpreter: measures what the installation plays, one JSON line per
report (accuracy_line.py).
"""

import gc
import sys

import board
from hardware import make

from site import document
from b_bus.start import meters_of
from gateway import build_measuring

sys.path.append(sys.argv[0].rpartition("/")[0])
from accuracy_line import Teller  # noqa: E402


def main():
    """Print a line for each report until the installation ends."""
    gc.threshold(16384)  # as the gateway does
    with open("site.json") as file:
        installation = document.load(file.read(), meters_of)
    gc.collect()  # the buffers want whole pieces of the heap
    hardware = make(board)
    teller = Teller(len(installation.loads))
    teller.path = build_measuring(hardware, installation, teller.tell)
    try:
        while True:
            hardware.pass_us(teller.step())
    except EOFError:
        pass


main()
