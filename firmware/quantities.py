"""From a report's sums to volts, amperes, watts: the only place where the counts of metering
become SI units.

Definitions follow IEEE 1459-2010: active power is the mean of v x i with all harmonics, apparent
power V x I, reactive power that of the fundamental (positive: the current lags), power factor P /
S. Energies stay integers, in counts x counts, to the end; floats are single precision on the
device, and only rates are. Allocates; called once a report.
"""

from math import atan2, cos, pi, sin, sqrt

import metering
import readings
from mains import SAMPLE_RATE, UNIT
from metering import REPORT_WORDS
from micropython import const
from wiring import DELTA, STAR

VOLTS_PER_COUNT = 0.015  # docs/a-bus.md section 2
COUNTS_AT_PEAK = 32767  # a current of AMPERES_AT_PEAK times the CT's rated current gives this
AMPERES_AT_PEAK = 1.5 * sqrt(2)
_SHIFT = const(24)  # fractions are integers in 2^-24
_ONE = const(1 << 24)
# Mean square (counts) under which a current is none: 0.04 % of the CT's rated current, a fifth of
# the least with which a class 1 meter on transformers must start (IEC 62053-21, 0.2 %).
_NO_LOAD = const(38)


class Voltage:
    """One phase over a report. `rms` in V, or None when it was not measured; `missed`: whether
    samples did not arrive."""

    def __init__(self):
        self.clear()

    def clear(self):
        self.rms = None
        self.missed = False
        # Turns a point's quadrature sum into reactive energy: (b x factor + a x lead) / 2^24. 0:
        # the voltage is not connected, there is none.
        self.factor = 0
        self.lead = 0


class Report:
    """What one report measured. `points`: metering points of the site, `rated` (A), `phase` (0 to
    2) and `reversed` each; `voltage_ppm`: the voltage transformers' ratio x 1000000; wiring: what
    the voltages are, see wiring.py."""

    def __init__(self, points, voltage_ppm=1000000, wiring=STAR):
        self.frequency = None  # Hz
        self.microhertz = 0
        self.samples = 0  # its length in 1/3200 s
        self.voltages = [Voltage() for _ in range(3)]
        self.lines = [None] * 3  # V rms between L1 and L2, L2 and L3, L3 and L1
        self.unbalance = None  # negative over positive sequence of the fundamental, %
        self.readings = readings.make(len(points))
        self._points = points
        self._wiring = wiring
        self._volts = VOLTS_PER_COUNT * voltage_ppm / 1000000

    def read(self, meter):
        """Take the meter's finished report."""
        self.samples = meter.samples
        self.microhertz = meter.mains.microhertz(self.samples)
        # The reference waves' amplitude as sums over pairs see it.
        unit = UNIT * cos(pi * self.microhertz / 1000000 / SAMPLE_RATE)
        sums = meter.report
        phasors = []
        for p in range(3):
            phasor = self._read_voltage(self.voltages[p], sums, p * REPORT_WORDS, unit)
            phasors.append(phasor and _turned(phasor, meter.mains.offset(p)))
        self.frequency = self.microhertz / 1000000 if any(phasors) else None
        self.unbalance = self._unbalance(phasors) if all(phasors) else None
        self._read_lines(sums, meter.crossed)
        for i in range(len(self._points)):
            self._read_point(self.readings[i], self._points[i], sums, (3 + i) * REPORT_WORDS)
        meter.saturation.tell(self.readings)

    def _read_voltage(self, voltage, sums, at, unit):
        """Returns (in phase with its reference, ahead of it) of the fundamental, V peak, or None
        when the voltage is not connected: 20 V peak or less."""
        voltage.clear()
        voltage.missed = sums[at + metering.MISSED] > 0
        n = sums[at + metering.COUNT]
        if not n:
            return None
        voltage.rms = self._volts * sqrt(_float(sums, at + metering.SQUARE) / n)
        n = sums[at + metering.FOLLOWED]
        if not n:
            return None
        a = _integer(sums, at + metering.IMPORT) + _integer(sums, at + metering.EXPORT)
        b = 0
        for quadrant in range(4):
            b += _integer(sums, at + metering.QUADRANT + 2 * quadrant)
        scale = 2 * self._volts / unit
        x, y = scale * (a / n), -scale * (b / n)
        if a <= 0 or x * x + y * y < 400:
            return None
        # The fundamental's amplitude is 2 sqrt(a a + b b) / (unit n), and the reference is behind
        # it by the angle whose tangent is -b / a.
        voltage.factor = ((a * a + b * b) << _SHIFT + 9) // (int(unit * unit * 256) * n * a)
        voltage.lead = (-b << _SHIFT) // a
        return x, y

    def _read_lines(self, sums, crossed):
        if self._wiring == STAR:
            for p in range(3):
                self.lines[p] = self._between(p, (p + 1) % 3, sums, crossed)
            return
        self.lines[0] = self.voltages[2].rms
        if self._wiring == DELTA:
            self.lines[1], self.lines[2] = self.voltages[1].rms, self.voltages[0].rms

    def _unbalance(self, phasors):
        if self._wiring == STAR:
            return _unbalance(phasors)
        if self._wiring == DELTA:  # L1-L2, L2-L3, L3-L1
            x, y = phasors[0]
            return _unbalance((phasors[2], phasors[1], (-x, -y)))
        return None

    def _between(self, p, q, sums, crossed):
        """V rms between two phases, from the squares and the products; None where it is not
        measured."""
        n = crossed[p * metering.CROSS_WORDS + 2]
        a, b = self.voltages[p], self.voltages[q]
        if not n or not (a.factor and b.factor):
            return None
        square = -2 * _integer(crossed, p * metering.CROSS_WORDS) / n
        for phase in (p, q):
            at = phase * REPORT_WORDS
            square += _integer(sums, at + metering.SQUARE) / sums[at + metering.COUNT]
        return self._volts * sqrt(max(0.0, square))

    def _read_point(self, reading, point, sums, at):
        n = sums[at + metering.COUNT]
        reading.clear()
        reading.count = n
        reading.missed = sums[at + metering.MISSED]
        if not n:
            return
        voltage = self.voltages[point.phase]
        reading.voltage = volts = voltage.rms
        square = _integer(sums, at + metering.SQUARE)
        if square < _NO_LOAD * n:
            reading.power = reading.apparent = reading.current = 0.0
            reading.reactive = 0.0 if voltage.factor else None
            return
        amperes = point.rated * point.ratio_ppm / 1000000 * AMPERES_AT_PEAK / COUNTS_AT_PEAK
        reading.current = current = amperes * sqrt(square / n)
        reading.apparent = apparent = current * volts
        followed = sums[at + metering.FOLLOWED] if voltage.factor else 0
        offset = int(point.offset / (amperes * self._volts) * n) if point.offset else 0
        net = lagging = 0
        for side in range(2):  # import, export
            active = _integer(sums, at + metering.IMPORT + 2 * side)
            lag = lead = 0
            if followed:
                # The quadrants I and IV are those of import, II and III those of export.
                lag = _integer(sums, at + metering.QUADRANT + 2 * side)
                lead = _integer(sums, at + metering.QUADRANT + 6 - 2 * side)
            if not active and not lag and not lead:
                continue
            lag *= voltage.factor
            lead *= voltage.factor
            if followed != n and followed:
                lag, lead = lag * n // followed, lead * n // followed
            if lag >= -lead:
                lag += active * voltage.lead
            else:
                lead += active * voltage.lead
            lag >>= _SHIFT
            lead >>= _SHIFT
            if point.reversed:
                active, lag, lead = -active, -lag, -lead
            if point.shift:
                active, lag, lead = _turn(active, lag, lead, point.cosine, point.sine)
            active += offset
            offset = 0
            _count(reading, active, lag, lead)
            net += active
            lagging += lag + lead
        watts = amperes * self._volts / n
        reading.power = power = watts * net
        if followed:
            reading.reactive = reactive = watts * lagging
            reading.angle = atan2(reactive, power) * 180 / pi
        if apparent:
            reading.factor = max(-1.0, min(1.0, power / apparent))


def _turn(active, lag, lead, cosine, sine):
    """Sums after their angle was turned by that with `cosine` and `sine`."""
    cosine, sine = int(cosine * _ONE), int(sine * _ONE)
    turned = active * cosine - (lag + lead) * sine
    lag, lead = lag * cosine, lead * cosine
    if abs(lag) >= abs(lead):
        lag += active * sine
    else:
        lead += active * sine
    return turned >> _SHIFT, lag >> _SHIFT, lead >> _SHIFT


def _count(reading, active, lag, lead):
    """Count signed sums in the direction and the quadrants that they have: of reactive energy the
    part of windows with lagging current and of those with leading apart."""
    if active >= 0:
        reading.imported += active
    else:
        reading.exported -= active
    for part in (lag, lead):
        if part > 0:
            reading.add_quadrant(0 if active >= 0 else 1, part)
        elif part:
            reading.add_quadrant(3 if active >= 0 else 2, -part)


def _turned(phasor, angle):
    """A phasor (x, y) turned by an angle in radians."""
    x, y = phasor
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)


def _unbalance(phasors):
    """Negative over positive sequence, % (IEC 61000-4-30): of three phasors (x, y)."""
    sizes = []
    for turn in (-2 * pi / 3, 2 * pi / 3):
        x, y = phasors[0]
        for k in (1, 2):
            dx, dy = _turned(phasors[k], -turn * k)
            x += dx
            y += dy
        sizes.append(sqrt(x * x + y * y))
    return 100 * sizes[1] / sizes[0] if sizes[0] else None


def _float(sums, at):
    return sums[at + 1] * 16777216.0 + sums[at]


def _integer(sums, at):
    return (sums[at + 1] << 24) + sums[at]
