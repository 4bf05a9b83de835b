"""Runs in the MicroPython interpreter: times the measuring kernel when asked.

Reads lines from stdin: `kernel N`, `bytecode N` or `path N`; does N blocks of 28 points and 3
voltages and answers with the nanoseconds that they took. `allocated N` answers with the bytes that
N blocks allocate on the measuring path, and the windows in them.
"""

import gc
import random
import sys
import time
from array import array

from site.sampling import BLOCK
from metering import Meter, accumulate

_POINTS = 28
_CHANNELS = 3 + _POINTS


def bytecode(references, samples, where, plan, sums):
    """The kernel's sums for one block in plain bytecode with big integers: what viper is for."""
    for i in range(_CHANNELS):
        at = where[i] // 2
        row = plan[2 * i]
        a = b = s = 0
        for _ in range(BLOCK // 2):
            x, y = samples[at], samples[at + 1]
            a -= references[row] * x + references[row + 1] * y
            b += references[row + 2] * (x + y)
            s += x * x + y * y
            at += 2
            row += 10
        sums[i] = (a, b, s)


def _blocks(work, count):
    started = time.ticks_us()
    for _ in range(count):
        work()
    return time.ticks_diff(time.ticks_us(), started) * 1000


def main():
    """Answer until stdin ends."""
    samples = array("h", [random.getrandbits(16) - 32768 for _ in range(BLOCK * _CHANNELS)])
    where = array("i", [2 * BLOCK * i for i in range(_CHANNELS)])
    meter = Meter([i % 3 for i in range(_POINTS)], 50, 1 << 28)
    references = meter.pll.references
    plan, sums, wide = meter._plan, meter._sums, [None] * _CHANNELS

    def path():
        first = 0
        while first < BLOCK:
            first = meter.add(samples, where, first)

    works = {
        "kernel": lambda: accumulate(
            0, references, references, samples, where, plan, _CHANNELS, 0, BLOCK, sums
        ),
        "path": path,
        "bytecode": lambda: bytecode(references, samples, where, plan, wide),
    }
    while True:
        line = sys.stdin.readline().split()
        if not line:
            return
        name, count = line[0], int(line[1])
        if name == "allocated":
            windows = meter.windows
            gc.collect()
            before = gc.mem_alloc()
            gc.disable()
            for _ in range(count):
                path()
            print(gc.mem_alloc() - before, meter.windows - windows)
            gc.enable()
        else:
            print(_blocks(works[name], count))


main()
