"""Waits to the fraction of a ms, by a hardware timer.

asyncio's own sleeps are rounded up to a tick of FreeRTOS, 10 ms in a stock MicroPython. Here the
timer's interrupt ends the wait of the task: 0.4 ms late as a rule, and as much more as the step
of another task takes that runs just then.
"""

import asyncio
import io
from asyncio import core

import machine
from micropython import const

_POLL = const(3)  # MP_STREAM_POLL
_LEAST_US = const(200)
_MOST_US = const(100000)  # what is longer may be late by a tick


class Alarm(io.IOBase):
    """One wait at a time; what another task waits for meanwhile is rounded up. number: of the
    hardware timer. Takes 80 bytes of heap each time."""

    def __init__(self, number):
        self._timer = machine.Timer(number)
        self._once = machine.Timer.ONE_SHOT
        self._call = self._ring  # bound once
        self._rings = 0
        self._asked = False

    def sleep_us(self, us):
        """To be awaited."""
        if us < _LEAST_US:
            return asyncio.sleep_ms(0)
        # asyncio knows whether somebody waits: until he is woken, and not if he was cancelled.
        if us > _MOST_US or id(self) in core._io_queue.map:
            return asyncio.sleep_ms((us + 999) // 1000)
        self._rings = 0
        self._asked = False
        self._timer.init(mode=self._once, period=us, callback=self._call, tick_hz=1000000)
        return self

    def _ring(self, _):
        """The timer's call-back, from the scheduler."""
        self._rings = 1

    def ioctl(self, request, events):
        """What asyncio polls."""
        return self._rings * events if request == _POLL else -1

    def __iter__(self):
        return self

    __await__ = __iter__

    def __next__(self):
        if self._asked:
            raise StopIteration
        self._asked = True
        core._io_queue.queue_read(self)
