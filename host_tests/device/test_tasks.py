"""A task that fails is started again: at once, or after a pause when it fails at once. One that
stands still costs the watchdog its food."""

import asyncio
import sys
import time
import unittest

import micropython

from system import tasks
from system.counters import Counters
from system.watchdog import Watch

LASTED_MS = (5000, 0, 999, 1000, 1)  # until each failure


class World:
    """Time and asyncio as system/tasks.py sees them, without waiting."""

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
            tasks.time, tasks.asyncio, tasks.sys = time, asyncio, sys
        self.assertEqual(counters.counts, {"task.measure": 5})
        self.assertEqual(world.pauses, [(2, 1), (3, 1), (5, 1)])


class FullLog:
    """A log for which there is no memory left."""

    def error(self, text):
        raise MemoryError

    note = error


class NoMemory(unittest.TestCase):
    def test_a_task_that_fails_for_lack_of_memory_is_started_again(self):
        world, counters = World(), Counters(FullLog())
        tasks.time = tasks.asyncio = tasks.sys = world
        try:
            with self.assertRaises(asyncio.CancelledError):
                asyncio.run(tasks.keep(counters, "measure", world.task))
        finally:
            tasks.time, tasks.asyncio, tasks.sys = time, asyncio, sys
        self.assertEqual(counters.counts, {"task.measure": 5})


class Ends:
    """Instead of ends.Ends: what it is given."""

    def __init__(self):
        self.reported = []
        self.note = self.reported.append

    def forgive(self):
        self.reported.append("forgiven")

    def mark(self, lines):
        self.marked = lines

    def steady(self):
        self.reported.append("steady")


class Looks(unittest.TestCase):
    def setUp(self):
        self.counters, self.ends, self.fed = Counters(), Ends(), 0
        self.watch = Watch(self.counters, self.feed, self.ends)

    def feed(self):
        self.fed += 1

    def look(self, times, *beats):
        """How often the watchdog was fed in so many seconds, in each of which these beat."""
        before = self.fed
        for _ in range(times):
            for beat in beats:
                beat()
            self.watch.look()
        return self.fed - before

    def test_one_that_stands_still_is_named_and_the_watchdog_starves(self):
        measure = self.watch.beat_of("measure", 3)
        uplink = self.watch.beat_of("uplink", 5)
        uplink()
        self.assertEqual(self.look(20, measure), 5)
        self.assertEqual(self.counters.counts, {"watch.uplink": 1})
        self.assertEqual(self.ends.reported, ["watchdog: task uplink stands still"])
        # It moves again before the watchdog bites, and is watched as before.
        uplink()
        self.assertEqual(self.look(20, measure), 5)
        self.assertEqual(self.ends.reported[1], "forgiven")
        self.assertEqual(self.counters.counts, {"watch.uplink": 2})

    def test_all_that_move_within_their_limits(self):
        slow, quick = self.watch.beat_of("slow", 10), self.watch.beat_of("quick", 1)
        for _ in range(10):
            slow()
            self.assertEqual(self.look(10, quick), 10)
        self.assertEqual((self.counters.counts, self.ends.reported), ({}, []))

    def test_who_has_not_begun_to_move_is_not_judged(self):
        """The B-bus waits for an order while nothing is on it."""
        beat = self.watch.beat_of("bus_b", 2)
        self.assertEqual(self.look(100), 100)
        beat()
        self.assertEqual(self.look(100), 2)
        beat(False)
        self.assertEqual(self.look(100), 100)

    def test_nothing_is_allocated(self):
        beats = [self.watch.beat_of(name, 9) for name in ("a", "b")]
        for beat in beats:
            beat()
        look = self.watch.look
        micropython.heap_lock()
        try:
            for _ in range(5):
                beats[0]()
                beats[1](False)
                beats[1]()
                look()
        finally:
            micropython.heap_unlock()

    def test_a_task_that_hangs_among_tasks_that_fail(self):
        """The whole of it, without waiting: what fails again and again is counted as failing, and
        only what hangs starves the watchdog."""
        turn = asyncio.sleep_ms

        class Now:
            """asyncio whose seconds take no time."""

            def __getattr__(self, name):
                return getattr(asyncio, name)

            async def sleep(self, _seconds):
                await turn(0)

        async def measure(beat):
            while True:
                beat()
                await turn(0)

        async def fails(beat):
            beat()
            await turn(0)
            raise ValueError

        async def hangs(beat):
            beat()
            await asyncio.Event().wait()

        async def ends():
            all = [("measure", 5, measure), ("time", 5, fails), ("uplink", 5, hangs)]
            running = asyncio.create_task(tasks.run_all(self.counters, all, self.watch))
            while not self.counters.counts.get("watch.uplink"):
                await turn(0)
            fed = self.fed
            for _ in range(200):
                await turn(0)
            running.cancel()
            self.assertEqual(self.fed, fed)

        from system import watchdog

        watchdog.asyncio = tasks.asyncio = Now()
        tasks.sys = World()
        try:
            asyncio.run(ends())
        finally:
            watchdog.asyncio = tasks.asyncio = asyncio
            tasks.sys = sys
        counts = self.counters.counts
        self.assertTrue(counts.pop("task.time") > 3)
        self.assertEqual(counts, {"watch.uplink": 1})


if __name__ == "__main__":
    unittest.main()
