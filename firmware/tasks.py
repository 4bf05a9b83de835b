"""Tasks that go on whatever happens: one that fails is counted, printed and started again."""

import asyncio
import sys

from micropython import const

_RESTART_S = const(1)


async def keep(counters, name, task):
    """Run the coroutine function `task` again and again; a failure counts as `task.<name>`."""
    while True:
        try:
            await task()
        except Exception as error:
            counters.count("task." + name)
            sys.print_exception(error)
        await asyncio.sleep(_RESTART_S)


async def run_all(counters, tasks):
    """Keep all of these running: (name, coroutine function)."""
    await asyncio.gather(*(keep(counters, name, task) for name, task in tasks))
