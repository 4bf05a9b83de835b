"""Measures recorded samples in memory with the firmware's measuring path, one JSON line per report
(accuracy_line.py), on the simulated RISC-V machine of docs/instructions.md.
"""

from array import array

import uctypes
from accuracy_line import Reporter

from site import document
from site.sampling import BLOCK
from pipeline import build


class _Cycle:
    skipped = 0

    def __init__(self, channels):
        self.block = 0
        self.where = array("i", [2 * BLOCK * i for i in range(channels)])


class Recorded:
    """In place of the A-bus: blocks of `channels` x 64 samples in memory, from `address` on."""

    def __init__(self, address, channels, blocks):
        self._address = address
        self._size = 2 * BLOCK * channels
        self._blocks = blocks
        self._cycle = _Cycle(channels)
        self.samples = self.ready = None

    def age_ms(self, block, sample):
        """As BusA.age_ms()."""
        return 40

    def run(self):
        """As BusA.run()."""
        for block in range(self._blocks):
            self.samples = uctypes.bytearray_at(self._address + block * self._size, self._size)
            self._cycle.block = block
            self.ready = self._cycle
            yield 0


def measure(plan, address, blocks):
    """Print the reports; plan: site.json."""
    place = document.load(plan)
    bus = Recorded(address, 3 + len(place.points), blocks)
    reporter = Reporter(len(place.loads))
    reporter.path = build(bus, place, lambda: None, reporter.report)
    for _ in range(blocks):
        reporter.step()


def measure_all(jobs):
    """Measure one after the other, with an empty line after each; jobs: what measure() takes."""
    for plan, address, blocks in jobs:
        measure(plan, address, blocks)
        print()
