"""Runs in the MicroPython interpreter: prints the bytes of heap that working a report of 28 points
through takes, and those of writing its messages, as two numbers."""

import gc
import json
import sys
from array import array
from math import pi, sin

import messages

from site import document
from site.sampling import BLOCK
from b_bus.site_meters import meters_of
import pipeline

_REPORTS = 3


class Cycle:
    skipped = 0
    block = -1

    def __init__(self, channels):
        self.where = array("i", [2 * BLOCK * i for i in range(channels)])


class Bus:
    """The same block of sine waves again and again, each current behind its voltage."""

    def __init__(self, points):
        self.ready = Cycle(3 + len(points))
        self.samples = array("h")
        for p in range(3):
            self._add(21600, p * 2 * pi / 3)
        for i, point in enumerate(points):
            self._add(2000 + 200 * i, point.phase * 2 * pi / 3 + 0.3)

    def _add(self, size, lag):
        for k in range(BLOCK):
            self.samples.append(int(size * sin(2 * pi * k / BLOCK - lag)))

    def age_ms(self, block, sample):
        return 40

    def run(self):
        while True:
            self.ready.block += 1
            yield 0


def report(place):
    """Bytes that one report takes, after some."""
    now_ms = [1764000000000]
    path = pipeline.build(Bus(place.points), place, lambda: now_ms[0], lambda: None)
    while True:
        path.step()
        if path.pending:
            now_ms[0] += 1000
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            path.work_through()
            taken = gc.mem_alloc() - before
            gc.enable()
            if path.reports == _REPORTS:
                return taken


def main():
    with open(sys.argv[1]) as file:
        place = document.load(file.read(), meters_of)
    publisher, _ = messages.build(len(place.points))
    messages.second(publisher)
    print(json.dumps([report(place), messages.allocated(publisher)]))


main()
