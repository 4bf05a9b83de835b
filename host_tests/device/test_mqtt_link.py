"""The link to the broker, and a broker that sends without end."""

import asyncio
import unittest

from cloud import mqtt_link

READS = 50


class Endless:
    """A socket that has always something to be read."""

    def read(self, most):
        return bytes(most)

    def close(self):
        pass


class Stream:
    def __init__(self):
        self.s = Endless()


class Now:
    """asyncio that connects to it."""

    def __getattr__(self, name):
        return getattr(asyncio, name)

    async def open_connection(self, _host, _port):
        stream = Stream()
        return stream, stream


class Reading(unittest.TestCase):
    def test_a_broker_that_sends_without_end_stops_nobody(self):
        """Each time that something is read others have their turn: the buses, and the watch."""

        async def turns():
            count = [0]

            async def other():
                while True:
                    count[0] += 1
                    await asyncio.sleep_ms(0)

            link = mqtt_link.Link(lambda: False)
            await link.open("127.0.0.1", 1883)
            beside = asyncio.create_task(other())
            for _ in range(READS):
                self.assertEqual(len(await link.read(32)), 32)
            beside.cancel()
            link.close()
            return count[0]

        kept, mqtt_link.asyncio = mqtt_link.asyncio, Now()
        try:
            self.assertTrue(asyncio.run(turns()) >= READS - 1)
        finally:
            mqtt_link.asyncio = kept
            asyncio.new_event_loop()


if __name__ == "__main__":
    unittest.main()
