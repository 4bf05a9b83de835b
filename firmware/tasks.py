"""Tasks that go on whatever happens: one that fails is counted, printed and started again."""

import asyncio
import sys
import time

from micropython import const

_PAUSE_S = const(1)


async def keep(counters, name, task):
    """Run the coroutine function `task` again and again; a failure counts as `task.<name>`. It is
    started at once, so that measuring loses as little as can be; a second later when it fails
    faster than that."""
    name = "task." + name
    while True:
        begun = time.ticks_ms()
        try:
            await task()
        except Exception as error:
            counters.count(name)
            sys.print_exception(error)
        if 0 <= time.ticks_diff(time.ticks_ms(), begun) < _PAUSE_S * 1000:
            await asyncio.sleep(_PAUSE_S)


async def run_all(counters, tasks):
    """Keep all of these running: (name, coroutine function)."""
    await asyncio.gather(*(keep(counters, name, task) for name, task in tasks))
