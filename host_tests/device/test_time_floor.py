"""On the device: the earliest that the time can be, over restarts, and what somebody can do who
sets the clock."""

import os
import unittest

from system.counters import Counters
from system.durable import Durable
from net.time_floor import FIRMWARE_MS, TimeFloor

NOW = 1764000000000
DAY, MINUTE = 86400000, 60000


def remove_files():
    for name in ("time.0", "time.1"):
        try:
            os.remove(name)
        except OSError:
            pass


class Case(unittest.TestCase):
    def setUp(self):
        remove_files()
        self.begin()

    def tearDown(self):
        remove_files()

    def begin(self, signed_s=0):
        self.counters = Counters()
        self.floor = TimeFloor(signed_s, self.counters.count)

    def test_a_new_gateway(self):
        """No earlier than its firmware, and than its certificate was issued."""
        self.assertEqual(self.floor.earliest_ms(), FIRMWARE_MS)
        self.begin(signed_s=NOW // 1000)
        self.assertEqual(self.floor.earliest_ms(), NOW)
        self.begin(signed_s=1500000000)
        self.assertEqual(self.floor.earliest_ms(), FIRMWARE_MS)

    def test_what_was_known_is_known_after_a_restart(self):
        self.floor.set_known(NOW)
        self.begin()
        self.assertEqual(self.floor.earliest_ms(), NOW)
        self.assertFalse(self.floor.allows(NOW - MINUTE - 1, 0))
        self.assertTrue(self.floor.allows(NOW - MINUTE, 0))
        self.assertTrue(self.floor.allows(NOW + 1000 * DAY, 0))

    def test_it_is_written_once_a_day(self):
        for minute in range(10 * 1440):
            self.floor.set_known(NOW + minute * MINUTE)
        self.assertEqual(self.floor._store._sequence, 10)
        self.begin()
        self.assertEqual(self.floor.earliest_ms(), NOW + 9 * DAY)

    def test_whoever_sets_the_clock_ahead_does_so_for_a_day_at_most(self):
        """A false network sets it ahead by a year, and that is kept. Then the true one says
        otherwise, for a day."""
        self.floor.set_known(NOW + 365 * DAY)
        self.begin()
        for minute in range(1440):
            self.assertFalse(self.floor.allows(NOW + minute * MINUTE, minute * MINUTE))
        self.assertTrue(self.floor.allows(NOW + DAY, DAY))
        self.floor.set_known(NOW + DAY)
        self.begin()
        self.assertEqual(self.floor.earliest_ms(), NOW + DAY)

    def test_whoever_sets_it_back_has_to_hold_the_network_for_a_day(self):
        """One answer of the true servers in between, and it begins anew."""
        self.floor.set_known(NOW)
        self.assertFalse(self.floor.allows(NOW - 30 * DAY, 0))
        self.assertTrue(self.floor.allows(NOW + DAY // 2, DAY // 2))
        self.assertFalse(self.floor.allows(NOW - 29 * DAY, DAY))
        self.assertFalse(self.floor.allows(NOW - 29 * DAY, 2 * DAY - 1))
        self.assertTrue(self.floor.allows(NOW - 28 * DAY, 2 * DAY))

    def test_full_flash_and_another_version(self):
        def write(_):
            raise OSError(28)

        self.floor._store.write = write
        self.floor.set_known(NOW)
        self.assertEqual(self.counters.counts, {"sntp.unkept": 1})
        Durable("time").write(b"{}")
        self.begin()
        self.assertEqual(self.counters.counts, {"sntp.forgotten": 1})
        self.assertEqual(self.floor.earliest_ms(), FIRMWARE_MS)


if __name__ == "__main__":
    unittest.main()
