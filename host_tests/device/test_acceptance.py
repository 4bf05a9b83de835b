"""What the broker takes, by what it closes the connection at; what it gives, by its answers."""

import asyncio
import unittest

from cloud.acceptance import CLOSED, SILENT, Acceptance
from cloud.subscriptions import Subscriptions

RIGHT_SIZES = (("p/u/presence", 20), ("p/u/config", 300), ("p/u/channels", 13000), ("p/u/s", 7000))


class Broker:
    """Takes messages of less than `limit` bytes, at topics that are not in `forbidden`."""

    def __init__(self, limit=1 << 20, forbidden=()):
        self.limit = limit
        self.forbidden = forbidden
        self.acceptance = Acceptance(None, None)
        self.sent = []

    def connection(self, messages=RIGHT_SIZES, steady=True):
        """Whether it lasts, with all of these messages. steady: else it ends soon after them."""
        self.sent = []
        for topic, size in messages:
            if self.acceptance.leaves_out(topic, size):
                continue
            on_trial = self.acceptance.begin(topic, size)
            if size >= self.limit or topic in self.forbidden:
                return self.acceptance.ended(CLOSED, False)
            self.sent.append(topic)
            if on_trial:
                self.acceptance.passed()
        return None if steady else self.acceptance.ended(CLOSED, False)

    def settled(self):
        """Connections until one lasts."""
        for count in range(1, 40):
            if self.connection() is None:
                return count


class Learned(unittest.TestCase):
    def test_all_is_taken(self):
        broker = Broker()
        self.assertEqual(broker.settled(), 1)
        self.assertEqual((broker.acceptance.left_out, broker.acceptance.texts()), ({}, []))

    def test_too_long(self):
        broker = Broker(limit=10000)
        self.assertEqual(broker.settled(), 4)
        self.assertEqual(broker.acceptance.left_out, {"p/u/channels": 13000})
        self.assertEqual(broker.sent, ["p/u/presence", "p/u/config", "p/u/s"])
        self.assertTrue("channels (13000 bytes): left out; raise" in broker.acceptance.texts()[0])

    def test_two_say_that_it_is_the_length(self):
        more = RIGHT_SIZES + (("p/u/long", 9000), ("p/u/longer", 20000), ("p/u/fits", 1200))
        broker = Broker(limit=5000)
        for _ in range(7):
            broker.connection(more)
        self.assertEqual(
            sorted(broker.acceptance.left_out), ["p/u/channels", "p/u/long", "p/u/longer", "p/u/s"]
        )
        self.assertTrue("p/u/fits" in broker.sent)

    def test_not_allowed(self):
        broker = Broker(forbidden=("p/u/presence",))
        self.assertEqual(broker.settled(), 4)
        self.assertEqual(broker.sent, ["p/u/config", "p/u/channels", "p/u/s"])
        self.assertTrue("presence (20 bytes): left out; do the" in broker.acceptance.texts()[0])

    def test_another_client_of_our_name(self):
        """It ends connections after whatever message: nothing is left out."""
        broker = Broker()
        for k in range(40):
            broker.connection(RIGHT_SIZES[: k % 5], False)
        self.assertEqual(broker.acceptance.left_out, {})

    def test_another_client_that_is_back_at_the_same_pace(self):
        """It ends connections at the same long message each time, and without it too."""
        broker = Broker(limit=10000)
        self.assertEqual(broker.settled(), 4)
        self.assertEqual(list(broker.acceptance.left_out), ["p/u/channels"])
        broker.connection(steady=False)
        self.assertEqual((broker.acceptance.left_out, broker.acceptance.texts()), ({}, []))

    def test_a_network_that_loses_what_is_long(self):
        """No answer comes, and nobody closes: as with a wrong MTU."""
        acceptance = Acceptance(None, None)
        for size in (20, 300):
            acceptance.begin("p/u/%d" % size, size)
            acceptance.passed()
        for strike in range(1, 4):
            acceptance.begin("p/u/channels", 13000)
            self.assertEqual(acceptance.ended(SILENT, False), strike == 3)
        self.assertEqual(acceptance.left_out, {"p/u/channels": 13000})
        for _ in range(5):
            acceptance.begin("p/u/s", 7000)
            self.assertFalse(acceptance.ended(None, False))  # the network went away
        deaf = Acceptance(None, None)
        for _ in range(5):
            deaf.begin("p/u/presence", 20)
            self.assertFalse(deaf.ended(SILENT, False))

    def test_a_shorter_one_is_tried(self):
        broker = Broker(limit=10000)
        broker.settled()
        self.assertIsNone(broker.connection((("p/u/channels", 9000),)))
        self.assertEqual(broker.sent, ["p/u/channels"])

    def test_tried_again_after_a_connection_that_lasted(self):
        """The broker may have been set up anew; one that was not costs one more try."""
        broker = Broker(limit=5000)
        broker.settled()
        self.assertEqual(len(broker.acceptance.left_out), 2)
        self.assertFalse(broker.acceptance.ended(CLOSED, True))
        self.assertTrue(broker.connection())
        self.assertEqual(broker.settled(), 1)
        self.assertEqual(len(broker.acceptance.left_out), 2)
        broker.limit = 20000
        broker.acceptance.ended(CLOSED, True)
        broker.settled()
        self.assertEqual(broker.acceptance.left_out, {})


class Line:
    """A client and its pings in the place of a broker that drops what `drops` says, refuses to
    give what `hides` says, and gives what it gives early or late."""

    def __init__(self, drops=(), hides=(), late=False, closes=False):
        self.drops = drops
        self.hides = hides
        self.late = late
        self.closes = closes  # at a subscription
        self.subscribed = []
        self.open = None
        self.acceptance = Acceptance(self, self)

    def subscribe(self, topic):
        self.subscribed.append(topic)
        self.open = topic
        return len(self.subscribed)

    def unsubscribe(self, topic):
        self.open = None

    async def publish(self, topic, body, retained, number, is_copy):
        if self.open and self.closes:
            raise OSError(104)
        if self.open in self.hides:
            self.acceptance.answered(bytes([0, len(self.subscribed), 0x80]))
        self.passes = topic not in self.drops and topic not in self.hides
        if self.open and self.passes and not self.late:
            assert self.acceptance.came_back(topic.encode())

    async def behind(self):
        pass

    def send(self, *topics):
        for topic in topics:
            opened = asyncio.run(self.acceptance.publish(topic, "x" * 100, False))
            assert opened
            if self.late and self.passes:
                self.acceptance.came_back(topic.encode())


class Dropped(unittest.TestCase):
    TOPICS = ("p/u/presence", "p/u/config", "p/u/totals")

    def test_all_come_back(self):
        for late in (False, True):
            line = Line(late=late)
            line.send(*self.TOPICS)
            line.send(*self.TOPICS)
            self.assertEqual(line.acceptance.texts(), [])
            self.assertEqual(line.subscribed, list(self.TOPICS))

    def test_one_is_dropped_without_a_word(self):
        line = Line(drops=("p/u/totals",))
        line.send(*self.TOPICS)
        (text,) = line.acceptance.texts()
        self.assertTrue(text.startswith("the broker drops totals (100 bytes) without a word"))
        line.acceptance.ended(None, True)  # the broker is set up anew
        line.drops = ()
        line.send(*self.TOPICS)
        self.assertEqual(line.acceptance.texts(), [])

    def test_who_may_not_read_misses_nothing(self):
        line = Line(drops=self.TOPICS)
        line.send(*self.TOPICS)
        self.assertEqual(line.acceptance.texts(), [])
        line = Line(hides=("p/u/totals",))
        line.send(*self.TOPICS)
        self.assertEqual(line.acceptance.texts(), [])

    def test_what_waits_behind_a_message_on_trial(self):
        """It comes when the connection has ended already, and is not to blame."""
        line = Line(closes=True)
        line.acceptance._may_listen = False
        for strike in range(1, 4):
            line.open = "p/u/totals"
            for topic in self.TOPICS[:2]:
                with self.assertRaises(OSError):
                    line.send(topic)
            self.assertEqual(line.acceptance.ended(CLOSED, False), strike == 3)
        self.assertEqual(line.acceptance.left_out, {self.TOPICS[0]: 100})

    def test_a_broker_that_closes_at_a_subscription(self):
        """Its topic is tried alone, and then none is subscribed any more."""
        line = Line(closes=True)
        with self.assertRaises(OSError):
            line.send(self.TOPICS[0])
        line.open = None
        self.assertFalse(line.acceptance.ended(CLOSED, False))
        line.send(*self.TOPICS)
        self.assertEqual(line.subscribed, [self.TOPICS[0]])
        self.assertEqual(line.acceptance.texts(), [])


class Asked(unittest.TestCase):
    def setUp(self):
        self.wanted = ["p/u/set"]
        self.asked = []
        self.room = 10
        self.freed = []
        self.subscriptions = Subscriptions(self.wanted, "5010000001", self.freed.append)

    def subscribe(self, topic):
        if len(self.asked) == self.room:
            return 0
        self.asked.append(topic)
        return len(self.asked)

    def test_whenever_they_are_declared(self):
        self.subscriptions.ask(self.subscribe)
        self.wanted += ["p/u/plug/1", "p/u/plug/2"]
        self.room = 2
        self.subscriptions.ask(self.subscribe)
        self.assertEqual(self.asked, self.wanted[:2])
        self.room = 10
        self.subscriptions.ask(self.subscribe)
        self.subscriptions.ask(self.subscribe)
        self.assertEqual(self.asked, self.wanted)
        self.subscriptions.begin()
        self.subscriptions.ask(self.subscribe)
        self.assertEqual(self.asked, self.wanted * 2)

    def test_refused(self):
        self.wanted.append("p/u/plug/1/setstate")
        self.subscriptions.ask(self.subscribe)
        self.assertFalse(self.subscriptions.answered(b"\0\1\0"))
        self.assertTrue(self.subscriptions.answered(b"\0\2\x80"))
        self.assertFalse(self.subscriptions.answered(b"\0\2\x80"))
        self.assertFalse(self.subscriptions.answered(b"\0\0\x80"))
        self.assertTrue("plug/1/setstate" in self.subscriptions.texts()[0])
        self.subscriptions.begin()
        self.assertEqual(self.subscriptions.texts(), [])

    def test_never_answered(self):
        self.subscriptions.ask(self.subscribe)
        self.assertEqual([self.subscriptions.second() for _ in range(12)].count(True), 1)
        self.assertEqual(self.subscriptions.refused, self.wanted)

    def pause(self):
        """How many seconds go by until something is asked; None: more than 300."""
        before = len(self.asked)
        for second in range(1, 301):
            self.subscriptions.second()
            self.subscriptions.ask(self.subscribe)
            if len(self.asked) > before:
                return second

    def test_refused_ones_are_asked_for_again(self):
        """Together, and others are not; more and more seldom; until they are given."""
        self.room = 100
        self.wanted += ["p/u/plug/1", "p/u/plug/2"]
        self.subscriptions.ask(self.subscribe)
        for answer in (b"\0\1\0", b"\0\2\x80", b"\0\3\x80"):
            self.subscriptions.answered(answer)
        pauses = []
        for number in range(4, 24, 2):
            pauses.append(self.pause())
            self.assertEqual(self.asked[number - 1 :], self.wanted[1:])
            self.assertEqual(self.subscriptions.refused, self.wanted[1:])
            for one in (number, number + 1):
                self.assertTrue(self.subscriptions.answered(bytes([0, one, 0x80])))
        self.assertTrue(10 <= pauses[0] <= 11)
        self.assertTrue(60 < max(pauses) <= 250)
        self.pause()
        self.assertFalse(self.subscriptions.answered(b"\0\x18\0"))
        self.assertEqual(self.subscriptions.refused, self.wanted[2:])
        self.assertFalse(self.subscriptions.answered(b"\0\x19\0"))
        self.assertEqual((self.subscriptions.texts(), self.pause()), ([], None))
        self.assertEqual(self.freed, [])

    def test_a_late_answer_is_one(self):
        self.subscriptions.ask(self.subscribe)
        for _ in range(11):
            self.subscriptions.second()
        self.assertFalse(self.subscriptions.answered(b"\0\1\0"))
        self.assertEqual((self.subscriptions.refused, self.pause()), ([], None))

    def test_unanswered_ones_are_asked_for_again(self):
        """Then only the later packet is open."""
        self.subscriptions.ask(self.subscribe)
        self.assertTrue(20 <= self.pause() <= 22)
        self.assertEqual(self.freed, [1])
        self.assertFalse(self.subscriptions.answered(b"\0\1\0"))
        self.assertEqual(self.subscriptions.refused, self.wanted)
        self.assertFalse(self.subscriptions.answered(b"\0\2\0"))
        self.assertEqual((self.subscriptions.refused, self.pause()), ([], None))


if __name__ == "__main__":
    unittest.main()
