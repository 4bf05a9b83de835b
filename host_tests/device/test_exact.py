"""On the device: 64 and 128 bits in pieces, against MicroPython's own big integers."""

import random
import unittest
from array import array

import micropython

from measure import exact

ROUNDS = 400


def number(bits):
    """A random integer of up to so many bits (62 at most), of either sign; small ones too."""
    bits = random.randrange(bits + 1)
    value = random.getrandbits(32) << 30 | random.getrandbits(30)
    value &= (1 << bits) - 1
    return -value if random.getrandbits(1) else value


def whole(product, p):
    value = 0
    for j in range(exact.PRODUCT):
        value |= product[exact.PRODUCT * p + j] << (16 * j)
    return value - (1 << 128) if value >> 127 else value


class Products(unittest.TestCase):
    def setUp(self):
        random.seed(7)
        self.product = array("H", [0] * (2 * exact.PRODUCT))
        self.factors = array("H", [0] * (2 * exact.LIMBS))

    def random_product(self):
        """Fill product 1; returns what it is."""
        total = 0
        for _ in range(4):
            values, factor = array("q", (0, number(62))), abs(number(48))
            minus = random.getrandbits(1)
            exact.factor(self.factors, 1, factor)
            exact.multiply(self.product, 1, values, 1, self.factors, 1, minus)
            total += -values[1] * factor if minus else values[1] * factor
        return total

    def test_multiply(self):
        for _ in range(ROUNDS):
            total = self.random_product()
            self.assertEqual((whole(self.product, 0), whole(self.product, 1)), (0, total))
            exact.take(self.product, 1, array("q", (0,)), 0)

    def test_take(self):
        for _ in range(ROUNDS):
            values, factor = array("q", (number(55), 5)), abs(number(30))
            exact.factor(self.factors, 0, factor)
            exact.multiply(self.product, 0, values, 0, self.factors, 0, 0)
            exact.take(self.product, 0, values, 1)
            self.assertEqual(values[1], values[0] * factor >> 24)
            self.assertEqual(whole(self.product, 0), 0)

    def test_count(self):
        for _ in range(ROUNDS):
            units = array("q", [abs(number(40)) for _ in range(4)])
            rest = array("q", [abs(number(60)) for _ in range(4)])
            right = [(units[r] << 60) + rest[r] for r in range(4)]
            total = self.random_product()
            right[2 if total < 0 else 1] += abs(total)
            exact.count(self.product, 1, units, rest, 1)
            self.assertEqual([(units[r] << 60) + rest[r] for r in range(4)], right)
            self.assertTrue(max(rest) >> 60 == 0 and whole(self.product, 1) == 0)


class Values(unittest.TestCase):
    def test_add_sign_widen(self):
        random.seed(8)
        for _ in range(ROUNDS):
            x, y = number(61), number(61)
            values, to = array("q", (x, y)), array("q", (9, x, 9))
            exact.add(to, 1, values, 1, 0)
            self.assertEqual(list(to), [9, x + y, 9])
            exact.add(to, 1, values, 1, 1)
            exact.add(to, 1, values, 1, 1)
            self.assertEqual(list(to), [9, x - y, 9])
            self.assertEqual(exact.sign(values, 1), (y > 0) - (y < 0))
            low, high = random.getrandbits(24), number(31)
            exact.widen(array("i", (7, low, high)), 1, values, 1)
            self.assertEqual(list(values), [x, (high << 24) + low])

    def test_allocates_nothing(self):
        values, product = array("q", (1 << 60, -3)), array("H", [0] * exact.PRODUCT)
        sums, factors = array("i", (5, -9)), array("H", [0xFFFF] * exact.LIMBS)
        micropython.heap_lock()
        try:
            exact.widen(sums, 0, values, 1)
            exact.multiply(product, 0, values, 0, factors, 0, 1)
            exact.count(product, 0, values, values, 0)
            exact.take(product, 0, values, 0)
            exact.add(values, 0, values, 1, 1)
            exact.sign(values, 1)
        finally:
            micropython.heap_unlock()


if __name__ == "__main__":
    unittest.main()
