"""On the device: what a Genius makes of what a Connect sends, report by report, without a
network."""

import json
import struct
import unittest

from site import document
from b_bus.power_box import NoBusA
from measure.readings import UNKNOWN
from feed import datagram
from feed.datagram import who
from feed.member import Member
import pipeline

CONNECT = "5130000007"
START_S = 1764000000  # a multiple of 900 s
SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5020000001",
    "gathers": [CONNECT],
    "points": [
        {"gateway": CONNECT, "node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1",
         "load": "Grid"}
    ],
    "loads": [{"name": "Grid", "role": "grid"}],
}  # fmt: skip


class Genius:
    """One start of it. registers: of the point, with which it begins."""

    def __init__(self, site=SITE, registers=None, bases=None, uptime_s=10):
        self.errors = []
        self.uptime_s, self.now_s = uptime_s, START_S
        place = document.load(json.dumps(site))
        self.path = pipeline.build(NoBusA(), place, lambda: None, lambda: None)
        self.energy, self.aggregates = self.path.energy, self.path.aggregates
        if registers:
            self.energy.restore_point(0, registers + (0,) * 6)
            self.energy.restore_load(0, *registers)
            self.aggregates.begin()
        self.member = Member(CONNECT, place, self.path, self.errors.append)
        self.member.begin_with(bases or {})
        self.path.set_others(self.member.groups)
        self.intervals = []
        self._session = b""
        self._number = 0

    def feed(self, joules, watts=1000.0, exported=0, node="5500000001"):
        """A datagram comes."""
        if not self._session:
            self._session = self.member.greet(self.uptime_s, b"instance")
        self._number += 1
        power = UNKNOWN if watts is None else int(watts * 100)
        rates = [power] + [0] * 6
        record = struct.pack("<I7iqq", who(node, 0), *(rates + [joules, exported]))
        data = bytes(datagram.HEAD) + record
        return self.member.take(self.uptime_s, data, 1, self._number, self._session)

    def report(self, reports=1):
        """Seconds pass."""
        for _ in range(reports):
            self.uptime_s += 1
            self.now_s += 1
            self.member.set_time(self.uptime_s)
            self.path.complete(self.now_s * 1000, self._read)
            self.path.work_through()
            interval = self.aggregates.intervals.take()
            if interval:
                self.intervals.append(interval)

    def _read(self):
        self.path.report.samples = 3200
        yield

    def run(self, joules, reports, watts=1000):
        """A datagram a second, from this counter on."""
        for _ in range(reports):
            self.feed(joules, watts)
            self.report()
            joules += watts
        return joules

    def imported(self):
        return self.energy.of_point(0, 0)


class Unknown(unittest.TestCase):
    def test_one_that_was_never_heard_is_unknown_and_not_0(self):
        one = Genius()
        one.report(901)
        self.assertEqual([interval.length for interval in one.intervals][-1], 900)
        for interval in one.intervals:
            self.assertEqual(interval.missed[0], interval.samples)
            self.assertTrue(interval.doubts([0]))
        demand = one.aggregates.demand
        self.assertEqual((demand.energy(), demand.highest), (None, None))
        self.assertEqual(one.aggregates.always_on.watts, None)
        one.run(7000000000, 400)  # its first value gives 0 J
        self.assertEqual(one.imported(), 399 * 1000)

        self.assertEqual(demand.energy(), 399 * 1000)

    def test_half_an_interval_that_nobody_has_heard_is_in_no_sum(self):
        one = Genius()
        one.report(150)
        one.run(5000, 151)
        self.assertTrue(one.intervals[0].doubts([0]))
        one.run(5000 + 151 * 1000, 300)
        self.assertEqual(one.intervals[-1].length, 300)
        self.assertFalse(one.intervals[-1].doubts([0]))


class Believed(unittest.TestCase):
    def test_a_counter_that_cannot_be_so_far_counts_nothing_and_counting_begins_there(self):
        one = Genius()
        joules = one.run(5000, 10)
        jump = 990 * 3600000
        one.run(joules + jump, 10)  # another one of that number
        self.assertEqual(one.errors, ["feed.jump"])
        self.assertEqual(one.imported(), 9000 + 9000)
        one.run(joules, 10)  # and the first one again
        self.assertEqual(one.errors, ["feed.jump", "feed.back"])
        self.assertEqual(one.imported(), 3 * 9000)

    def test_what_a_ct_can_carry_in_a_gap_counts(self):
        one = Genius()
        joules = one.run(5000, 10)
        one.report(600)
        one.feed(joules + 600 * 17000)  # 50 A x 1.5 x 230 V
        one.report()
        self.assertEqual((one.imported(), one.errors), (9000 + 1000 + 600 * 17000, ["feed.lost"]))

    def test_a_gap_whose_energy_is_refused_is_lost(self):
        one = Genius()
        joules = one.run(5000, 200)
        one.report(50)
        one.run(joules + 100000000000, 60)
        self.assertTrue(one.intervals[0].doubts([0]))

    def test_a_ct_that_is_corrected_there_may_carry_more_than_its_rating(self):
        """Behind a transformer of 1000 A it says what that carries."""
        one = Genius()
        joules = one.run(5000, 10, 400000)
        one.report(20)
        one.feed(joules + 20 * 400000)
        one.report()
        self.assertEqual(one.errors, ["feed.lost"])
        self.assertEqual(one.imported(), 30 * 400000)


if __name__ == "__main__":
    unittest.main()
