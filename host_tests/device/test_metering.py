"""On the device: the kernel's sums against big integers, the windows, and that nothing is
allocated.

On the host host_tests/boards/test_device.py runs it; on a board
`mpremote run host_tests/device/test_metering.py`.
"""

import random
import unittest
from array import array
from math import pi, sin

import micropython

from site.sampling import BLOCK
import metering
from measure.oscillator import PAIRS, ROW_WORDS, UNIT
from metering import WORDS, Meter, accumulate, cross

EXTREMES = (-32768, 32767, -1, 0, 1)


def _samples(count, choices):
    return [
        random.choice(choices) if choices else random.getrandbits(16) - 32768 for _ in range(count)
    ]


def _references(volts, quadrature):
    """The same reference for all phases and kinds of channel, in the oscillator's layout: of each
    sample its voltage, of each pair its quadrature."""
    words = array("i", [0] * (3 * PAIRS * ROW_WORDS))
    for k in range(len(quadrature)):
        for p in range(6):
            at = (p // 2 * PAIRS + k) * ROW_WORDS + p % 2 * 5
            words[at] = -volts[2 * k]
            words[at + 1] = -volts[2 * k + 1]
            words[at + 2] = quadrature[k]
    return words


def _plan(*channels):
    """Of (phase, whether it is a voltage) pairs."""
    words = array("i")
    for phase, is_voltage in channels:
        words.extend(array("i", [phase * PAIRS * ROW_WORDS + 5 * is_voltage, phase, 0]))
    return words


def _value(sums, at):
    return (sums[at + 1] << 24) + sums[at]


class Sums(unittest.TestCase):
    def check(self, choices, rounds):
        """Sums over `rounds` blocks in pieces, against Python's big integers."""
        channels = 5
        currents = [_samples(BLOCK, choices) for _ in range(channels)]
        line = array("h", [sample for channel in currents for sample in channel])
        where = array("i", [i * BLOCK * 2 for i in range(channels)])
        plan = _plan((0, 1), (1, 1), (2, 1), (0, 0), (1, 0))
        sums = array("i", [0] * (channels * WORDS))
        exact = [[0, 0, 0] for _ in range(channels)]
        for _ in range(rounds):
            cut, later = sorted((random.randint(1, 62), random.randint(1, 62)))
            for first, end in ((0, cut), (cut, later + 1), (later + 1, BLOCK)):
                volts = _samples(BLOCK + 1, choices)
                quadrature = [random.choice((-UNIT, UNIT)) for _ in range(PAIRS)]
                references = _references(volts, quadrature)
                accumulate(
                    0, references, references, line, where, plan, channels, first, end, sums
                )
                for sum, current in zip(exact, currents):
                    for k in range(end - first):
                        x = current[first + k]
                        sum[0] += volts[k] * x
                        sum[1] += quadrature[k // 2] * x
                        sum[2] += x * x
        for i in range(channels):
            found = [_value(sums, i * WORDS + at) for at in (0, 2, 4)]
            self.assertEqual(found, exact[i])
            self.assertEqual(sums[i * WORDS + 6], rounds * BLOCK)

    def test_random(self):
        for _ in range(20):
            self.check(None, 3)

    def test_extremes(self):
        for _ in range(20):
            self.check(EXTREMES, 3)
        for extreme in EXTREMES:
            self.check((extreme,), 100)

    def test_products_of_voltages(self):
        for choices in (None, EXTREMES, (-32768,), (32767,), (-32768, 32767)):
            references = _references(_samples(BLOCK + 1, (0,)), [0] * PAIRS)
            volts = [_samples(BLOCK, choices) for _ in range(3)]
            for p in range(3):
                for k in range(BLOCK):
                    at = (p * PAIRS + k // 2) * ROW_WORDS + k % 2
                    references[at] = -volts[p][k]
            where = array("i", [0, 0, 0])
            sums = array("i", [0] * 9)
            for count in (64, 63, 1, 2):
                cross(references, references, references, where, count, sums)
            for p in range(3):
                products = [x * y for x, y in zip(volts[p], volts[(p + 1) % 3])]
                exact = sum(sum(products[:count]) for count in (64, 63, 1, 2))
                self.assertEqual((_value(sums, 3 * p), sums[3 * p + 2]), (exact, 130))
            where[1] = -1
            cross(references, references, references, where, 64, sums)
            self.assertEqual((sums[2], sums[5], sums[8]), (130, 130, 194))

    def test_missing_is_counted_and_not_summed(self):
        line = array("h", [100] * BLOCK * 4)
        references = _references([1] * BLOCK, [1] * PAIRS)
        for where in ([0, 0, 0, -2], [-1, 0, 0, 384]):
            sums = array("i", [0] * (4 * WORDS))
            plan = _plan((0, 1), (1, 1), (2, 1), (0, 0))
            where = array("i", where)
            accumulate(0, references, references, line, where, plan, 4, 10, 64, sums)
            self.assertEqual(list(sums[24:32]), [0, 0, 0, 0, 0, 0, 0, 54])


class Windows(unittest.TestCase):
    def feed(self, meter, blocks, frequency):
        """Blocks of a voltage and a current in phase; returns the lengths of the reports."""
        line = array("h", [0] * (BLOCK * 4))
        where = array("i", [0, 128, 256, 384])
        lengths = []
        sample = 0
        for _ in range(blocks):
            for k in range(BLOCK):
                line[k] = line[192 + k] = int(20000 * sin(2 * pi * frequency * sample / 3200))
                sample += 1
            first = 0
            while first < BLOCK:
                first = meter.add(line, where, first)
                if meter.due:
                    lengths.append(meter.samples)
                    meter.finish()
                    counts = [
                        meter.finished[i * metering.REPORT_WORDS + metering.COUNT]
                        for i in range(4)
                    ]
                    self.assertEqual(counts, [meter.finished_samples] * 4)
        return lengths

    def test_every_sample_is_in_one_report(self):
        for frequency in (45, 50, 60, 65):
            meter = Meter([0], 50)
            lengths = self.feed(meter, 150, frequency)
            rest = meter.samples + meter.pll.samples()
            self.assertEqual(sum(lengths) + rest, 150 * BLOCK)

    def test_windows_are_whole_cycles(self):
        for frequency in (45, 50, 60, 65):
            lengths = self.feed(Meter([0], 50, 0), 150, frequency)
            for length in lengths[-3:]:
                cycles = length * frequency / 3200
                self.assertTrue(abs(cycles - 10) < 2 * frequency / 3200, (frequency, length))

    def test_lost_blocks_are_missing_everywhere(self):
        meter = Meter([0], 50)
        self.feed(meter, 20, 50)
        meter.skip(3 * 64)
        self.feed(meter, 20, 50)
        meter.finish()
        missed = [meter.finished[i * metering.REPORT_WORDS + metering.MISSED] for i in range(4)]
        self.assertEqual(missed, [192] * 4)
        self.assertEqual(meter.lost, 192)

    def test_allocates_nothing(self):
        meter = Meter([0], 50, 1 << 28)
        self.feed(meter, 20, 50)
        line = array("h", [1000] * (BLOCK * 4))
        where = array("i", [0, 128, 256, 384])
        windows = meter.windows
        micropython.heap_lock()
        try:
            for _ in range(100):
                first = 0
                while first < BLOCK:
                    first = meter.add(line, where, first)
        finally:
            micropython.heap_unlock()
        self.assertTrue(meter.windows > windows + 5)


if __name__ == "__main__":
    unittest.main()
