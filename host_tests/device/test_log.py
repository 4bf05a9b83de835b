"""On the device: what the log keeps when something happens very often."""

import unittest

from system.counters import Counters
from system.log import ALL, Log


class Flooded(unittest.TestCase):
    def setUp(self):
        self.now_s = 0
        self.log = Log(lambda: self.now_s * 1000)
        self.counters = Counters(self.log)

    def test_a_flood_leaves_the_others_and_is_counted(self):
        self.counters.count("mqtt.lost")
        for second in range(90):
            self.now_s = second
            for _ in range(64):
                self.counters.count("feed.damaged")
                self.counters.count("feed.key")
        self.assertEqual(
            self.log.lines(),
            [(0, "mqtt.lost"), (0, "feed.damaged"), (0, "feed.key"), (60, "feed.damaged"),
             (60, "feed.key")],
        )  # fmt: skip
        self.assertEqual(self.counters.counts["feed.damaged"], 90 * 64)

    def test_what_is_no_error_is_said_each_time(self):
        self.log.set_level(ALL)
        self.log.note("LED: green")
        self.log.note("LED: green")
        self.assertEqual(self.log.lines(), [(0, "LED: green")] * 2)


if __name__ == "__main__":
    unittest.main()
