"""The pauses between two tries to reach the broker, without waiting for them."""

import asyncio
import unittest

from system.counters import Counters
from cloud import uplink
from cloud.commands import Commands

TRIES = 10


class Ended(Exception):
    pass


class Network:
    """One that is always there."""

    @staticmethod
    def online():
        return True

    @staticmethod
    def name_server():
        return "0.0.0.0"


class Now:
    """asyncio whose sleeps take no time, and are remembered in ms."""

    def __init__(self):
        self.slept = []

    def __getattr__(self, name):
        return getattr(asyncio, name)

    async def sleep(self, seconds):
        await self.sleep_ms(1000 * seconds)

    async def sleep_ms(self, ms):
        self.slept.append(ms)
        if len(self.slept) == TRIES:
            raise Ended


def pauses(error):
    """(ms between tries that all end in this error, the errors that are counted)."""

    async def fails(*_):
        raise error

    counters, now = Counters(), Now()
    unused = Commands(counters, "gateway/set")
    settings = {"host": "broker.example", "port": 1883}
    made = uplink.Uplink(
        "5010000001",
        settings,
        Network,
        lambda: 30,
        lambda: True,
        list,
        ("presence", ""),
        unused,
        counters,
    )
    kept = uplink.asyncio, uplink.resolve
    uplink.asyncio, uplink.resolve = now, fails
    try:
        asyncio.run(made.run())
    except Ended:
        pass
    finally:
        uplink.asyncio, uplink.resolve = kept
        asyncio.new_event_loop()
    return now.slept, counters.counts


class Pauses(unittest.TestCase):
    def assertWithin(self, slept, most):
        """At most so many s, and no less than half of them."""
        for ms, longest in zip(slept, most):
            self.assertTrue(500 * longest <= ms <= 1000 * longest, (ms, longest))

    def test_no_network(self):
        slept, counts = pauses(OSError(113))
        self.assertWithin(slept, (1, 2, 4, 8, 16, 20, 20, 20, 20, 20))
        self.assertEqual(counts, {"uplink.name": TRIES})

    def test_too_little_memory(self):
        """Each try costs a handshake, and heap: it is not made again at once."""
        slept, counts = pauses(MemoryError())
        self.assertWithin(slept, (1, 2, 4, 8, 16, 32, 64, 128, 240, 240))
        self.assertEqual(counts, {"uplink.memory": TRIES})

    def test_not_all_gateways_come_at_once(self):
        """When their broker is back: no two have the same pauses."""
        first, second = pauses(OSError(113))[0], pauses(OSError(113))[0]
        self.assertTrue(sum(a != b for a, b in zip(first, second)) >= 5, (first, second))


if __name__ == "__main__":
    unittest.main()
