"""What is kept of the ends of the program, over starts that are played by new objects."""

import unittest

from system.ends import Ends


class Chip:
    """Of the hardware what keeps it."""

    def __init__(self):
        self.reset_cause = "power-up"
        self.data = b""

    def end_kept(self):
        return self.data

    def keep_end(self, data):
        self.data = data


class Kept(unittest.TestCase):
    def setUp(self):
        self.chip = Chip()

    def start(self):
        ends = Ends(self.chip)
        return ends, ends.begin()

    def test_one_end_is_counted_once(self):
        """Whoever notes it: two tasks that stand still, and an exception at last."""
        ends, _ = self.start()
        ends.note("watchdog: task uplink stands still")
        ends.note("watchdog: task publish stands still")
        self.assertEqual(self.start()[0].describe()["count"], 1)
        ends, _ = self.start()
        ends.note("watchdog: task uplink stands still")
        ends.note("watchdog: task publish stands still")
        ends.forgive()
        self.assertEqual((ends.count, self.start()[0].reason), (1, None))

    def test_a_rest_forgets_no_reason(self):
        """Also where a task has stood still in it, and moves again."""
        for _ in range(3):
            self.start()
            Ends(self.chip).note("MemoryError")
        ends, rest_s = self.start()
        self.assertEqual((rest_s, ends.reason), (30, "MemoryError"))
        ends.note("watchdog: task housekeeping stands still")
        ends.forgive()
        ends, rest_s = self.start()
        self.assertEqual((rest_s, ends.reason, ends.count), (0, "MemoryError", 3))


if __name__ == "__main__":
    unittest.main()
