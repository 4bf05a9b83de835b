"""What a step that fails costs: nothing, where memory is short; else no more than it must."""

import json
import unittest
from array import array

from site import document
import pipeline

BLOCK = 64
VOLTS, AMPERES = 10000, 300  # counts; both change signs at once: a sample is worth their product
SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5020000001",
    "points": [
        {"node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1", "load": "House"}
    ],
    "loads": [{"name": "House", "role": "grid"}],
}  # fmt: skip


class Cycle:
    skipped = 0
    block = -1
    where = array("i", (0, -2, -2, 2 * BLOCK))


class Bus:
    """Blocks one after the other; it fails where it has to."""

    def __init__(self):
        self.ready = Cycle()
        self.samples = array(
            "h", [VOLTS, -VOLTS] * (BLOCK // 2) + [AMPERES, -AMPERES] * (BLOCK // 2)
        )
        self.starts = 0

    def age_ms(self, block, sample):
        return 0

    def run(self):
        self.starts += 1
        while True:
            self.ready.block += 1
            yield 0


class Failing(unittest.TestCase):
    def setUp(self):
        self.bus = Bus()
        self.reports = []  # of each: (first sample, samples, of the point, its energy, missed)
        self.failing = {}  # what is raised after so many reports
        self.idle = True  # reports are worked through at once
        place = document.load(json.dumps(SITE))
        self.path = pipeline.build(self.bus, place, lambda: None, self.waiting)

    def waiting(self):
        if self.idle:
            self.path.work_through()
            self.finished()

    def finished(self):
        report = self.path.report
        reading = report.readings[0]
        first = self.path.first_sample
        self.reports.append(
            (first, report.samples, reading.count, reading.imported, reading.missed)
        )
        error = self.failing.pop(len(self.reports), None)
        if error:
            raise error

    def run_on(self, reports):
        failed = 0
        while len(self.reports) < reports:
            try:
                self.path.step()
            except (ValueError, MemoryError):
                failed += 1
                self.path.restart()
        return failed

    def check_whole(self):
        at = 0
        for first, samples, count, energy, missed in self.reports:
            self.assertEqual((first, count, missed), (at, samples, 0))
            self.assertEqual(energy, samples * VOLTS * AMPERES)
            at += samples

    def work_in_vain(self, times):
        """A report cannot be worked through so often, for want of memory; then it is, and three
        more are."""
        self.run_on(1)
        self.idle = False
        while not self.path.pending:
            self.path.step()
        for _ in range(times):
            with self.assertRaises(MemoryError):
                self.path.work_through()
            self.assertTrue(self.path.pending)
        self.idle = True
        self.waiting()
        self.run_on(4)
        self.check_whole()

    def test_a_report_waits_when_the_next_one_is_complete(self):
        self.run_on(1)
        self.idle = False
        while self.path.postponed < 3:
            self.path.step()
        self.idle = True
        self.waiting()
        self.run_on(4)
        self.check_whole()
        # Three windows longer: without a voltage a window is a cycle.
        self.assertEqual(self.reports[2][1], 3200 + 3 * 64)

    def test_a_report_is_worked_through_in_slices(self):
        self.run_on(1)
        self.idle = False
        while not self.path.pending:
            self.path.step()
        slices = 0
        for _ in self.path.work():
            slices += 1
            self.path.step()  # blocks are measured between them
            self.assertEqual(self.path.reports, 1)
        self.assertTrue(slices >= 4, slices)
        self.assertEqual((self.path.reports, self.path.pending), (2, False))
        self.finished()
        self.idle = True
        self.run_on(4)
        self.check_whole()

    def test_who_takes_a_report_fails(self):
        self.failing = {2: ValueError(), 3: ValueError()}
        self.assertEqual(self.run_on(5), 2)
        self.check_whole()
        self.assertEqual(self.bus.starts, 1)

    def test_a_report_that_cannot_be_read_is_given_up(self):
        read = self.path.report.read
        bad = [ValueError()]

        def fail(meter):
            if bad and len(self.reports) == 1:
                raise bad.pop()
            return read(meter)

        self.path.report.read = fail
        self.assertEqual(self.run_on(3), 1)
        self.assertTrue(all(abs(samples - 3200) < 32 for _, samples, *_ in self.reports))

    def test_a_block_that_cannot_be_measured_is_missing(self):
        add = self.path.meter.add
        bad = [ValueError()]

        def fail(samples, where, first):
            if bad and self.bus.ready.block == 60:
                raise bad.pop()
            return add(samples, where, first)

        self.path.meter.add = fail
        self.assertEqual(self.run_on(3), 1)
        # It lies in two windows, which without a voltage are a cycle each.
        self.assertTrue(0 < sum(missed for *_, missed in self.reports) <= 2 * BLOCK)
        self.assertEqual(self.bus.starts, 1)

    def test_no_memory_behind_the_reading(self):
        """What was read is counted, and each meter is asked once."""

        class Meter:
            asked = 0

            def fill(self, report):
                self.asked += 1
                if self.asked == 2:
                    raise MemoryError()

        meters = [Meter(), Meter()]
        self.path.set_meters(meters)
        self.work_in_vain(2)
        self.assertEqual([meter.asked for meter in meters], [self.path.reports] * 2)

    def test_what_fails_beside_the_meter_costs_no_sample(self):
        add = self.path.events.add
        bad = [ValueError()]

        def fail(where, count, pll):
            add(where, count, pll)
            if bad and self.bus.ready.block == 60:
                raise bad.pop()

        self.path.events.add = fail
        self.assertEqual(self.run_on(3), 1)
        self.check_whole()

    def test_no_memory_at_a_reports_end(self):
        bad = [MemoryError(), MemoryError()]

        def fail():
            if bad and len(self.reports) == 1:
                raise bad.pop()

        self.path._now_ms = fail
        self.assertEqual(self.run_on(4), 2)
        self.check_whole()

    def test_no_memory_to_read_a_report(self):
        read = self.path.report.read
        bad = [MemoryError(), MemoryError()]

        def fail(meter):
            yield from read(meter)
            if bad and len(self.reports) == 1:
                raise bad.pop()

        self.path.report.read = fail
        self.work_in_vain(2)

    def test_the_bus_fails(self):
        self.run_on(1)
        self.path._steps = iter(())  # a generator that has failed

        with self.assertRaises(StopIteration):
            self.path.step()
        self.path.restart()
        self.run_on(3)
        self.assertEqual(self.bus.starts, 2)
        self.check_whole()


if __name__ == "__main__":
    unittest.main()
