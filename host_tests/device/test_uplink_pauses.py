"""The pauses between two tries to reach the broker, without waiting for them."""

import asyncio
import unittest

from system.counters import Counters
from cloud import uplink
from cloud.backoff import Backoff
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


def pauses(error, serial="5010000001"):
    """(ms between tries that all end in this error, the errors that are counted)."""

    async def fails(*_):
        raise error

    counters, now = Counters(), Now()
    unused = Commands(counters, "gateway/set")
    settings = {"host": "broker.example", "port": 1883}
    made = uplink.Uplink(
        serial,
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
        """At most so many s; by chance less."""
        for ms, longest in zip(slept, most):
            self.assertTrue(0 <= ms <= 1000 * longest, (ms, longest))
        self.assertTrue(sum(slept) > 500 * sum(most) // 4, slept)

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
        """When their broker is back: serial numbers that follow each other spread as chance does
        (chi-square with 15 degrees of freedom: 37.7 is passed once in a thousand)."""
        for tries in (1, 5):
            counts = [0] * 16
            for k in range(800):
                backoff = Backoff("50100%05d" % k)
                for _ in range(tries):
                    ms = backoff.pause_ms(240)
                counts[16 * ms // (1000 << tries - 1)] += 1
            self.assertTrue(sum((n - 50) ** 2 for n in counts) / 50 < 37.7, counts)

    def test_the_brokers_side_says_when_to_come_back(self):
        """Once, not earlier, and not all at once; then as before."""
        seen = []
        for k in range(20):
            backoff = Backoff("50100%05d" % k)
            backoff.retry(600)
            seen.append(backoff.pause_ms(20))
            self.assertTrue(backoff.pause_ms(20) <= 1000)
        self.assertTrue(min(seen) >= 600000 and max(seen) <= 1200000, seen)
        self.assertTrue(max(seen) - min(seen) > 300000, seen)
        backoff.retry(600)
        backoff.retry(0)
        self.assertTrue(backoff.pause_ms(20) <= 2000)

    def test_each_gateway_has_its_own_sequence(self):
        first = pauses(OSError(113), "5010000001")[0]
        second = pauses(OSError(113), "5010000002")[0]
        self.assertTrue(sum(a != b for a, b in zip(first, second)) >= 8, (first, second))
        self.assertEqual(first, pauses(OSError(113), "5010000001")[0])


if __name__ == "__main__":
    unittest.main()
