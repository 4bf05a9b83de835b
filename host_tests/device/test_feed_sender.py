"""On the device: when a Connect says that nobody takes what it measures."""

import json
import unittest

from site import document
from b_bus.power_box import NoBusA
from feed import datagram as d
from feed.sender import Sender
import pipeline

GENIUS, CONNECT = "5020000042", "5130000007"
KEY = "00112233445566778899aabbccddeeff" * 2
SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5400000001", "feeds": GENIUS,
    "points": [
        {"node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1", "load": "Oven"}
    ],
    "loads": [{"name": "Oven", "role": "circuit"}],
}  # fmt: skip


class Hardware:
    home = ("127.0.0.1", 47653)
    serial = CONNECT
    ms = 1000

    def uptime_ms(self):
        return self.ms


class Port:
    """The Genius: answers each HELLO, and each DATA with the number `late` before it, where it is
    not None."""

    def __init__(self, late):
        self.late = late
        self.key = d.Key(KEY)
        self.waiting = []

    def send(self, data, _):
        _, _, _, _, number, token = d.head(bytes(data))
        if data[4] == d.HELLO:
            self.waiting.append(self.key.sign(d.WELCOME, GENIUS, CONNECT, 0, token, b"session1"))
        elif self.late is not None and number > self.late:
            taken = self.key.sign(d.TAKEN, GENIUS, CONNECT, number - self.late, token, b"")
            self.waiting.append(taken)

    def hear(self):
        return (self.waiting.pop(0), ("127.0.0.1", 47653)) if self.waiting else None


class Lost(unittest.TestCase):
    def after(self, port, seconds):
        """The names of what is wrong then."""
        place = document.load(json.dumps(SITE))
        path = pipeline.build(NoBusA(), place, lambda: None, lambda: None)
        hardware, errors = Hardware(), []
        sender = Sender(hardware, place, KEY, path, lambda: True, errors.append)
        for _ in range(10 * seconds):
            hardware.ms += 100
            path.reports = hardware.ms // 1000
            sender._look(port)
        return [name for name, _ in sender.texts()], errors

    def test_one_that_is_heard_is_not_lost(self):
        self.assertEqual(self.after(Port(0), 60), ([], []))
        self.assertEqual(self.after(Port(4), 60), ([], []))

    def test_where_hello_is_answered_and_nothing_is_taken_it_is_lost(self):
        self.assertEqual(self.after(Port(None), 60), (["feed_lost"], ["feed.lost"]))

    def test_what_is_said_of_reports_of_before_says_nothing(self):
        self.assertEqual(self.after(Port(7), 60), (["feed_lost"], ["feed.lost"]))


if __name__ == "__main__":
    unittest.main()
