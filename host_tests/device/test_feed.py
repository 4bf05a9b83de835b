"""On the device: what a Genius makes of what a Connect sends, report by report, without a
network."""

import json
import os
import struct
import unittest

from site import document
from b_bus.power_box import NoBusA
from measure.readings import UNKNOWN
from feed import datagram
from feed.datagram import who
from feed.member import Member
from feed.receiver import Receiver
import pipeline
from other_gateways import feeds_of

CONNECT = "5130000007"
KEY = "00112233445566778899aabbccddeeff" * 2
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
        self.place = place = document.load(json.dumps(site))
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
            self._session = self.member.offer_session(self.uptime_s, b"nonce123", b"instance")
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


class Sessions(unittest.TestCase):
    def test_a_hello_that_is_heard_twice_has_one_session(self):
        one = Genius()
        first = one.member.offer_session(one.uptime_s, b"nonce123", b"instance")
        self.assertEqual(one.member.offer_session(one.uptime_s, b"nonce123", b"instance"), first)
        self.assertTrue(one.feed(5000))
        # And when it is heard for the third time, late: the session goes on.
        self.assertNotEqual(
            one.member.offer_session(one.uptime_s, b"nonce123", b"instance"), first
        )
        self.assertTrue(one.feed(6000))
        self.assertNotEqual(
            one.member.offer_session(one.uptime_s, b"nonce456", b"instance"), first
        )


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

    def test_a_long_gap_that_began_before_the_quarter_is_in_no_demand(self):
        one = Genius()
        joules = one.run(5000, 200)
        one.report(1000)
        joules = one.run(joules + 8000 * 1000, 60)
        self.assertEqual(one.aggregates.demand.energy(), None)
        self.assertEqual(one.imported(), 199000 + 1000 + 8000000 + 59000)
        one.run(joules, 1500)
        demand = one.aggregates.demand
        self.assertEqual((demand.highest, demand.at), (1000, START_S + 1800))
        self.assertEqual(demand.energy(), 60000)

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


class Durable:
    """In the place of durable.Durable."""

    damaged = 0

    def __init__(self, value=None):
        self.value = value
        self.failing = False
        self.written = 0

    def write(self, value):
        if self.failing:
            raise OSError(28)
        self.written += 1
        self.value = value


class Hardware:
    home = ("127.0.0.1", 47653)
    serial = "5020000042"

    def __init__(self, genius):
        self._genius = genius

    def uptime_ms(self):
        return self._genius.uptime_s * 1000


def receiver(genius, store, forget=False):
    """That of a start, with the Genius's only member."""
    way = genius.path, lambda: True, genius.errors.append, store, forget
    made = Receiver(Hardware(genius), genius.place, KEY, *way)
    genius.member = made._members[CONNECT]
    return made


class Kept(unittest.TestCase):
    def setUp(self):
        self.store = Durable()
        one = Genius()
        gathering = receiver(one, self.store)
        one.run(5000, 11)
        gathering._keep()
        self.registers = (one.imported(), 0)
        self.assertEqual(self.registers, (10000, 0))

    def again(self, registers, forget=False, site=SITE, joules=1000000000):
        """Another start, and what the Connect has counted since."""
        one = Genius(site, registers)
        receiver(one, self.store, forget)
        if site["gathers"] == SITE["gathers"]:
            one.run(joules, 1)
        return one

    def test_what_is_counted_meanwhile_comes(self):
        self.assertEqual(self.again(self.registers).imported(), 1000000000 - 5000)

    def test_registers_that_were_lost_begin_anew_and_at_each_start_after_it(self):
        self.assertEqual(self.again(None, forget=True).imported(), 0)
        self.assertEqual(self.again((77, 0)).imported(), 77)

    def test_a_point_of_which_the_registers_have_nothing_begins_anew(self):
        self.assertEqual(self.again(None).imported(), 0)

    def test_a_point_that_was_removed_and_is_given_again_begins_anew(self):
        others = json.loads(json.dumps(SITE))
        others["points"][0]["input"] = "B"
        self.again(None, site=others, joules=1)
        self.assertEqual(self.again(self.registers).imported(), 10000)

    def test_a_write_that_failed_is_tried_again(self):
        one = Genius()
        gathering = receiver(one, self.store)
        one.run(5000, 2)
        self.store.failing = True
        for _ in range(3):
            gathering._keep()
        self.assertEqual(one.errors, ["feed.unwritten"])
        self.store.failing = False
        gathering._keep()
        written = self.store.written
        one.uptime_s += 61
        gathering._keep()
        gathering._keep()
        self.assertEqual(self.store.written, written + 1)

    def test_a_file_that_is_damaged_is_counted_and_counting_begins_anew(self):
        self.store.damaged = 1
        again = self.again(self.registers)
        self.assertEqual((again.imported(), again.errors), (10000, ["feed.unread"]))

    def test_where_nobody_is_gathered_any_more_nothing_is_kept(self):
        for slot in (0, 1):
            with open("gathered.%d" % slot, "wb") as file:
                file.write(b"of before")
        alone = {key: SITE[key] for key in SITE if key != "gathers"}
        alone["points"] = [{k: v for k, v in SITE["points"][0].items() if k != "gateway"}]
        place = document.load(json.dumps(alone))
        feeds_of(None, place, "", None, None, None, None)
        self.assertEqual([name for name in os.listdir() if name.startswith("gathered")], [])


class BothWays(unittest.TestCase):
    def test_a_gap_in_which_it_took_and_gave_has_both(self):
        one = Genius()
        one.run(5000, 10)
        one.report(100)
        one.feed(14000 + 50000, exported=30000)
        one.report()
        self.assertEqual([one.energy.of_load(0, way) for way in (0, 1)], [59000, 30000])
        self.assertEqual([one.energy.of_point(0, way) for way in (0, 1)], [59000, 30000])
        self.assertEqual(list(one.aggregates.today.joules), [59000, 30000])


class Restarted(unittest.TestCase):
    def setUp(self):
        first = Genius()
        first.run(5000, 11)
        bases = first.member.kept()
        self.one = Genius(registers=(first.imported(), 0), bases=bases)

    def test_what_was_counted_before_the_start_is_in_the_registers_alone(self):
        one = self.one
        one.report(3)
        hours = 3600 * 5000 * 10
        joules = one.run(15000 + hours, 298)
        self.assertEqual(one.imported(), 10000 + hours + 297000)
        self.assertEqual(one.energy.of_load(0, 0), 10000 + hours + 297000)
        demand, today = one.aggregates.demand, one.aggregates.today
        self.assertEqual((demand.energy(), today.joules[0]), (297000, 297000))
        self.assertEqual(today.sums[0], 297000)
        one.run(joules, 605)
        self.assertEqual(demand.highest, 995)
        five, _, _, quarter = one.intervals[:4]
        self.assertEqual((five.length, quarter.length), (300, 900))
        self.assertEqual((five.of_load(0, 0), quarter.of_load(0, 0)), (296000, 896000))
        self.assertFalse(quarter.doubts([0]))


if __name__ == "__main__":
    unittest.main()
