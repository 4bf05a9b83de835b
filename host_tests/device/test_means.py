"""Means of 15 minutes of reports, against Python's own integers."""

import os
import unittest
from array import array

from measure.readings import APPARENT, CURRENT, RATES, REACTIVE, UNKNOWN
from energy.means import Means

POINTS = 3
KINDS = (CURRENT, APPARENT, REACTIVE)
EDGES = (0, -1, 1, 0x7FFFFFFF, -0x7FFFFFFF, 0x8000, -0x8000, 0xFFFF, -0x10000, UNKNOWN)


def number():
    """An edge as often as any other."""
    dice = os.urandom(5)
    if dice[0] & 1:
        return EDGES[dice[1] % len(EDGES)]
    value = int.from_bytes(dice[1:], "little")
    return max(value - (1 << 31), -0x7FFFFFFF)


class Exact(unittest.TestCase):
    def test_against_integers(self):
        means = Means(POINTS)
        seen = [[] for _ in range(POINTS * len(KINDS))]
        rates = array("i", [0] * (RATES * POINTS))
        for _ in range(900):
            for i in range(POINTS):
                for k in KINDS:
                    value = rates[RATES * i + k] = number()
                    if value != UNKNOWN:
                        seen[len(KINDS) * i + KINDS.index(k)].append(value)
            means.add(rates)
        for i in range(POINTS):
            found = means.current(i), means.apparent(i), means.reactive(i)
            for k in range(len(KINDS)):
                values = seen[len(KINDS) * i + k]
                right = (sum(values) + len(values) // 2) // len(values)
                self.assertEqual(found[k], right)

    def test_never_known(self):
        means = Means(1)
        means.add(array("i", [UNKNOWN] * RATES))
        self.assertEqual((means.current(0), means.apparent(0), means.reactive(0)), (None,) * 3)


if __name__ == "__main__":
    unittest.main()
