"""For tests in the interpreter on the host: the simulator board's hardware with the world around
its links, and asyncio on the board's clock, so that minutes pass as fast as the machine can."""

import asyncio
import asyncio.core
import json
import time

import board
from hardware import make


class _Waiting:
    """asyncio's queue of sockets, which lets the board's time pass instead of waiting."""

    def __init__(self, hardware, queue):
        self._hardware = hardware
        self._queue = queue

    def __getattr__(self, name):
        return getattr(self._queue, name)

    def wait_io_event(self, ms):
        if ms > 0:
            self._hardware.pass_us(ms * 1000)
        self._queue.wait_io_event(0)


def hardware():
    """The board's hardware; asyncio waits on its clock from now on."""
    made = make(board)
    asyncio.new_event_loop()
    # What the queue of tasks takes for now must lie in the past, so that it is due.
    future = time.ticks_add(time.ticks_ms(), 100000000)
    asyncio.core.ticks = lambda: time.ticks_add(future, made.uptime_ms())
    asyncio.core._io_queue = _Waiting(made, asyncio.core._io_queue)
    return made


def report(**reported):
    """One line of JSON for the test."""
    print(json.dumps(reported))


def world(hardware, field, value):
    """The world's field is `value` from now on."""
    hardware.a_uart.ask("set", (field, value))
