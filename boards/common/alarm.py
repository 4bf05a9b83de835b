"""Waits to the fraction of a ms, by a hardware timer.

asyncio's own sleeps are rounded up to a tick of FreeRTOS, 10 ms in a stock MicroPython. Here the
timer's interrupt ends the wait of the task: 0.4 ms late as a rule, and as much more as the step
of another task takes that runs just then.
"""

import asyncio
import io
from asyncio import core
from time import ticks_add, ticks_diff, ticks_us

import machine
from micropython import const

_POLL = const(3)  # MP_STREAM_POLL
_LEAST_US = const(200)
_MAX_US = const(100000)  # what is longer may be late by a tick


def _wake(_):
    """The timer's call-back: because of it asyncio looks again."""


class Alarm(io.IOBase):
    """One wait at a time; what another task waits for meanwhile is rounded up. number: of the
    hardware timer. Takes 80 bytes of heap each time."""

    def __init__(self, number: int):
        self._timer = machine.Timer(number)
        self._once = machine.Timer.ONE_SHOT
        self._end = 0  # ticks_us
        self._asked = False

    def sleep_us(self, us: int) -> Awaitable[None]:
        """To be awaited."""
        if us < _LEAST_US:
            return asyncio.sleep_ms(0)
        # asyncio knows whether somebody waits: until he is woken, and not if he was cancelled.
        if us > _MAX_US or id(self) in core._io_queue.map:
            return asyncio.sleep_ms((us + 999) // 1000)
        self._end = ticks_add(ticks_us(), us)
        self._asked = False
        # The stubs know no port that takes both; the ESP32 does.
        self._timer.init(  # pyright: ignore[reportCallIssue]
            mode=self._once, period=us, callback=_wake, tick_hz=1000000
        )
        return self

    def ioctl(self, request: int, events: int) -> int:
        """What asyncio polls: the time decides, so that a call-back which is lost or late does no
        harm."""
        if request != _POLL:
            return -1
        return events if ticks_diff(ticks_us(), self._end) >= 0 else 0

    def __iter__(self) -> Alarm:
        return self

    __await__ = __iter__

    def __next__(self) -> None:
        if self._asked:
            raise StopIteration
        self._asked = True
        core._io_queue.queue_read(self)
