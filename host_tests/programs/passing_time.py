"""Time for programs that wait: it passes when they sleep. Who wakes up first lets it pass, after
two turns of the others."""

import asyncio
import time

from esp32_fakes import Module

passed = [0]  # ms
due = []  # what is to happen: (when, function)
sleepers = []
time_module = Module(ticks_ms=lambda: passed[0], ticks_diff=time.ticks_diff)
turn = asyncio.sleep_ms


def later(ms, function):
    due.append((passed[0] + ms, function))


async def passes(ms):
    end = passed[0] + ms
    sleepers.append(end)
    try:
        while passed[0] < end:
            await turn(0)
            await turn(0)
            if passed[0] < end == min(sleepers):
                pass_until(end)
    finally:
        sleepers.remove(end)


def pass_until(end):
    if not due or min(due, key=lambda one: one[0])[0] > end:
        passed[0] = end
        return
    one = min(due, key=lambda one: one[0])
    due.remove(one)
    passed[0] = one[0]
    one[1]()


asyncio.sleep_ms = passes
