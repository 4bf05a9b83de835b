"""On the device: voltages between lines and synthesised ones, against Python's integers; at the
extremes of 16 bits, and without allocating."""

import random
import unittest
from array import array
from math import cos, pi

import micropython

from measure import line_voltages
from measure.phantom_voltages import PhantomVoltages

PAD = 5  # samples before and between the channels: nothing else is touched


def block(*voltages):
    """(samples, where) with these voltages of 64 samples each, and sentinels around them."""
    samples = array("h", [77] * PAD)
    where = array("i", [])
    for voltage in voltages:
        where.append(2 * len(samples))
        samples.extend(array("h", voltage))
        samples.extend(array("h", [77] * PAD))
    return samples, where


def channels(samples, where):
    return [list(samples[at // 2 : at // 2 + 64]) for at in where]


def clipped(x):
    return max(-32768, min(32767, x))


class LineVoltages(unittest.TestCase):
    def test_differences(self):
        random.seed(5)
        values = (-32768, -32767, -1, 0, 1, 32766, 32767)
        a, b, c = [
            [random.choice(values) if k % 2 else random.getrandbits(16) - 32768 for k in range(64)]
            for _ in range(3)
        ]
        for make, right in (
            (
                line_voltages.delta,
                [
                    [clipped(x - z) for x, z in zip(a, c)],
                    [clipped(y - z) for y, z in zip(b, c)],
                    [clipped(x - y) for x, y in zip(a, b)],
                ],
            ),
            (line_voltages.split, [a, b, [clipped(x - y) for x, y in zip(a, b)]]),
        ):
            samples, where = block(a, b, c)
            micropython.heap_lock()
            make(samples, where)
            micropython.heap_unlock()
            self.assertEqual(channels(samples, where), right)
            self.assertEqual(sum(samples), sum(map(sum, right)) + 4 * PAD * 77)

    def test_what_is_made_of_a_missing_one_is_missing(self):
        for make, gone, left in (
            (line_voltages.delta, 0, ()),
            (line_voltages.delta, 1, ()),
            (line_voltages.delta, 2, ()),
            (line_voltages.split, 0, (1,)),
            (line_voltages.split, 1, (0,)),
            (line_voltages.split, 2, (0, 1)),
        ):
            samples, where = block([1] * 64, [2] * 64, [3] * 64)
            where[gone] = -2
            make(samples, where)
            self.assertEqual([p for p in range(3) if where[p] >= 0], list(left))


class Synthesised(unittest.TestCase):
    def test_a_third_of_a_turn(self):
        for hertz in (40, 47.3, 50, 60, 70):
            maker = PhantomVoltages({1: (0, -120), 2: (0, 120)}, 50)
            maker.tune(hertz)
            turn = 2 * pi * hertz / 3200
            for number in range(4):
                wave = [round(30000 * cos(turn * (64 * number + k))) for k in range(64)]
                samples, where = block(wave, [9] * 64, [9] * 64)
                micropython.heap_lock()
                maker.make(samples, where)
                micropython.heap_unlock()
                if not number:
                    self.assertEqual([at >= 0 for at in where], [True, False, False])
                    continue
                first, second, third = channels(samples, where)
                self.assertEqual(first, wave)
                for made, lead in ((second, -1), (third, 1)):
                    for k in range(64):
                        right = 30000 * cos(turn * (64 * number + k) + lead * 2 * pi / 3)
                        self.assertTrue(abs(made[k] - right) < 4, (hertz, k, made[k], right))

    def test_half_a_turn_is_the_other_sign(self):
        maker = PhantomVoltages({1: (0, 180)}, 60)
        random.seed(6)
        for number in range(3):
            wave = [random.choice((-32768, 32767, 0, 5)) for _ in range(64)]
            samples, where = block(wave, [9] * 64, [9] * 64)
            maker.make(samples, where)
            if number:
                self.assertEqual(channels(samples, where)[1], [clipped(-x) for x in wave])

    def test_a_gap_of_the_source(self):
        maker = PhantomVoltages({1: (0, -120)}, 50)
        there = []
        for gone in (False, False, True, False, False):
            samples, where = block([100] * 64, [0] * 64, [0] * 64)
            if gone:
                where[0] = -2
            maker.make(samples, where)
            there.append(where[1] >= 0)
        maker.skip()
        samples, where = block([100] * 64, [0] * 64, [0] * 64)
        maker.make(samples, where)
        self.assertEqual(there + [where[1] >= 0], [False, True, False, False, True, False])


if __name__ == "__main__":
    unittest.main()
