"""On the device: the energy of samples that did not arrive, and corrected CTs."""

import json
import unittest
from array import array
from math import cos, pi, sin

from site import document
from measure.offsets import Offsets
from measure.oscillator import UNIT
from measure.quantities import Report
from measure.readings import Readings
from measure.saturation import Saturation
from metering import COUNT, EXPORT, FOLLOWED, IMPORT, QUADRANT, REPORT_WORDS, SQUARE
from energy.registers import EXPORT as EXPORT_J
from energy.registers import IMPORT as IMPORT_J
from energy.registers import Energy

JOULES = 0.015 * 1.5 * 2**0.5 / 32767 / 3200  # of one count x count at 1 A rated
RATED = 50


def place(**point):
    """A site of one point."""
    point.update(node="5500000001", input="A", ct="AC-CT-50A", phase="L1", load="Oven")
    table = {
        "version": 1,
        "name": "x",
        "uuid": "u",
        "location": 1,
        "timezone": "UTC",
        "utc_offset": 0,
        "scheme": "3x400+N",
        "frequency": 50,
        "head": "5020000001",
        "points": [point],
        "loads": [{"name": "Oven", "role": "circuit"}],
    }
    return document.load(json.dumps(table))


def values(watts, count, missed):
    """The Readings of a point."""
    made = Readings(1)
    raw = round(abs(watts) * count / 3200 / JOULES / RATED)
    reading = made.points[0]
    reading.imported, reading.exported = (raw, 0) if watts >= 0 else (0, raw)
    reading.count, reading.missed = count, missed
    return made


def through(steps):
    for _ in steps:
        pass


class Gaps(unittest.TestCase):
    def counted(self, *readings):
        energy = Energy(place())
        for reading in readings:
            through(energy.add(values(*reading)))
        return energy

    def test_gap_in_a_report_is_like_the_rest_of_it(self):
        energy = self.counted((1000, 3200, 0), (1000, 2400, 800), (1000, 3200, 0))
        self.assertTrue(2998 <= energy.of_point(0, IMPORT_J) <= 3000)
        self.assertEqual(energy.of_point(0, IMPORT_J), energy.of_load(0, IMPORT_J))
        self.assertTrue(248 <= energy.estimated.joules[0] <= 250)
        self.assertEqual(energy.missing[0], 800)

    def test_gap_of_whole_reports_is_the_mean_of_its_neighbours(self):
        energy = self.counted((1000, 3200, 0), (0, 0, 3200), (0, 0, 3200), (3000, 3200, 0))
        self.assertTrue(abs(energy.of_point(0, IMPORT_J) - (1000 + 2 * 2000 + 3000)) <= 3)
        self.assertTrue(abs(energy.estimated.joules[0] - 4000) <= 3)

    def test_gap_of_exports(self):
        energy = self.counted((-500, 3200, 0), (0, 0, 3200), (-500, 3200, 0))
        self.assertEqual(energy.of_point(0, IMPORT_J), 0)
        self.assertTrue(abs(energy.of_point(0, EXPORT_J) - 1500) <= 3)

    def test_what_was_never_there_and_what_was_too_long_gone_is_not_guessed(self):
        energy = self.counted((0, 0, 3200), (1000, 3200, 0))
        self.assertEqual((energy.missing[0], energy.estimated.joules[0]), (3200, 0))
        energy = self.counted((1000, 3200, 0), *[(0, 0, 3200)] * 65, (1000, 3200, 0))
        self.assertEqual((energy.missing[0], energy.estimated.joules[0]), (65 * 3200, 0))


class Sums:
    """A meter's report of one sine voltage and one sine current, in counts."""

    def __init__(self, volts, amperes, lag, count=3200):
        self.finished_samples = count
        self.pll = self
        self.finished = report = array("i", [0] * (4 * REPORT_WORDS))

        def put(channel, what, value):
            value = round(value)
            report[channel * REPORT_WORDS + what] = value & 0xFFFFFF
            report[channel * REPORT_WORDS + what + 1] = value >> 24

        for channel in range(4):
            report[channel * REPORT_WORDS + COUNT] = count
            report[channel * REPORT_WORDS + FOLLOWED] = count
        unit = UNIT * cos(pi * 50 / 3200)  # of the waves midway between two samples
        put(0, IMPORT, count * unit * volts / 2)
        put(0, SQUARE, count * volts * volts / 2)
        put(3, IMPORT, count * volts * amperes / 2 * cos(lag))
        put(3, QUADRANT + (0 if lag > 0 else 6), count * unit * amperes / 2 * sin(lag))
        put(3, SQUARE, count * amperes * amperes / 2)
        self.finished_cross = array("i", [0] * 9)
        self.saturation = Saturation(4)
        self.offsets = Offsets(4)

    def microhertz(self):
        return 50000000

    def offset(self, phase):
        return 0


class Transformers(unittest.TestCase):
    def test_the_largest_ratios(self):
        plan = place(ratio=10000)
        plan.points[0].rated = 10000
        plan.voltage_ppm = 1000000000
        for raw in (1, 10**6, 10**9):
            energy = Energy(plan)
            made = Readings(1)
            made.points[0].exported, made.points[0].count = raw, 3200
            through(energy.add(made))
            right = raw * JOULES * 10000 * 10000 * 1000
            for got in (energy.of_point(0, EXPORT_J), energy.of_load(0, EXPORT_J)):
                self.assertTrue(abs(got - right) <= 1 + right / 1e5, (raw, got, right))


class Beyond(unittest.TestCase):
    def test_what_the_arrays_cannot_hold_is_unknown(self):
        """Not the largest number that they can; what is below it is itself."""
        reading = Readings(1).points[0]
        for value, right in ((21474836, 21474836), (21474837, None), (-3e7, None), (None, None)):
            reading.power = value
            self.assertEqual(reading.power, right)


class Corrections(unittest.TestCase):
    def test_ratio_and_phase_shift(self):
        for ratio, shift, lag in ((1, 0, 1.0), (120, 0, 0.5), (1, 3, 1.0), (2.5, -1.5, -0.7)):
            self.check(place(ratio=ratio, phase_shift=shift), ratio, shift, lag)

    def test_a_correction_goes_beside_them(self):
        found = {"ratio": 1.0125, "degrees": -0.75, "date": "2026-11-30"}
        for ratio, shift, lag in ((1, 0, 1.0), (120, 0, -0.5), (1, 3, 0.8)):
            plan = place(ratio=ratio, phase_shift=shift, correction=found)
            self.check(plan, ratio * 1.0125, shift - 0.75, lag)

    def check(self, plan, ratio, shift, lag):
        report = Report(plan.points)
        through(report.read(Sums(20000, 10000, lag)))
        reading = report.readings[0]
        amperes = 10000 * RATED * 1.5 * 2**0.5 / 32767 * ratio / 2**0.5
        apparent = 20000 * 0.015 / 2**0.5 * amperes
        true_lag = lag + shift * pi / 180
        for value, right in (
            (reading.current, amperes),
            (reading.power, apparent * cos(true_lag)),
            (reading.reactive, apparent * sin(true_lag)),
            (reading.factor, cos(true_lag)),
        ):
            self.assertTrue(abs(value - right) < 2e-5 * apparent + 1e-5, (value, right))
        energy = Energy(plan)
        through(energy.add(report.values))
        self.assertTrue(
            abs(energy.of_point(0, IMPORT_J) - apparent * cos(true_lag)) <= 1 + apparent / 1e5
        )

    def test_phase_shift_while_the_voltage_is_not_followed(self):
        plan = place(phase_shift=5)
        report, sums = Report(plan.points), Sums(20000, 10000, 0)
        point = 3 * REPORT_WORDS
        sums.finished[point + FOLLOWED] = sums.finished[point + QUADRANT] = 0
        sums.finished[point + EXPORT] = -sums.finished[point + IMPORT] & 0xFFFFFF
        sums.finished[point + EXPORT + 1] = -sums.finished[point + IMPORT + 1] - 1
        through(report.read(sums))
        reading = report.readings[0]
        self.assertTrue(reading.imported > 0)
        self.assertTrue(abs(reading.imported - reading.exported) <= 1)
        self.assertEqual([reading.quadrant(q) for q in range(4)], [0] * 4)
        self.assertTrue(reading.reactive is None)

    def test_offset(self):
        for offset in (7.5, -40, -800):  # of 262 W: the last one turns it into an export
            plan = place(power_offset=offset)
            report = Report(plan.points)
            through(report.read(Sums(20000, 1000, 1.0)))
            reading = report.readings[0]
            apparent = 20000 * 0.015 / 2 * 1000 * RATED * 1.5 * 2**0.5 / 32767
            true = apparent * cos(1.0) + offset
            self.assertTrue(abs(reading.power - true) < 0.02, (reading.power, true))
            self.assertTrue(abs(reading.reactive - apparent * sin(1.0)) < 0.02)
            energy = Energy(plan)
            for _ in range(10):
                through(energy.add(report.values))
            way, other = (IMPORT_J, EXPORT_J) if true > 0 else (EXPORT_J, IMPORT_J)
            self.assertTrue(abs(energy.of_point(0, way) - 10 * abs(true)) <= 1.2)
            self.assertEqual(energy.of_point(0, other), 0)


if __name__ == "__main__":
    unittest.main()
