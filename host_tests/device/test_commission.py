"""The advisor's native code against the same in floats and in plain loops."""

import unittest
from array import array
from math import log
from random import randint, seed

from measure.readings import MISSED, POWER, RATES, REACTIVE, SUMS, UNKNOWN, Readings
from commission.currents import MIDDLE, NOT_COMPARED, Currents, floor
from commission.grid_ways import WAYS
from commission.joint import NEVER, UNIT, add_unit, weigh
from commission.matches import NONE, Matches, _score
from commission.ratios import Ratios

VOLTS = (complex(231.5, 2), complex(-117, -199), complex(-113, 201))


def report(powers):
    values = Readings(len(powers))
    for i, power in enumerate(powers):
        if power is not None:
            power = complex(power)
            values.rates[RATES * i + POWER] = round(100 * power.real)
            values.rates[RATES * i + REACTIVE] = round(100 * power.imag)
    return values


GRID_OF_3 = bytes([NOT_COMPARED] * 3 + [0])  # and a point


class TheCurrents(unittest.TestCase):
    def taken(self, powers, volts=VOLTS):
        phases = bytes(i % len(volts) for i in range(len(powers)))
        currents = Currents(phases, bytes([25] * len(phases)))
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
        self.assertFalse(Currents(b"\0", b"\0").take(report([1j]), (complex(12, 9),)))

    def test_unknown_is_not_zero(self):
        values = report([None, complex(5, 5), complex(0, 0)])
        values.sums[SUMS + MISSED] = 3
        currents = Currents(b"\0\1\2", bytes(3))
        currents.take(values, VOLTS)
        self.assertEqual([currents.of([i], 0) for i in range(3)], [[], [], [0j]])
        self.assertEqual(currents.now[0], UNKNOWN)
        currents.take(report([100, 100, 100]), VOLTS)
        self.assertEqual([currents.knows(i) for i in range(3)], [False, False, True])
        self.assertTrue(currents.look(currents.before))
        self.assertEqual([currents.has_switched(i) for i in range(3)], [False, False, True])
        self.assertEqual([currents.has_changed(i) for i in range(3)], [False, False, True])

    def test_what_has_switched(self):
        currents = self.taken([1000, 1000, -20000, 20000j])
        currents.take(report([1030, 1090, -20500, 17000j]), VOLTS)
        self.assertTrue(currents.look(currents.before))
        self.assertEqual([currents.has_switched(i) for i in range(4)], [False, True, False, True])
        right = complex(90, 0) / VOLTS[1]
        self.assertTrue(abs(currents.change(1, currents.before) - right) < 1e-3)

    def test_what_has_changed_by_more_than_noise(self):
        """Of 100 A: by 0.02 A. What is not compared is written as it is."""
        volts = (complex(230, 0),)
        currents = Currents(bytes(4), bytes([25, 25, 25, NOT_COMPARED]))
        currents.take(report([500, -500, 700j, 900]), volts)
        currents.take(report([504, -505, 700j - 2300, 670]), volts)
        self.assertTrue(currents.look(currents.before))
        self.assertEqual([currents.has_changed(i) for i in range(4)], [False, True, True, False])
        self.assertTrue(abs(currents.most - 1000000) < 1000)
        changes = array("H", bytes(16))
        currents.scale(changes, currents.before, 8)
        right = [0, 0, -5 / 230, 0, -10, 0, -1, 0]
        for seen, amps in zip(changes, right):
            self.assertTrue(abs(seen - MIDDLE - amps * 100000 / 256) < 4)

    def test_the_floor(self):
        for rated, ppm, metered, right in (
            (100, 1000000, False, 25),
            (100, 200000, False, 5),
            (6000, 1000000, False, 254),
            (100, 1000000, True, NOT_COMPARED),
        ):
            self.assertEqual(floor(Named(rated=rated, ratio_ppm=ppm, metered=metered)), right)


def of_grid(lines, points=(), of_line=False):
    """The Matches of a star's site: the grid's CTs come first, then `points` circuits."""
    load = Named(behind=False, top=None)
    loads = [load] * (lines + len(points))
    all_points = [Named(load=i, rated=100) for i in range(len(loads))]
    kinds = [Named(of_line=of_line)] * len(loads)
    ratios = Ratios(len(loads))
    return Matches(Named(points=all_points, loads=loads), kinds, range(lines), ratios)


class Named:
    def __init__(self, **fields):
        for name in fields:
            setattr(self, name, fields[name])


def gain(change, seen, noise):
    """The same in floats, of base 2: what is seen is the change and noise, or noise alone."""
    return log((noise + abs(seen) ** 2) / (noise + abs(seen - change) ** 2)) / log(2)


class TheMatches(unittest.TestCase):
    def test_how_likely_a_change_is(self):
        """Point 0 and the grid's CT, point 4; points 1 to 3 are known to go through it or not, and
        belong to the same load or not."""
        seed(2)
        gains = array("i", bytes(16))
        for k in range(400):
            noise, behind = randint(1, 40000), k % 2
            parts = [randint(-1, 1) * randint(0, 4000) for _ in range(10)]
            if k % 3 == 0:  # what comes back of the same load
                parts[2:4] = [-parts[0], -parts[1]]
            shares, tops = bytes(randint(0, 2) for _ in range(4)) + b"\0", bytes([3, 3, 3, 5, 7])
            changes = array("H", [MIDDLE + part for part in parts])
            says = _score(gains, 0, 4, noise, tops, behind, shares, changes, 5)
            all_changes = [complex(*parts[2 * j : 2 * j + 2]) for j in range(5)]
            change, seen = all_changes[0], all_changes[4]
            size = abs(change) ** 2
            for j in range(4):
                near = min(abs(all_changes[j] - change), abs(all_changes[j] + change)) ** 2
                mine = tops[j] == 3 and (j == 0 or behind or 8 * near < size)
                if shares[j] and not mine:
                    seen -= all_changes[j] * (1 if shares[j] == 1 else -1)
            self.assertEqual(gains[2:], array("i", [int(seen.real), int(seen.imag)]))
            self.assertEqual(says, 0 if 16 * size < noise else 2 if size > 4 * noise else 1)
            if says:
                for at, right in ((0, change), (1, -change)):
                    self.assertTrue(abs(gains[at] / 256 - gain(right, seen, noise)) < 0.02)

    def test_what_many_make_stays_in_32_bits(self):
        gains = array("i", bytes(16))
        for sign in (1, -1):
            changes = array("H", [MIDDLE + sign * 4095] * 60)
            shares = bytes([2] * 29 + [0])
            _score(gains, 0, 29, 1 << 24, bytes(range(30)), 0, shares, changes, 30)
            self.assertEqual(list(gains[2:]), [16000 * sign] * 2)
            right = gain(complex(4095, 4095), complex(16000, 16000), 1 << 24)
            self.assertTrue(abs(gains[0] / 256 - right) < 0.02)

    def test_what_code_sets_say(self):
        """Of a load with several CTs, and of one with one."""
        for of_line in (False, True):
            matches, currents = of_grid(3, range(1), of_line), Currents(bytes(4), GRID_OF_3)
            volts = (complex(230, 0),)
            for k in range(60):
                one = 500 * (k % 2)
                currents.take(report([one, -one, 300, one]), volts)
                if currents.look(currents.before):
                    for _ in matches.note(currents, currents.before, False):
                        pass
            code_sets = bytes([0, 1, 2, 4, 8, 16, 32, 1 | 8])
            fits = bytearray(len(code_sets))
            matches.fit(3, code_sets, fits)
            said = [fit - NONE for fit in fits]
            self.assertEqual(said[0], 0)
            one, other, both = said[1], said[4], said[7]
            wrong = max(said[2], said[3], said[5], said[6])
            self.assertTrue(min(one, other) > 20 and wrong < min(one, other) - 10)
            if of_line:  # what another shows may be its own that comes back
                self.assertTrue(wrong > 20 and abs(both - one) < 2)
            else:
                self.assertTrue(wrong < 0 and abs(both - one - other) < 2)

    def test_a_grid_whose_third_ct_is_not_known(self):
        """The other two are compared all the same."""
        matches, currents = of_grid(3, range(1)), Currents(bytes(4), GRID_OF_3)
        for k in range(60):
            one = 500 * (k % 2)
            currents.take(report([one, 200, None, 10 + one]), (complex(230, 0),))
            if currents.look(currents.before):
                for _ in matches.note(currents, currents.before, False):
                    pass
        fits = bytearray(3)
        matches.fit(3, bytes([1, 4, 16]), fits)
        said = [fit - NONE for fit in fits]
        self.assertTrue(said[0] > 20 and said[1] < -20)
        self.assertEqual(said[2], 0)

    def test_what_flickers_without_end(self):
        """Point 1 is what the grid's CT, point 0, sees; point 2 sees it turned; point 3 is alone;
        point 4 changes by less than a CT's noise."""
        matches, currents = of_grid(1, range(4)), Currents(bytes(5), bytes([255] + [25] * 4))
        volts = (complex(230, 0),)
        seed(3)
        for k in range(700):
            x, y, z = 8 * randint(-9, 9), 9 * randint(-9, 9), 7 * randint(-9, 9)
            powers = [900 + x - y, 200 + x, -200 + y, 100 + z, 1000 + k % 2]
            currents.take(report([complex(power, 0) for power in powers]), volts)
            if k:
                currents.look(currents.before)
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
            best = array("i", [NEVER] * (WAYS * points))
            values = []
            for members, ways in units:
                add_unit(text, members, [kinds[i] for i in members], ways)
                values.append([])
                for h in range(WAYS):
                    value = own[WAYS * members[0] + h]
                    for at, i in enumerate(members):
                        k = wanted[WAYS * kinds[i] + ways[WAYS * at + h]]
                        value += UNIT * (fits[size * i + k] - NONE)
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
