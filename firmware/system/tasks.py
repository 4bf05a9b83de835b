"""Tasks that go on whatever happens: one that fails is counted, printed and started again; one
that stands still is found by the watch."""

import asyncio
import sys
import time

from micropython import const

_PAUSE_S = const(1)


async def keep(counters: Counters, name: str, task: RepeatedTask) -> Never:
    """Run the coroutine function `task` again and again; a failure counts as `task.<name>`. It is
    started at once, so that measuring loses as little as can be; a second later when it fails
    faster than that."""
    name = "task." + name
    while True:
        begun = time.ticks_ms()
        try:
            await task()
        except Exception as error:
            counters.count(name, error)
            sys.print_exception(error)
        if 0 <= time.ticks_diff(time.ticks_ms(), begun) < _PAUSE_S * 1000:
            await asyncio.sleep(_PAUSE_S)


def _watched(task, beat):
    def run():
        beat(False)  # one that fails again and again is counted, which is enough: others measure
        return task(beat)

    return run


async def run_all(counters: Counters, tasks: Iterable[WatchedTask], watch: Watch) -> None:
    """Keep all of these running, and the watch over them: (name, s within which it beats, function
    of its beat that gives the coroutine)."""
    kept = [keep(counters, "watch", watch.run)]
    for name, limit_s, task in tasks:
        kept.append(keep(counters, name, _watched(task, watch.beat_of(name, limit_s))))
    await asyncio.gather(*kept)
