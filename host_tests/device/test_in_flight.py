"""Messages of QoS 1 on their way: numbers, acknowledgements, what is sent again and when. MQTT
3.1.1 sections 2.3.1, 3.3.1.1 and 4.4 say what is right."""

import asyncio
import unittest

from cloud.in_flight import InFlight


class Message:
    retained = False

    def __init__(self, name):
        self.topic = name
        self.ends = []

    def view(self):
        return memoryview(self.topic.encode())

    def done(self, acknowledged):
        self.ends.append(acknowledged)


def ack(number):
    return bytes([number >> 8, number & 255])


class Case(unittest.TestCase):
    def setUp(self):
        self.sent = []  # (topic, number, whether it is a copy)
        self.left_out = ()
        self.breaks_at = None
        self.flight = InFlight(4)

    async def publish(self, topic, body, retained, number, is_copy):
        if topic == self.breaks_at:
            raise OSError(104)
        if topic in self.left_out:
            return False
        self.sent.append((topic, number, is_copy))
        return True

    def send(self):
        """What is sent of what is due."""
        self.sent = []
        asyncio.run(self.flight.send(self.publish))
        return self.sent

    def give(self, *names):
        messages = [Message(name) for name in names]
        for message in messages:
            self.flight.add(message)
        return messages

    def seconds(self, count):
        return [self.flight.second() for _ in range(count)]


class Acknowledged(Case):
    def test_kept_until_they_are(self):
        a, b = self.give("a", "b")
        self.assertEqual(self.send(), [("a", 1, False), ("b", 2, False)])
        self.assertEqual((self.flight.room(), a.ends), (2, []))
        self.flight.acknowledged(ack(2))  # in whatever order
        self.assertEqual((self.flight.room(), a.ends, b.ends), (3, [], [True]))
        self.flight.acknowledged(ack(1))
        self.flight.acknowledged(ack(1))
        self.assertEqual((self.flight.room(), a.ends), (4, [True]))
        self.assertFalse(self.flight.is_awaited())
        self.assertEqual(self.send(), [])

    def test_what_is_no_acknowledgement(self):
        (a,) = self.give("a")
        self.flight.acknowledged(ack(1))  # it was not sent yet
        self.send()
        for packet in (b"", b"\0", ack(0), ack(2), ack(257), b"\0\1\0"):
            self.flight.acknowledged(packet)
        self.assertEqual(a.ends, [])
        self.flight.begin()
        self.flight.acknowledged(ack(1))  # it was not sent on this connection
        self.assertEqual(a.ends, [])

    def test_a_topic_that_is_left_out(self):
        a, b = self.give("a", "b")
        self.left_out = ("a",)
        self.assertEqual(self.send(), [("b", 2, False)])
        self.assertEqual((a.ends, b.ends, self.flight.room()), ([False], [], 3))


class Again(Case):
    def test_on_the_next_connection_in_their_order(self):
        self.give("a", "b", "c")
        self.send()
        self.flight.acknowledged(ack(2))
        self.give("d")
        self.flight.begin()
        self.assertEqual(self.send(), [("a", 1, True), ("c", 3, True), ("d", 4, False)])
        self.assertEqual(self.flight.resent, 2)

    def test_one_that_breaks_the_connection(self):
        """Part of it may have gone."""
        self.give("a", "b")
        self.breaks_at = "a"
        with self.assertRaises(OSError):
            self.send()
        self.breaks_at = None
        self.flight.begin()
        self.assertEqual(self.send(), [("a", 1, True), ("b", 2, False)])

    def test_without_an_answer(self):
        """After 20 s, on the same connection; three times in vain is enough."""
        a, b = self.give("a", "b")
        self.send()
        self.flight.acknowledged(ack(2))
        for _ in range(2):
            self.assertEqual((self.seconds(19), self.send()), ([False] * 19, []))
            self.assertEqual(self.seconds(1), [False])
            self.assertEqual(self.send(), [("a", 1, True)])
        self.assertEqual(self.seconds(20), [False] * 19 + [True])
        self.flight.begin()
        self.send()
        self.assertEqual(self.seconds(20), [False] * 20)
        self.flight.acknowledged(ack(1))  # too late, but no less true
        self.assertEqual((a.ends, b.ends, self.send()), ([True], [True], []))


class Numbers(Case):
    def test_they_wrap_and_are_never_zero(self):
        numbers = []
        for _ in range(65536):
            number = self.flight.number()
            self.flight.answered(ack(number))
            numbers.append(number)
        self.assertEqual((numbers[:2], numbers[-2:]), ([1, 2], [65535, 1]))
        self.assertEqual((min(numbers), max(numbers)), (1, 65535))

    def test_none_is_given_twice(self):
        """Not one that a message has, nor one of a request that was not answered."""
        self.give("a")
        self.assertEqual(self.flight.number(), 2)
        for _ in range(65533):
            self.flight.answered(ack(self.flight.number()))
        self.assertEqual(self.flight.number(), 3)
        self.flight.begin()  # the request 2 is nobody's any more, the message stays
        for _ in range(4, 65536):
            self.flight.answered(ack(self.flight.number()))
        self.assertEqual(self.flight.number(), 2)

    def test_a_request_ends_no_message(self):
        (a,) = self.give("a")
        self.send()
        self.flight.answered(ack(1))
        self.assertEqual(a.ends, [])
        self.flight.acknowledged(ack(self.flight.number()))
        self.assertEqual(self.flight.number(), 3)


if __name__ == "__main__":
    unittest.main()
