"""When garbage is collected on the measuring path: while the nodes answer, amid long work too, and
after a second in any case."""

import asyncio
import unittest

import measuring_loop


class Ended(Exception):
    """The test is over."""


class Collections:
    """In the place of gc: notes when it was asked for, and takes 30 ms."""

    def __init__(self, hardware):
        self.hardware = hardware
        self.at_us = []

    def collect(self):
        self.at_us.append(self.hardware.now_us)
        self.hardware.now_us += 30000


class Hardware:
    now_us = 0

    def ticks_us(self):
        return self.now_us

    async def sleep_us(self, us):
        self.now_us += us
        await asyncio.sleep_ms(0)


class Measuring:
    """Each step takes 5 ms and is followed by a wait of `wait_us`; a report ends at once. It ends
    after `steps`."""

    pending = True
    postponed = 0
    ended_ms = None

    def __init__(self, hardware, reports, steps, wait_us):
        self.hardware = hardware
        self.reports = reports
        self.left = steps
        self.wait_us = wait_us

    def restart(self):
        self.reports.set()

    def step(self):
        if not self.left:
            raise Ended
        self.left -= 1
        self.hardware.now_us += 5000
        return self.wait_us

    def work(self):
        self.pending = False
        return iter(())


def collected(steps, wait_us, slices=0):
    """us at which garbage was collected; slices: of 3 ms, in which what is wrong is looked for."""
    hardware = Hardware()
    gc, measuring_loop.gc = measuring_loop.gc, Collections(hardware)
    reports = asyncio.Event()
    measuring = Measuring(hardware, reports, steps, wait_us)

    def look():
        for _ in range(slices):
            hardware.now_us += 3000
            yield

    loop = measuring_loop.MeasuringLoop(
        hardware, measuring, reports, lambda ended_ms: iter(()), look, None
    )

    async def main():
        working = asyncio.create_task(loop.work(lambda: None))
        try:
            await loop.measure(lambda: None)
        except Ended:
            working.cancel()

    try:
        asyncio.run(main())
        return measuring_loop.gc.at_us
    finally:
        measuring_loop.gc = gc


class Garbage(unittest.TestCase):
    def test_while_the_nodes_answer(self):
        at_us = collected(20, 12000)
        self.assertEqual(len(at_us), 1)
        self.assertTrue(at_us[0] < 100000)

    def test_after_a_second_without_a_wait(self):
        at_us = collected(400, 0)
        self.assertEqual(len(at_us), 1)
        self.assertTrue(1000000 <= at_us[0] < 1050000, at_us)

    def test_waits_too_short_for_it(self):
        at_us = collected(400, 2000)
        self.assertTrue(at_us and 1000000 <= at_us[0] < 1050000, at_us)

    def test_amid_long_work(self):
        at_us = collected(300, 12000, 200)
        self.assertEqual(len(at_us), 4)  # behind 64, 128 and 192 of them, and at their end


if __name__ == "__main__":
    unittest.main()
