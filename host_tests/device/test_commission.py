"""The advisor's native code against the same in floats and in plain loops."""

import unittest
from array import array
from math import log
from random import randint, seed

from measure.readings import MISSED, POWER, RATES, REACTIVE, SUMS, UNKNOWN, Readings
from commission.currents import Currents
from commission.grid_ways import WAYS
from commission.joint import NEVER, UNIT, add_unit, fill, weigh
from commission.matches import CODES, NONE, Matches, _fit, _score

VOLTS = (complex(231.5, 2), complex(-117, -199), complex(-113, 201))


def report(powers):
    values = Readings(len(powers))
    for i, power in enumerate(powers):
        if power is not None:
            power = complex(power)
            values.rates[RATES * i + POWER] = round(100 * power.real)
            values.rates[RATES * i + REACTIVE] = round(100 * power.imag)
    return values


class TheCurrents(unittest.TestCase):
    def taken(self, powers, volts=VOLTS):
        currents = Currents(bytes(i % len(volts) for i in range(len(powers))))
        self.assertTrue(currents.take(report(powers), volts))
        return currents

    def test_of_all_sizes_and_signs(self):
        powers = [
            complex(x * k, y * k)
            for k in (0.1, 7, 2300, 69000, 230000)
            for x, y in ((1, 0), (-1, 0.3), (0.2, -1), (-0.5, -0.8), (0, 1))
        ]
        currents = self.taken(powers)
        for i, power in enumerate(powers):
            right = power / VOLTS[i % 3]
            self.assertTrue(abs(currents.of([i], 0)[0] - right) < 1e-4 * abs(right) + 3e-5, power)

    def test_at_the_least_voltage(self):
        for volts in ((complex(-14.2, 14.2),), (complex(400, 0),)):
            currents = self.taken([complex(-900, 700)], volts)
            right = complex(-900, 700) / volts[0]
            self.assertTrue(abs(currents.of([0], 0)[0] - right) < 2e-4 * abs(right))
        self.assertFalse(Currents(b"\0").take(report([1j]), (complex(12, 9),)))

    def test_unknown_is_not_zero(self):
        values = report([None, complex(5, 5), complex(0, 0)])
        values.sums[SUMS + MISSED] = 3
        currents = Currents(b"\0\1\2")
        currents.take(values, VOLTS)
        self.assertEqual([currents.of([i], 0) for i in range(3)], [[], [], [0j]])
        self.assertEqual(currents.now[0], UNKNOWN)
        currents.take(report([100, 100, 100]), VOLTS)
        self.assertEqual([currents.knows(i) for i in range(3)], [False, False, True])
        self.assertEqual(currents.look(currents.before), 1)
        self.assertEqual(bytes(currents.switched), b"\0\0\1")

    def test_what_has_switched(self):
        currents = self.taken([1000, 1000, -20000, 20000j])
        currents.take(report([1030, 1090, -20500, 17000j]), VOLTS)
        self.assertEqual(currents.look(currents.before), 2)
        self.assertEqual(bytes(currents.switched), b"\0\1\0\1")
        right = complex(90, 0) / VOLTS[1]
        self.assertTrue(abs(currents.change(1, currents.before) - right) < 1e-3)


def of_grid(lines, points=()):
    """The Matches of a star's site: the grid's CTs come first, then `points` circuits."""
    load = Named(behind=False, top=None)
    loads = [load] * (lines + len(points))
    all_points = [Named(load=i, rated=100) for i in range(len(loads))]
    kinds = [Named(of_line=False)] * len(loads)
    return Matches(Named(points=all_points, loads=loads), kinds, range(lines))


class Named:
    def __init__(self, **fields):
        for name in fields:
            setattr(self, name, fields[name])


def gain(change, seen, noise):
    """The same in floats, of base 2: what is seen is the change and noise, or noise alone."""
    return log((noise + abs(seen) ** 2) / (noise + abs(seen - change) ** 2)) / log(2)


class TheMatches(unittest.TestCase):
    def test_how_likely_a_change_is(self):
        seed(2)
        gains, noise, none = array("i", bytes(12)), 30000, bytearray(3)
        for _ in range(200):
            parts = [randint(-1, 1) * randint(0, 4000) for _ in range(4)]
            now = array("i", parts[:2])
            says = _score(
                gains, 0, 0, 0, noise, array("i", parts[2:]), b"\0", 0, b"\1", none, now,
                array("i", [0, 0]), 1,
            )  # fmt: skip
            change, seen = complex(*parts[:2]), complex(*parts[2:])
            size = abs(change) ** 2
            self.assertEqual(says, 0 if 16 * size < noise else 2 if size > 4 * noise else 1)
            if says:
                for k, right in ((0, change), (1, -change)):
                    self.assertTrue(abs(gains[k] / 256 - gain(right, seen, noise)) < 0.02)

    def test_what_wishes_say(self):
        seed(5)
        for k in range(60):
            logs = array("h", [randint(-20000, 20000) * randint(0, 1) for _ in range(CODES)])
            others = array("h", [randint(0, 20000) for _ in range(3)])
            wishes = bytes(randint(0, 63) & randint(0, 63) for _ in range(9))
            fits = bytearray(9)
            _fit(fits, logs, others, k % 2, wishes, 9)
            for wish, fit in zip(wishes, fits):
                right = sum([logs[c] for c in range(CODES) if wish >> c & 1])
                for g in range(3):
                    if k % 2 and wish and not wish >> 2 * g & 3:
                        right += others[g]
                right *= 0.7 * log(2) / 256
                self.assertTrue(abs(fit - NONE - max(-NONE, min(255 - NONE, right))) < 1)

    def test_what_flickers_without_end(self):
        """Point 1 is what the grid's CT, point 0, sees; point 2 sees it turned; point 3 is alone;
        point 4 changes by less than a CT's noise."""
        matches, currents = of_grid(1, range(4)), Currents(bytes(5))
        volts = (complex(230, 0),)
        seed(3)
        for k in range(700):
            x, y, z = 8 * randint(-9, 9), 9 * randint(-9, 9), 7 * randint(-9, 9)
            powers = [900 + x - y, 200 + x, -200 + y, 100 + z, 1000 + k % 2]
            currents.take(report([complex(power, 0) for power in powers]), volts)
            if k:
                for _ in matches.note(currents, currents.before, False):
                    pass
        fits = bytearray(3)
        said = []
        for i in range(1, 5):
            matches.fit(i, bytes([1, 2, 0]), fits)
            said.append([fit - NONE for fit in fits])
        self.assertTrue(said[0][0] > 20 and said[0][1] < 0)
        self.assertTrue(said[1][1] > 20 and said[1][0] < 0)
        self.assertTrue(said[2][0] < -20 and said[2][1] < -20)
        self.assertEqual(said[3], [0, 0, 0])
        self.assertEqual([one[2] for one in said], [0] * 4)


class Together(unittest.TestCase):
    def test_the_best_of_all_ways(self):
        seed(11)
        points, size = 7, 5
        wanted = bytes(randint(0, size - 1) for _ in range(2 * WAYS))
        for _ in range(20):
            own = array("i", [randint(-40 * UNIT, UNIT) for _ in range(WAYS * points)])
            fits = bytes(randint(NONE - 40, NONE + 40) for _ in range(size * points))
            units = [((0, 3, 5), bytes(randint(0, 5) for _ in range(3 * WAYS)))]
            units += [((i,), bytes(range(WAYS))) for i in (1, 2, 4, 6)]
            kinds = [randint(0, 1) for _ in range(points)]
            text = bytearray()
            best = array("i", bytes(4 * WAYS * points))
            fill(best, len(best), NEVER)
            values = []
            for members, ways in units:
                add_unit(text, members, [kinds[i] for i in members], ways)
                values.append([])
                for h in range(WAYS):
                    value = own[WAYS * members[0] + h]
                    for at, i in enumerate(members):
                        wish = wanted[WAYS * kinds[i] + ways[WAYS * at + h]]
                        value += UNIT * (fits[size * i + wish] - NONE)
                    values[-1].append(value)
            total = sum([max(of_unit) for of_unit in values])
            given = text, len(text), own, fits, size, wanted
            self.assertEqual(weigh(best, *given, NEVER), total)
            self.assertEqual(set(best), {NEVER})
            weigh(best, *given, total - 1000)
            right = [NEVER] * len(best)
            for (members, ways), of_unit in zip(units, values):
                for at, i in enumerate(members):
                    for h in range(WAYS):
                        k = WAYS * i + ways[WAYS * at + h]
                        right[k] = max(right[k], total - 1000 - max(of_unit) + of_unit[h])
            self.assertEqual(list(best), right)


if __name__ == "__main__":
    unittest.main()
