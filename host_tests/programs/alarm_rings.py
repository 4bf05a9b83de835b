"""Waits by boards/common's alarm with a hardware timer that rings when this says so. Prints what
happened, asyncio's waits, the count of timers."""

import asyncio
import json
import time

from esp32_fakes import Timer, machine

timers, events = [], []


class Ringing(Timer):
    def __init__(self, number):
        timers.append(self)

    def init(self, mode, period, callback, tick_hz):
        events.append([mode, period, tick_hz])
        self.callback = callback


machine.Timer = Ringing
import alarm as module  # noqa: E402
from alarm import Alarm  # noqa: E402

clock = [time.ticks_us()]
module.ticks_us = lambda: clock[0]
slept = []
turn = asyncio.sleep_ms
asyncio.sleep_ms = lambda ms: (slept.append(ms), turn(0))[1]
alarm = Alarm(0)


async def waits(us, name):
    await alarm.sleep_us(us)
    events.append(name)


async def turns(count=5):
    for _ in range(count):
        await turn(0)


async def main():
    for us, rings in ((300, True), (14650, False)):  # the second time the call-back is lost
        task = asyncio.create_task(waits(us, "woken"))
        await turns()
        timers[0].callback(timers[0])  # late, of a wait before this one
        await turns()
        events.append("rings")
        clock[0] = time.ticks_add(clock[0], us)
        if rings:
            timers[0].callback(timers[0])
        await task
    # One that is given up, as when its task fails, and the next one.
    task = asyncio.create_task(waits(90000, "never"))
    await turns()
    task.cancel()
    await turns()
    task = asyncio.create_task(waits(99999, "after"))
    await turns()
    # Another task's wait meanwhile, a long one, a short one: asyncio's.
    await waits(2001, "second")
    await waits(1000000, "long")
    await waits(50, "short")
    # It has rung, and who waits is not woken yet.
    clock[0] = time.ticks_add(clock[0], 99999)
    timers[0].callback(timers[0])
    await waits(4001, "third")
    await task


asyncio.run(main())
print(json.dumps([events, slept, len(timers)]))
