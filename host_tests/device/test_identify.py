"""A flood of commands `identify` takes no more memory than a few."""

import asyncio
import unittest

from system.refused import Refused
from b_bus.runner import Runner
from b_bus.site import BusBSite
from bus_a import BusA

NODE = "5500000001"


class OnA(unittest.TestCase):
    def test_the_last_one_of_a_node_counts(self):
        bus = BusA(None, None, 3000000, [("5020000001", [0, 1, 2]), (NODE, [3])], 4, 1)
        for node in bus.nodes.all:
            bus.nodes.joined(node)
        for seconds in range(1000):
            bus.identify("5020000001", 1, seconds)
            bus.identify(NODE, 1, seconds)
        self.assertEqual([one[1:] for one in bus._requests], [(1, 1, 999), (2, 1, 999)])


class Device:
    KIND = "input"

    def __init__(self):
        self.seen = 0

    def answers_for(self, serial):
        return serial == "5700000011"

    async def identify(self, bus, serial, mask, seconds):
        self.seen += 1
        await asyncio.sleep_ms(1)


class Clock:
    has_b_modules = True

    def now_ms(self):
        return None


def few():
    """A runner with one device and nothing else."""
    runner = Runner(None, Clock(), BusBSite(), None, None, None, None, None)
    runner.members.add(Device())
    return runner


class OnB(unittest.TestCase):
    def test_so_many_at_once(self):
        asyncio.run(self.flood())

    async def flood(self):
        runner = few()
        for _ in range(8):
            self.assertTrue(runner.identify("5700000011", 1, 1))
        with self.assertRaises(Refused):
            runner.identify("5700000011", 1, 1)
        self.assertFalse(runner.identify("5700000099", 1, 1))
        while runner._selections:
            await asyncio.sleep_ms(1)
        self.assertEqual(runner.members.devices[0].seen, 8)
        self.assertTrue(runner.identify("5700000011", 1, 1))
        await asyncio.sleep_ms(10)


if __name__ == "__main__":
    unittest.main()
