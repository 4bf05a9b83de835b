"""Messages on their way to the socket: in pieces, dropped where that is better."""

import asyncio
import unittest

from counters import Counters
from mqtt_wire import Body, taken
from uplink import Uplink


def unfinished(last):
    """The pieces of a message that stops in the middle."""
    yield "{"
    if isinstance(last, Exception):
        raise last
    yield last


class Dropping(unittest.TestCase):
    def setUp(self):
        self.counters = Counters()
        self.uplink = Uplink("5010", None, None, None, None, None, Orders(), self.counters)
        self.uplink.connected = True

    def check(self, last, name):
        asyncio.run(self.uplink.publish("topic", unfinished(last)))
        self.assertEqual(self.counters.counts, {name: 1})
        self.assertEqual(self.uplink.dropped, 1)
        self.assertTrue(self.uplink.connected)

    def test_a_newer_report_came(self):
        self.check(None, "uplink.overtaken")

    def test_memory_is_short(self):
        self.check(MemoryError(), "uplink.memory")

    def test_the_connection_goes_meanwhile(self):
        """What was put together is not held until there is another one."""
        uplink = self.uplink
        uplink._client = Client(uplink._wire)

        def pieces():
            yield "{}"
            uplink.connected = False

        asyncio.run(uplink.publish("topic", pieces()))
        self.assertEqual(uplink.dropped, 1)
        self.assertEqual((uplink._wire.body, len(uplink._wire.written)), (None, 0))


class Client:
    """As umqtt.simple writes to its socket."""

    def __init__(self, wire):
        self._wire = wire

    def publish(self, topic, body, retained):
        self._wire.write(topic)
        self._wire.write(body, len(body))


class Orders:
    take = skip = None


class Chunks(unittest.TestCase):
    SIZES = (0, 1, 15, 16, 17, 40, 3, 3, 10, 1)

    def test_all_of_it_in_order(self):
        pieces = [bytes([65 + k]) * size for k, size in enumerate(self.SIZES)]
        whole = b"".join(pieces)
        body = Body(len(whole), taken(pieces))
        self.assertEqual(len(body), len(whole))
        chunks = [bytes(chunk) for chunk in body.chunks(memoryview(bytearray(16)))]
        self.assertEqual(b"".join(chunks), whole)
        self.assertEqual(pieces, [])
        self.assertEqual(max(len(chunk) for chunk in chunks), 40)  # a piece goes whole
        self.assertEqual(len(chunks), 7)


if __name__ == "__main__":
    unittest.main()
