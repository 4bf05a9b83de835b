"""From a report's sums to volts, amperes, watts: the only place where the counts of metering
become SI units.

Definitions follow IEEE 1459-2010: active power is the mean of v x i with all harmonics, apparent
power V x I, reactive power that of the fundamental (positive: the current lags), power factor P /
S. Energies stay integers, in counts x counts, to the end; floats are single precision on the
device, and only rates are. What is exact takes no heap (measure/exact.py), a rate some floats.
"""

from array import array
from math import atan2, cos, pi, sqrt

from micropython import const

from site.sampling import SAMPLE_RATE
from site.wiring import DELTA, STAR
import metering
from measure.exact import LIMBS, factor
from measure.oscillator import UNIT
from measure.phasors import sequences, turned
from measure.point_sums import FACTORS, MIX, SCALE, PointSums
from measure.readings import (
    ANGLE,
    APPARENT,
    COUNT,
    CURRENT,
    FACTOR,
    MISSED,
    POWER,
    RATES,
    REACTIVE,
    SCALES,
    SUMS,
    UNKNOWN,
    VOLTAGE,
    Readings,
    scaled,
    whole,
)
from metering import REPORT_WORDS

VOLTS_PER_COUNT = 0.015  # docs/a-bus.md section 2
COUNTS_AT_PEAK = 32767  # a current of AMPERES_AT_PEAK times the CT's rated current gives this
AMPERES_AT_PEAK = 1.5 * sqrt(2)
# A phase with less than one of these is not connected, its wire has picked up something: of the
# largest voltage that there is, of the declared one, V.
_OF_LARGEST = 0.4
_OF_DECLARED = 0.15
_LEAST = 14.1
# One that was connected stays so for a short dip (IEC 61000-4-30), while it has a twentieth.
_OF_DIPPED = 0.05
_DIP_S = const(3)
_SHIFT = const(24)  # fractions are integers in 2^-24
# Mean square (counts) under which a current is none: 0.04 % of the CT's rated current, a fifth of
# the least with which a class 1 meter on transformers must start (IEC 62053-21, 0.2 %).
_NO_LOAD = const(38)
_CURRENT = SCALES[CURRENT] * AMPERES_AT_PEAK / COUNTS_AT_PEAK  # 0.01 mA, of a CT rated 1 A
_TENTHS = 1800 / pi  # of a degree, of a radian

# In `supply`: volts of each phase and between lines (0.01 V), unbalance (0.01 %), frequency (uHz),
# each UNKNOWN where it is not measured.
SUPPLY = const(8)
VOLTS, LINES, UNBALANCE, FREQUENCY = 0, 3, 6, 7


class Voltage:
    """One phase over a report. `rms` in V, or None when it was not measured; `connected`: whether
    it is large enough to be the mains; `missed`: whether samples did not arrive; `clipped`:
    whether some were at the end of the scale. `offset`: see offsets.Offsets."""

    def __init__(self) -> None:
        self.factors = array("H", bytes(2 * LIMBS * FACTORS))  # `factor` and `lead`'s magnitude
        self.connected = False
        self._dipped = 0  # samples since it was large enough
        self.clear()

    def clear(self) -> None:
        self.rms: float | None = None
        self.offset = 0  # counts
        self.share = 0.0  # of `rms`, 1/1000: for 0.01 VA of 0.01 mA
        self.missed = self.clipped = False
        # Turns a point's quadrature sum into reactive energy: (b x factor + a x lead) / 2^24. 0:
        # the voltage is not connected, there is none.
        self.factor = 0
        self.lead = 0

    def judge(self, enough: float, most: float, samples: int) -> None:
        """Whether it is connected, after so many samples more: with `enough` V, or in a dip that
        is short, of a supply whose largest voltage is `most`."""
        if self.rms is None:
            self.connected = False
        elif self.rms >= enough:
            self.connected, self._dipped = True, 0
        elif self.connected:
            self._dipped += samples
            if self._dipped > _DIP_S * SAMPLE_RATE or self.rms < _OF_DIPPED * most:
                self.connected = False


class Report:
    """What one report measured. `points`: metering points of the site, `rated` (A), `phase` (0 to
    2) and `reversed` each; `voltage_ppm`: the voltage transformers' ratio x 1000000; wiring: what
    the voltages are, see site/wiring.py; declared: what they should be, V.

    `values`: readings.Readings of the points; `readings`: the Reading of each, `rates`: their
    array. `supply`: SUPPLY words, as `rates`: what belongs to no point."""

    def __init__(
        self,
        points: Sequence[Point],
        voltage_ppm: int = 1000000,
        wiring: int = STAR,
        declared: float = 0,
    ):
        self.microhertz = 0
        self.samples = 0  # its length in 1/3200 s
        self.phasors: list[Phasor | None] = [None] * 3  # of the voltages' fundamentals, V peak
        self.voltages = [Voltage() for _ in range(3)]
        self.frequency: float | None = None  # Hz
        # V rms between L1 and L2, L2 and L3, L3 and L1.
        self.lines: list[float | None] = [None] * 3
        # Negative over positive sequence of the fundamental, %; where L3 comes before L2
        # (`turns_back`) it is positive over negative.
        self.unbalance: float | None = None
        self.turns_back = False
        self.values = Readings(len(points))
        self.readings = self.values.points
        self.rates = self.values.rates
        self.supply = array("i", [UNKNOWN] * SUPPLY)
        self._points = points
        self._wiring = wiring
        self._least = max(_LEAST, _OF_DECLARED * declared)
        self._volts = VOLTS_PER_COUNT * voltage_ppm / 1000000
        # 0.01 mA of a count of each point.
        currents = [p.rated * p.ratio_ppm / 1000000 * _CURRENT for p in points]
        self._currents = array("f", currents)
        self._sums = PointSums()

    def read(self, meter: Meter) -> Steps:
        """Take the report that the meter has finished: a generator that works for some ms between
        two yields. What it has read is right when it has ended."""
        self.samples = meter.finished_samples
        self.microhertz = meter.pll.microhertz()
        # The reference waves' amplitude as sums over pairs see it.
        unit = UNIT * cos(pi * self.microhertz / 1000000 / SAMPLE_RATE)
        sums = meter.finished
        phasors = self.phasors = []
        most = max([self._read_rms(p, meter) for p in range(3)])
        for p in range(3):
            voltage = self.voltages[p]
            voltage.judge(max(self._least, _OF_LARGEST * most), most, self.samples)
            phasor = self._read_phasor(voltage, sums, p * REPORT_WORDS, unit)
            phasors.append(phasor and turned(phasor, meter.pll.offset(p)))
            self.supply[VOLTS + p] = scaled(voltage.rms, 100)
        yield
        self.frequency = self.microhertz / 1000000 if any(phasors) else None
        self._read_sequences(phasors)
        self._read_lines(sums, meter.finished_cross)
        for p in range(3):
            self.voltages[p].clipped = meter.saturation.voltage(p)
        meter.saturation.write_to(self.values.saturated)
        self.values.clear()
        for i in range(len(self._points)):
            yield
            self._read_point(i, self._points[i], meter, (3 + i) * REPORT_WORDS)

    def settle(self) -> None:
        """Write `supply`, when all else is read."""
        supply = self.supply
        for p in range(3):
            supply[VOLTS + p] = scaled(self.voltages[p].rms, 100)
            supply[LINES + p] = scaled(self.lines[p], 100)
        supply[UNBALANCE] = scaled(self.unbalance, 100)
        supply[FREQUENCY] = UNKNOWN if self.frequency is None else self.microhertz

    def _read_rms(self, p, meter):
        """Returns it, 0 when it was not measured."""
        voltage, sums, at = self.voltages[p], meter.finished, p * REPORT_WORDS
        voltage.clear()
        voltage.missed = sums[at + metering.MISSED] > 0
        n = sums[at + metering.COUNT]
        if not n:
            return 0
        square = _float(sums, at + metering.SQUARE) / n
        voltage.offset = meter.offsets.mean(p, square)
        voltage.rms = self._volts * sqrt(max(0.0, square - voltage.offset * voltage.offset))
        voltage.share = voltage.rms / 1000
        return voltage.rms

    def _read_phasor(self, voltage, sums, at, unit):
        """Returns (in phase with its reference, ahead of it) of the fundamental, V peak, or None
        when the voltage is not connected or was not followed."""
        n = sums[at + metering.FOLLOWED]
        if not n or not voltage.connected:
            return None
        a = _integer(sums, at + metering.IMPORT) + _integer(sums, at + metering.EXPORT)
        b = 0
        for quadrant in range(4):
            b += _integer(sums, at + metering.QUADRANT + 2 * quadrant)
        scale = 2 * self._volts / unit
        x, y = scale * (a / n), -scale * (b / n)
        if a <= 0:
            return None
        # The fundamental's amplitude is 2 sqrt(a a + b b) / (unit n), and the reference is behind
        # it by the angle whose tangent is -b / a.
        voltage.factor = ((a * a + b * b) << _SHIFT + 9) // (int(unit * unit * 256) * n * a)
        voltage.lead = (-b << _SHIFT) // a
        factor(voltage.factors, SCALE, voltage.factor)
        factor(voltage.factors, MIX, abs(voltage.lead))
        return x, y

    def _read_lines(self, sums, crossed):
        if self._wiring == STAR:
            for p in range(3):
                self.lines[p] = self._between(p, (p + 1) % 3, sums, crossed)
            return
        self.lines[0] = self.voltages[2].rms
        if self._wiring == DELTA:
            self.lines[1], self.lines[2] = self.voltages[1].rms, self.voltages[0].rms

    def _read_sequences(self, phasors):
        self.unbalance, self.turns_back = None, False
        if not all(phasors) or self._wiring not in (STAR, DELTA):
            return
        if self._wiring == DELTA:  # L1-L2, L2-L3, L3-L1
            x, y = phasors[0]
            phasors = phasors[2], phasors[1], (-x, -y)
        positive, negative = sequences(phasors)
        self.turns_back = negative > positive
        most = max(positive, negative)
        if most:
            self.unbalance = 100 * min(positive, negative) / most

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

    def _read_point(self, i, point, meter, at):
        sums = meter.finished
        n = sums[at + metering.COUNT]
        values, voltage = self.values.sums, self.voltages[point.phase]
        values[i * SUMS + COUNT] = n
        values[i * SUMS + MISSED] = sums[at + metering.MISSED]
        if not n:
            return
        rates, first_rate = self.rates, i * RATES
        if not point.phaseless:
            rates[first_rate + VOLTAGE] = self.supply[VOLTS + point.phase]
        square = _float(sums, at + metering.SQUARE) / n
        direct = meter.offsets.mean(3 + i, square)
        square -= direct * direct
        if square < _NO_LOAD:
            rates[first_rate + POWER] = rates[first_rate + APPARENT] = 0
            rates[first_rate + CURRENT] = 0
            if voltage.factor:
                rates[first_rate + REACTIVE] = 0
            return
        current = self._currents[i] * sqrt(square)
        rates[first_rate + CURRENT] = whole(current)
        if not voltage.connected or point.phaseless:  # what this current carries is not known
            values[i * SUMS + COUNT] = 0
            values[i * SUMS + MISSED] += n
            return
        apparent = current * voltage.share
        rates[first_rate + APPARENT] = whole(apparent)
        followed = sums[at + metering.FOLLOWED] if voltage.factor else 0
        # What one count of the sums' mean is, 0.01 W.
        unit = self._currents[i] * self._volts / 1000
        offset = int(point.offset * 100 / unit * n) if point.offset else 0
        if direct and voltage.offset:
            offset -= int(direct * voltage.offset * n)
        exact = self._sums
        exact.read(sums, at, n, followed, voltage, point, offset, values, i * SUMS)
        unit /= n
        power = unit * exact.net()
        rates[first_rate + POWER] = whole(power)
        if followed:
            reactive = unit * exact.lagging()
            rates[first_rate + REACTIVE] = whole(reactive)
            rates[first_rate + ANGLE] = round(atan2(reactive, power) * _TENTHS)
        if apparent:
            cosine = round(power / apparent * SCALES[FACTOR])
            rates[first_rate + FACTOR] = max(-SCALES[FACTOR], min(SCALES[FACTOR], cosine))


def _float(sums, at):
    return sums[at + 1] * 16777216.0 + sums[at]


def _integer(sums, at):
    return (sums[at + 1] << 24) + sums[at]
