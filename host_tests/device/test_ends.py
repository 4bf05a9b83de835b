"""What is kept of the ends of the program, over starts that are played by new objects."""

import os
import unittest

from system import failed_starts
from system.ends import Ends


def written():
    return [name for name in ("starts.0", "starts.1") if name in os.listdir()]


def remove():
    for name in written():
        os.remove(name)


class Chip:
    """Of the hardware what keeps it."""

    def __init__(self):
        self.reset_cause = "power-up"
        self.uptime_ms = lambda: 5000
        self.data = b""

    def end_kept(self):
        return self.data

    def keep_end(self, data):
        self.data = data


class Kept(unittest.TestCase):
    def setUp(self):
        self.chip = Chip()
        remove()

    def tearDown(self):
        remove()

    def start(self, program="flashed 0.1.0"):
        ends = Ends(self.chip)
        return ends, ends.begin(program)

    def fail(self, times, program="flashed 0.1.0"):
        """So many starts that end soon; the s of safe mode that each began with."""
        found = []
        for _ in range(times):
            found.append(self.start(program)[1])
            Ends(self.chip).note("MemoryError")
        return found

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

    def test_safe_mode_forgets_no_reason(self):
        """Also where a task has stood still in it, and moves again."""
        self.assertEqual(self.fail(3), [0, 0, 0])
        ends, safe_s = self.start()
        self.assertEqual((safe_s, ends.reason, ends.failed), (120, "MemoryError", 3))
        ends.note("watchdog: task housekeeping stands still")
        ends.forgive()
        ends, safe_s = self.start()
        self.assertEqual((safe_s, ends.reason, ends.count), (0, "MemoryError", 3))
        ends.in_order()
        self.chip.reset_cause = "software"
        ends, safe_s = self.start()
        self.assertEqual((safe_s, ends.reason, ends.failed), (0, None, 0))

    def test_power_that_comes_badly_is_no_failed_start(self):
        """The chip's own watchdog ends its boot then, and nothing is known of a run before."""
        for _ in range(4):
            self.chip.data, self.chip.reset_cause = b"", "watchdog"
            ends, safe_s = self.start()
            self.assertEqual((safe_s, ends.reason, ends.failed), (0, None, 0))

    def test_failed_starts_count_where_the_flash_cannot_be_written(self):
        write = failed_starts.write
        failed_starts.write = lambda *_: False
        try:
            self.assertEqual(self.fail(4), [0, 0, 0, 120])
            ends = Ends(self.chip)
            ends.clear()
            self.assertEqual(ends.failed, 3)  # it is tried again
        finally:
            failed_starts.write = write

    def test_nothing_is_left_of_a_run_when_the_gateway_is_as_new(self):
        ends, _ = self.start()
        ends.note(ValueError("a name of the owner's"))
        ends.mark([(1, "task.secret")])
        ends, _ = self.start()
        ends.mark([(1, "task.secret")])
        ends.forget()
        self.assertTrue(b"secret" not in self.chip.data and b"owner" not in self.chip.data)

    def test_failed_starts_are_known_after_a_power_cut(self):
        self.fail(3)
        self.start()
        self.chip.data = b""
        ends, safe_s = self.start()
        self.assertEqual((safe_s, ends.reason, ends.failed), (120, "MemoryError", 3))

    def test_a_crash_of_the_chip_says_nothing_itself(self):
        """It is a reset by software that nobody has ordered; a power cut is none."""
        self.start()
        for cause, reason in (("software", "crash"), ("watchdog", "watchdog"), ("power-up", None)):
            self.chip.reset_cause = cause
            found = self.start()[0].reason
            self.assertEqual(found and found.split(":")[0], reason)

    def test_power_cuts_are_no_failures(self):
        """Somebody who switches it off and on, however often."""
        for _ in range(9):
            self.assertEqual(self.start()[1], 0)
            self.chip.data = b""
        self.assertEqual(written(), [])  # and nothing is worn

    def test_who_has_lasted_begins_anew(self):
        self.fail(2)
        self.start()[0].steady()
        Ends(self.chip).note("MemoryError")  # it has not failed to start
        self.assertEqual(self.fail(3), [0, 0, 0])
        self.assertEqual(self.start()[1], 120)

    def test_safe_mode_that_lasts_is_no_good_start(self):
        self.fail(3)
        self.start()[0].steady()
        self.assertEqual(self.fail(2), [0, 240])

    def test_it_fails_in_safe_mode_too(self):
        self.assertEqual(self.fail(8), [0, 0, 0, 120, 0, 480, 0, 960])

    def test_another_program_begins_at_nothing(self):
        """An update on trial has two starts: they bring no safe mode, nor does the one before it,
        to which they lead back."""
        self.assertEqual(self.fail(2, "/program_a 0.2.0"), [0, 0])
        self.assertEqual(self.fail(3), [0, 0, 0])
        self.assertEqual(self.start()[1], 120)
        self.assertEqual(self.fail(1, "/program_a 0.2.1"), [0])

    def test_whoever_changes_something_has_the_next_start(self):
        self.fail(3)
        self.start()[0].clear()
        self.assertEqual(self.fail(3), [0, 0, 0])

    def test_the_last_lines_and_the_uptime_are_there_afterwards(self):
        ends, _ = self.start()
        lines = [(second, "uplink.lost " + "x" * 80) for second in range(40)]
        ends.mark(lines)
        try:
            raise ValueError("why")
        except ValueError as error:
            Ends(self.chip).note(error)
        self.assertTrue(len(self.chip.data) <= 2000)
        ends, _ = self.start()
        self.assertEqual((ends.ran_s, ends.reason), (5, "ValueError: why"))
        self.assertEqual(ends.before[-2], [39, lines[39][1][:64]])
        self.assertTrue("in test_the_last_lines" in ends.before[-1][1])  # where it was raised
        ends, _ = self.start()
        self.assertEqual((ends.ran_s, ends.before), (0, []))

    def test_what_is_too_long_for_the_memory_is_left_out(self):
        ends, _ = self.start()
        for _ in range(2):
            ends.mark([(1, '"\\' * 40)] * 40)
            ends.note('"' * 500)
            self.assertTrue(len(self.chip.data) <= 2000)
            ends, _ = self.start()
        self.assertEqual(ends.reason, '"' * 120)


if __name__ == "__main__":
    unittest.main()
