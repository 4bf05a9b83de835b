"""What goes out when: `realtime` through an outage, what is overtaken, what goes on a change."""

import asyncio
import gc
import json
import sys
import unittest

gc.threshold(16384)  # as the gateway does
sys.path.append(__file__.rsplit("/", 3)[0] + "/tools/gateway_host/device")

import messages  # noqa: E402

from system.counters import Counters  # noqa: E402
from energy.intervals import Interval, Spread  # noqa: E402
from cloud.publisher import Publisher  # noqa: E402
from cloud.rates import Rates  # noqa: E402
from cloud.waiting import MAX_WAITING  # noqa: E402

HOUR_MS = 3600000


class Uplink(messages.Uplink):
    """Remembers (topic, time or size); `fails`: how many sends break the connection; `stuck`: an
    Event that a send waits for."""

    def __init__(self):
        self.connected = True
        self.sent = []
        self.fails = 0
        self.stuck = None

    async def send(self, topic, body, retained=False):
        if self.stuck:
            await self.stuck.wait()
        if self.fails:
            self.fails -= 1
            self.connected = False
            return False
        start = b""  # the whole of it as objects takes too much heap
        for chunk in filter(None, body.chunks(b"", memoryview(bytearray(1024)))):
            start = start or bytes(chunk[:40])
        time = start.split(b":")[1].split(b",")[0]
        self.sent.append((topic[2:], {"utcTimeStamp": int(time)}))
        return True

    async def publish(self, topic, pieces, retained=False):
        self.sent.append(
            (topic[2:], json.loads("".join(pieces() if callable(pieces) else pieces)))
        )

    def describe(self):
        return {"dropped": 0}

    def take(self, *topics):
        """The topics that were sent; of the named ones the times."""
        sent, self.sent = self.sent, []
        if not topics:
            return [topic for topic, _ in sent]
        return [value["utcTimeStamp"] for topic, value in sent if topic in topics]


class Case(unittest.TestCase):
    LINK = "ethernet"
    REQUESTS = {}

    def setUp(self):
        self.publisher = self.path = self.place = None  # of the test before
        gc.collect()
        self.now_ms = 5000
        self.link = self.LINK
        self.uplink = Uplink()
        self.counters = Counters()
        self.rates = Rates(self.REQUESTS, lambda: self.link, lambda: self.now_ms)
        self.place = messages.site(28)
        self.path = messages.measured(self.place)
        self.publisher = Publisher(
            "u/",
            self.place,
            self.path,
            self.uplink,
            self.counters,
            self.rates,
            lambda: self.now_ms,
            None,
        )

    def write(self, seconds=1):
        """Reports, one a second; their times are the uptime."""
        for _ in range(seconds):
            self.now_ms += 1000
            for _ in self.publisher.write(self.now_ms):
                pass

    def send(self):
        asyncio.run(self.publisher.send_texts())


class Texts(Case):
    def test_realtime_goes_first(self):
        self.write()
        self.send()
        self.assertEqual(self.uplink.take(), ["realtime", "site", "quality", "totals"])
        self.assertEqual(self.counters.counts, {})

    def test_all_realtime_of_an_outage_is_sent_in_order(self):
        self.uplink.connected = False
        self.write(MAX_WAITING)
        self.send()
        self.assertEqual(self.uplink.take(), [])
        self.uplink.connected = True
        self.send()
        due = [6000 + 1000 * k for k in range(MAX_WAITING)]
        self.assertEqual(self.uplink.take("realtime"), due)
        self.assertEqual(self.publisher.describe()["dropped"], 0)

    def test_of_a_long_outage_the_last(self):
        self.uplink.connected = False
        self.write(MAX_WAITING + 5)
        self.uplink.connected = True
        self.send()
        due = [11000 + 1000 * k for k in range(MAX_WAITING)]
        self.assertEqual(self.uplink.take("realtime"), due)
        self.assertEqual(self.publisher.describe()["dropped"], 5)
        self.write()
        self.send()
        self.assertEqual(self.uplink.take()[0], "realtime")

    def test_a_text_that_is_being_sent_stays_as_it_is(self):
        uplink = self.uplink

        async def run():
            uplink.stuck = asyncio.Event()
            self.write()
            task = asyncio.create_task(self.publisher.send_texts())
            await asyncio.sleep_ms(0)
            self.write(MAX_WAITING + 2)
            uplink.stuck.set()
            await task

        asyncio.run(run())
        due = [6000] + [9000 + 1000 * k for k in range(MAX_WAITING)][1:]
        self.assertEqual(uplink.take("realtime"), due)
        self.assertEqual(self.publisher.describe()["dropped"], 3)

    def test_what_a_lost_connection_took_is_sent_again(self):
        self.uplink.fails = 1
        self.write(2)
        self.send()
        self.assertEqual(self.uplink.take(), [])
        self.uplink.connected = True
        self.send()
        self.assertEqual(self.uplink.take(), ["realtime", "realtime"])

    def test_one_that_is_still_on_its_way_is_left_out(self):
        self.write()  # all four wait
        self.write(2)
        self.assertEqual(self.counters.counts, {"uplink.overtaken": 6})
        self.send()
        self.assertEqual(self.uplink.take("realtime"), [6000, 7000, 8000])
        self.write()
        self.send()
        self.assertEqual(len(self.uplink.take()), 4)

    def test_another_site_with_more_points(self):
        """What waits is sent as it is, and its rooms are used no more."""
        self.uplink.connected = False
        small = messages.site(9)
        self.publisher.change(small)
        self.write(3)
        self.publisher.change(self.place)
        self.write(MAX_WAITING - 1)
        self.uplink.connected = True
        self.send()
        self.write(2)
        self.send()
        due = [8000 + 1000 * k for k in range(MAX_WAITING + 2)]
        self.assertEqual(self.uplink.take("realtime"), due)
        self.assertEqual(self.counters.counts, {"uplink.overtaken": 3})

    def test_nothing_before_there_was_a_link(self):
        self.link = None
        self.uplink.connected = False
        self.write(3)
        self.link = "wifi"
        self.write(1)
        self.link = None
        self.write(1)
        self.uplink.connected = True
        self.send()
        self.assertEqual(self.uplink.take("realtime"), [9000, 10000])


class Intervals(Case):
    LINK = None

    def test_those_before_there_was_a_link_are_kept(self):
        intervals = self.path.aggregates.intervals
        energy = self.path.energy
        missed = [0] * len(energy.missing)
        intervals.completed = [
            Interval(0, length, length * 3200, energy.main.joules, missed, 0, Spread(28))
            for length in (300, 900)
        ]
        self.uplink.connected = False
        asyncio.run(self.publisher._send_intervals())
        self.assertEqual(len(intervals.completed), 2)
        self.link, self.uplink.connected = "ethernet", True
        asyncio.run(self.publisher._send_intervals())
        self.assertEqual((self.uplink.take(), intervals.completed), (["aggregated"], []))

    def test_none_are_wanted(self):
        """Then none waits, and none is counted as dropped."""
        self.link, self.uplink.connected = "ethernet", False
        self.rates._requested = {"aggregated": 0}
        intervals = self.path.aggregates.intervals
        intervals.completed = [Interval(0, 300, 960000, [], [], 0, Spread(0))]
        asyncio.run(self.publisher._send_intervals())
        self.assertEqual((intervals.completed, intervals.dropped), ([], 0))


class Requests(Case):
    REQUESTS = {"realtime": 3, "site": 0, "quality": 5, "totals": 1}

    def test_each_at_its_rate(self):
        counts = {}
        for _ in range(30):
            self.write()
            self.send()
            for topic in self.uplink.take():
                counts[topic] = counts.get(topic, 0) + 1
        self.assertEqual(counts, {"realtime": 10, "quality": 6, "totals": 30})

    def test_live_and_its_end(self):
        self.rates.live(5)
        for _ in range(4):
            self.write()
            self.send()
            self.assertEqual(len(self.uplink.take()), 4)
        self.now_ms += 1000
        self.write()
        self.send()
        self.assertFalse("site" in self.uplink.take())


class States(Case):
    def setUp(self):
        super().setUp()
        self.seen = 0

        def pieces():
            yield '{"utcTimeStamp": '
            yield "%d}" % self.now_ms

        self.publisher.add_state("gateway", pieces, lambda: self.seen)

    def reported(self, seconds, step_ms=250):
        for _ in range(seconds * 1000 // step_ms):
            self.now_ms += step_ms
            asyncio.run(self.publisher._send_states())
        return self.uplink.take("gateway")

    def test_at_its_rate_and_on_a_change(self):
        first, second, third = self.reported(21)
        self.assertEqual(second - first, third - second)
        self.assertTrue(9000 <= second - first <= 10000)
        self.seen = 1
        self.assertEqual(len(self.reported(2)), 1)
        self.seen = 2
        self.assertEqual(len(self.reported(2)), 1)

    def test_a_flood_of_changes_is_one_a_second(self):
        count = 0
        self.reported(1)
        for _ in range(40):
            self.seen += 1
            self.now_ms += 250
            asyncio.run(self.publisher._send_states())
            count += len(self.uplink.take("gateway"))
        self.assertTrue(9 <= count <= 11)

    def test_once_a_second_for_who_watches(self):
        self.rates.live(10)
        self.assertTrue(10 <= len(self.reported(10)) <= 20)


class Lte(States):
    LINK = "lte"

    def test_at_its_rate_and_on_a_change(self):
        self.assertEqual(len(self.reported(3 * 3600, 60000)), 3)
        self.seen = 1
        self.assertEqual(len(self.reported(60)), 1)
        self.seen = 2
        self.assertEqual(self.reported(60), [])
        self.assertEqual(len(self.reported(900, 60000)), 1)

    def test_a_flood_of_changes_is_one_a_second(self):
        """Here it is four an hour."""
        count = 0
        for _ in range(240):
            self.seen += 1
            count += len(self.reported(60, 60000))
        self.assertTrue(15 <= count <= 17)

    def test_realtime_in_between(self):
        self.write(1)
        self.send()
        self.assertEqual(self.uplink.take(), ["realtime", "quality", "totals"])
        self.write(299)
        self.send()
        self.assertEqual(self.uplink.take(), [])
        self.write(2)
        self.send()
        self.assertEqual(self.uplink.take(), ["totals"])


if __name__ == "__main__":
    unittest.main()
