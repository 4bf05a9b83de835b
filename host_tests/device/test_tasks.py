"""A task that fails is started again: at once, or after a pause when it fails at once."""

import asyncio
import sys
import unittest

import tasks
from counters import Counters

LASTED_MS = (5000, 0, 999, 1000, 1)  # until each failure


class World:
    """Time and asyncio as tasks.py sees them, without waiting."""

    def __init__(self):
        self.now = 0x3FFFF000  # where ticks begin anew soon
        self.starts = []
        self.pauses = []
        self.print_exception = lambda _: None

    def ticks_ms(self):
        return self.now & 0x3FFFFFFF

    def ticks_diff(self, a, b):
        return ((a - b + 0x20000000) & 0x3FFFFFFF) - 0x20000000

    async def sleep(self, seconds):
        self.pauses.append((len(self.starts), seconds))
        self.now += 1000 * seconds

    async def task(self):
        if len(self.starts) == len(LASTED_MS):
            raise asyncio.CancelledError
        self.starts.append(self.now)
        self.now += LASTED_MS[len(self.starts) - 1]
        raise ValueError


class Keep(unittest.TestCase):
    def test_pauses(self):
        world, counters = World(), Counters()
        tasks.time = tasks.asyncio = tasks.sys = world
        try:
            with self.assertRaises(asyncio.CancelledError):
                asyncio.run(tasks.keep(counters, "measure", world.task))
        finally:
            tasks.sys = sys
        self.assertEqual(counters.counts, {"task.measure": 5})
        self.assertEqual(world.pauses, [(2, 1), (3, 1), (5, 1)])


if __name__ == "__main__":
    unittest.main()
