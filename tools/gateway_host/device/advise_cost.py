"""Runs on the emulated chip: what the wiring advisor takes of it. Prints one line: microseconds
of all steps, of the longest one, reports, and bytes of heap held.

/lib/advise.bin: a site's line and its seconds, as device/advise.py reads them. Collections are
not counted: the advisor's heap is of its steps alone.
"""

import gc
import time
from array import array

from advise_report import Report

from site import document
from commission.wiring import Wiring


def took(steps):
    """Microseconds of each step."""
    while True:
        begin = time.ticks_us()
        try:
            next(steps)
        except StopIteration:
            yield time.ticks_diff(time.ticks_us(), begin)
            return
        yield time.ticks_diff(time.ticks_us(), begin)


def watch(file):
    site = document.load(file.readline().decode())
    seconds = int(file.readline())
    count = len(site.points)
    report = Report(count)
    volts, words = array("f", [0.0] * 6), array("i", [0] * (2 * count))
    gc.collect()
    before = gc.mem_alloc()
    wiring = Wiring(site)
    total = most = 0
    for _ in range(seconds):
        file.readinto(volts)
        file.readinto(words)
        report.take(volts, words)
        gc.collect()
        gc.disable()
        for taken in took(wiring.note(report)):
            total += taken
            most = max(most, taken)
        gc.enable()
    gc.collect()
    print(total, most, seconds, gc.mem_alloc() - before)


with open("/lib/advise.bin", "rb") as opened:
    watch(opened)
