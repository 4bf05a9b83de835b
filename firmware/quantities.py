"""From a report's sums to volts, amperes, watts: the only place where the counts of metering
become SI units.

Floats are single precision on the device: only rates pass through here, never energy. Definitions
follow IEEE 1459-2010: active power is the mean of v x i with all harmonics, apparent power V x I,
reactive power that of the fundamental (positive: the current lags), power factor P / S. Allocates
floats; called once a report.
"""

from math import cos, pi, sqrt

import metering
from mains import SAMPLE_RATE, UNIT
from metering import REPORT_WORDS

VOLTS_PER_COUNT = 0.015  # docs/a-bus.md section 2
COUNTS_AT_PEAK = 32767  # a current of AMPERES_AT_PEAK times the CT's rated current gives this
AMPERES_AT_PEAK = 1.5 * sqrt(2)


class Voltage:
    """One phase over a report. `rms` in V, or None when it was not measured."""

    def __init__(self):
        self.rms = None
        self.peak = 0.0  # of the fundamental, in counts
        self.sine = 0.0  # of the angle by which it led its reference
        self.cosine = 1.0


class Reading:
    """One point over a report: W, var, VA, A, V, power factor (-1 to 1). None: not measured (or,
    of `factor`, no current).

    `imported` and `exported`: sums of voltage x current in counts, exact, both at least 0, after a
    reversed CT is put right. `count`: samples measured, `missed`: samples that did not arrive.
    """

    def __init__(self):
        self.clear()

    def clear(self):
        self.power = self.reactive = self.apparent = self.factor = self.current = self.voltage = (
            None
        )
        self.imported = self.exported = self.count = self.missed = 0


class Report:
    """What one report measured. `points`: metering points of the site, `rated` (A), `phase` (0 to
    2) and `reversed` each; `voltage_ppm`: the voltage transformers' ratio x 1000000."""

    def __init__(self, points, voltage_ppm=1000000):
        self.frequency = None  # Hz
        self.microhertz = 0
        self.samples = 0  # its length in 1/3200 s
        self._unit = UNIT  # amplitude of the reference waves as the sums over pairs see it
        self.voltages = [Voltage() for _ in range(3)]
        self.readings = [Reading() for _ in points]
        self._points = points
        self._volts = VOLTS_PER_COUNT * voltage_ppm / 1000000

    def read(self, meter):
        """Take the meter's finished report."""
        self.samples = meter.samples
        self.microhertz = meter.mains.microhertz(self.samples)
        self._unit = UNIT * cos(pi * self.microhertz / 1000000 / SAMPLE_RATE)
        sums = meter.report
        connected = False
        for p in range(3):
            connected = self._read_voltage(self.voltages[p], sums, p * REPORT_WORDS) or connected
        self.frequency = self.microhertz / 1000000 if connected else None
        for i in range(len(self._points)):
            self._read_point(self.readings[i], self._points[i], sums, (3 + i) * REPORT_WORDS)

    def _read_voltage(self, voltage, sums, at):
        """Returns whether the voltage is connected: more than 20 V peak."""
        voltage.rms = None
        voltage.peak, voltage.sine, voltage.cosine = 0.0, 0.0, 1.0
        n = sums[at + metering.COUNT]
        if not n:
            return False
        voltage.rms = self._volts * sqrt(_float(sums, at + metering.SQUARE) / n)
        n = sums[at + metering.FOLLOWED]
        if not n:
            return False
        in_phase = (_float(sums, at + metering.IMPORT) + _float(sums, at + metering.EXPORT)) / n
        quadrature = _float(sums, at + metering.QUADRATURE) / n
        size = sqrt(in_phase * in_phase + quadrature * quadrature)
        if 2 * size / self._unit * VOLTS_PER_COUNT < 20:
            return False
        voltage.peak = 2 * size / self._unit
        voltage.sine = -quadrature / size
        voltage.cosine = in_phase / size
        return True

    def _read_point(self, reading, point, sums, at):
        n = sums[at + metering.COUNT]
        reading.clear()
        reading.count = n
        reading.missed = sums[at + metering.MISSED]
        if not n:
            return
        voltage = self.voltages[point.phase]
        amperes = point.rated * point.ratio_ppm / 1000000 * AMPERES_AT_PEAK / COUNTS_AT_PEAK
        sign = -1 if point.reversed else 1
        watts = sign * amperes * self._volts
        imported = _float(sums, at + metering.IMPORT)
        exported = _float(sums, at + metering.EXPORT)
        reading.power = watts * (imported + exported) / n
        reading.current = amperes * sqrt(_float(sums, at + metering.SQUARE) / n)
        reading.voltage = voltage.rms
        reading.apparent = reading.current * voltage.rms
        followed = sums[at + metering.FOLLOWED]
        if followed and voltage.peak:
            quadrature = _float(sums, at + metering.QUADRATURE) / followed
            lagging = watts * voltage.peak / self._unit * quadrature
            reading.reactive = (lagging + reading.power * voltage.sine) / voltage.cosine
            if point.shift:
                power, reactive = reading.power, reading.reactive
                reading.power = power * point.cosine - reactive * point.sine
                reading.reactive = reactive * point.cosine + power * point.sine
        if reading.apparent:
            reading.factor = max(-1.0, min(1.0, reading.power / reading.apparent))
        imported = _integer(sums, at + metering.IMPORT)
        exported = -_integer(sums, at + metering.EXPORT)
        if point.reversed:
            imported, exported = exported, imported
        reading.imported = imported
        reading.exported = exported


def _float(sums, at):
    return sums[at + 1] * 16777216.0 + sums[at]


def _integer(sums, at):
    return (sums[at + 1] << 24) + sums[at]
