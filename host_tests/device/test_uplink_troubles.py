"""What is said of the way to the broker, and for how long."""

import unittest

from system.counters import Counters
from cloud.uplink_troubles import Troubles

WORDS = "the broker closes the connection again and again: does another client use the name 7?"


class PutOut(unittest.TestCase):
    def setUp(self):
        self.troubles = Troubles("7", Counters())

    def end(self, suspicion=None, age_s=1, closed=True):
        self.troubles.failed("uplink.lost", "closed", age_s, closed, suspicion)

    def test_a_second_time_is_named_also_while_the_broker_accepts_us(self):
        self.end()
        self.assertEqual(self.troubles.texts(True), ["closed"])
        self.end()
        for connected in (False, True):
            self.assertEqual(self.troubles.texts(connected), [WORDS])

    def test_what_it_may_have_closed_at_is_named_in_its_place(self):
        self.end()
        self.end("at x")
        self.assertEqual(self.troubles.texts(True), ["at x"])

    def test_so_is_one_that_wins_each_time_for_minutes(self):
        """The other one tries again after four minutes at most."""
        self.end(age_s=240)
        self.assertEqual(self.troubles.texts(True), [])
        self.troubles.lasts(30)
        self.end(age_s=240)
        self.troubles.lasts(30)
        for connected in (False, True):
            self.assertEqual(self.troubles.texts(connected), [WORDS])

    def test_one_that_is_kept_is_the_end_of_it(self):
        self.end()
        self.end()
        self.troubles.lasts(30)
        self.assertEqual(self.troubles.texts(True), [WORDS])
        self.troubles.lasts(300)
        self.assertEqual(self.troubles.texts(True), [])
        self.assertEqual(self.troubles.texts(False), [WORDS])

    def test_a_network_that_fails_is_nobody_else(self):
        for _ in range(3):
            self.end(closed=False)
            self.assertEqual(self.troubles.texts(True), ["closed"])
            self.troubles.lasts(30)
            self.assertEqual(self.troubles.texts(True), [])

    def test_a_try_without_a_connection_leaves_what_is_known(self):
        self.end()
        self.troubles.failed("uplink.network", "no network", None, False, None)
        self.assertEqual(self.troubles.texts(False), ["no network"])
        self.assertEqual(self.troubles.texts(True), ["closed"])
        self.end()
        self.assertEqual(self.troubles.texts(True), [WORDS])


if __name__ == "__main__":
    unittest.main()
