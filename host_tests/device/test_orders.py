"""On the device: an order that is wrong in whatever way is refused and counted, and the next one
is taken. Payloads that are no JSON, or JSON that nobody expects (RFC 8259)."""

import json
import os
import unittest

from system.counters import Counters
from cloud.commands import Orders
from cloud.mqtt_in import Incoming

TOPIC = b"servicelocation/5/gateway/set"
WRONG = (
    b'{"seconds": 1e999}',
    b'{"seconds": -1e999}',
    b'{"seconds": "x"}',
    b'{"seconds": {}}',
    b'{"seconds": [[[[]]]]}',
    b'{"\\ud800": 1}',
    b'{"\xff": 1}',
    b"\xff\xfe",
    b"",
    b"null",
    b"nan",
    b"[" * 500,
    b'{"seconds": ' + b"[" * 240 + b"]" * 240 + b"}",
)


def message(topic, payload):
    """A PUBLISH at QoS 0 (MQTT 3.1.1 section 3.3)."""
    size = 2 + len(topic) + len(payload)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    return b"\x30" + length + bytes([len(topic) >> 8, len(topic) & 255]) + topic + payload


class Wrong(unittest.TestCase):
    def setUp(self):
        self.counters = Counters()
        self.orders = Orders(self.counters)
        self.orders.on_topic(TOPIC.decode(), self.orders.named)
        self.orders.on("seconds", self.obey)
        self.incoming = Incoming(self.orders.take, self.orders.skip)
        self.obeyed = 0
        self.raised = None

    def obey(self, value):
        if self.raised:
            raise self.raised
        int(value)
        self.obeyed += 1

    def give(self, payload, topic=TOPIC):
        """Whether it was obeyed; otherwise it was refused, once, for a reason that can be told."""
        obeyed, refused = self.obeyed, self.counters.counts.get("order.refused", 0)
        self.incoming.feed(message(topic, payload))
        refused = self.counters.counts.get("order.refused", 0) - refused
        self.assertEqual(self.obeyed - obeyed + refused, 1)
        if refused:
            str(json.dumps(self.orders.refusal).encode(), "utf-8")
            self.assertFalse(any(0xD800 <= ord(c) < 0xE000 for c in self.orders.refusal))
        return not refused

    def test_wrong_ones_are_refused(self):
        for payload in WRONG:
            self.assertFalse(self.give(payload))
        self.assertTrue(self.give(b'{"seconds": 5}'))

    def test_topics_that_are_no_text(self):
        for topic in (b"\xff\xfe", b"\xed\xa0\x80", b"servicelocation/\xc3"):
            self.assertFalse(self.give(b"x", topic))
        self.assertTrue(self.give(b'{"seconds": 5}'))

    def test_whatever_is_raised(self):
        for error in (MemoryError(), OverflowError("x"), RuntimeError(), OSError(5), IndexError()):
            self.raised = error
            self.assertFalse(self.give(b'{"seconds": 5}'))
        self.raised = None
        self.assertTrue(self.give(b'{"seconds": 5}'))

    def test_damaged_ones(self):
        right = b'{"seconds": 5, "seconds": 1e3, "seconds": "12"}'
        for _ in range(2000):
            dice = os.urandom(6)
            wrong = bytearray(right)
            for at, byte in ((0, 1), (2, 3), (4, 5)):
                wrong[dice[at] % len(wrong)] = dice[byte]
            self.incoming.feed(message(TOPIC, bytes(wrong)))
        self.assertTrue(self.give(b'{"seconds": 5}'))


if __name__ == "__main__":
    unittest.main()
