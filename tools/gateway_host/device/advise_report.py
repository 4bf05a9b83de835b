"""What the wiring advisor reads of a quantities.Report, from numbers that somebody else gives."""

from measure.readings import MISSED, POWER, RATES, REACTIVE, SUMS, Readings

_PEAK = 0.7071067811865475


class Voltage:
    missed = False
    rms = None


class Report:
    """What the advisor reads of a quantities.Report."""

    def __init__(self, count):
        self.values = Readings(count)
        self.voltages = [Voltage() for _ in range(3)]
        self.phasors = [None] * 3

    def take(self, volts, words):
        for p in range(3):
            x, y = volts[2 * p], volts[2 * p + 1]
            there = x or y
            self.phasors[p] = (x, y) if there else None
            self.voltages[p].rms = abs(complex(x, y)) * _PEAK if there else None
        rates = self.values.rates
        for i in range(len(words) // 2):
            rates[RATES * i + POWER] = words[2 * i]
            rates[RATES * i + REACTIVE] = words[2 * i + 1]
            self.values.sums[SUMS * i + MISSED] = 0
