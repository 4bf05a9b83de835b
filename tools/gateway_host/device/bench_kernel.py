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
    words = len(plan) // _CHANNELS  # of a channel; the first one is where its references begin
    for i in range(_CHANNELS):
        at = where[i] // 2
        row = plan[words * i]
        a = b = s = 0
        for _ in range(BLOCK // 2):
            x, y = samples[at], samples[at + 1]
            a -= references[row] * x + references[row + 1] * y
            b += references[row + 2] * (x + y)
            s += x * x + y * y
            at += 2
            row += 10
        sums[i] = (a, b, s)


def _differences(exact, sums):
    """The channels in which the kernel's limbs are not the exact sums."""
    words = len(sums) // _CHANNELS
    found = []
    for i, of in enumerate(exact):
        limbs = sums[words * i : words * i + 6]
        if of != tuple(limbs[k] + (limbs[k + 1] << 24) for k in (0, 2, 4)):
            found.append(i)
    return found


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
    path()  # which fills the references
    for k in range(len(sums)):
        sums[k] = 0
    works["bytecode"]()
    works["kernel"]()
    if wrong := _differences(wide, sums):
        raise ValueError(f"kernel and bytecode sum channels {wrong} differently")
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
