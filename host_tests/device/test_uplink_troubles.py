"""What is said of the way to the broker, and for how long."""

import unittest

from system.counters import Counters
from cloud.uplink_troubles import Troubles

WORDS = "the broker accepts us and soon closes the connection: does another client use the name 7?"


class ShortLived(unittest.TestCase):
    def setUp(self):
        self.troubles = Troubles("7", Counters())

    def end(self, suspicion=None):
        self.troubles.failed("uplink.lost", "closed", True, suspicion)

    def test_a_second_one_is_named_also_while_the_broker_accepts_us(self):
        self.end()
        self.assertEqual(self.troubles.texts(True), ["closed"])
        self.end()
        for connected in (False, True):
            self.assertEqual(self.troubles.texts(connected), [WORDS])

    def test_what_it_may_have_closed_at_is_named_in_its_place(self):
        self.end()
        self.end("at x")
        self.assertEqual(self.troubles.texts(True), ["at x"])

    def test_one_that_lasts_is_the_end_of_it(self):
        self.end()
        self.end()
        self.troubles.steady()
        self.assertEqual(self.troubles.texts(True), [])
        self.assertEqual(self.troubles.texts(False), [WORDS])


if __name__ == "__main__":
    unittest.main()
