"""The advisor's native code against the same in floats and in plain loops."""

import unittest
from array import array
from random import randint, seed

from measure.readings import MISSED, POWER, RATES, REACTIVE, SUMS, UNKNOWN, Readings
from commission.currents import Currents
from commission.grid_ways import WAYS
from commission.joint import NEVER, UNIT, add_unit, fill, weigh
from commission.matches import CODES, MOST, Matches, _fit

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


def surplus(weights, wanted, neutral):
    """How far the votes are all of `wanted` and nothing else."""
    inside = [weights[c] for c in range(CODES) if wanted >> c & 1]
    beside = [weights[c] for c in range(CODES) if not wanted >> c & 1 and neutral >> c & 1]
    other = [weights[c] for c in range(CODES) if not (wanted | neutral) >> c & 1]
    least, greatest = (min(inside), max(inside)) if inside else (0, 0)
    value = least - max(0, greatest - 2 * least) - 3 * max(other + [0])
    value = max(-MOST, min(MOST, value))
    return value - min(MOST, 2 * max(0, max(beside + [0]) - least)) if inside else value


class TheMatches(unittest.TestCase):
    def test_what_wishes_say(self):
        seed(5)
        for _ in range(60):
            weights = bytes(randint(0, 5) * randint(0, 1) for _ in range(CODES))
            wishes = bytes(randint(0, 63) & randint(0, 63) for _ in range(2 * 9))
            fits = bytearray(9)
            _fit(fits, weights, wishes, 9)
            for k in range(9):
                right = surplus(weights, wishes[2 * k], wishes[2 * k + 1])
                self.assertEqual(fits[k] - 2 * MOST, right)

    def test_small_changes_without_end(self):
        """Point 1 is what the grid's CT, point 0, sees; point 2 sees it turned; point 3 is alone;
        point 4 changes by too much to be compared."""
        matches, currents = Matches(5), Currents(bytes(5))
        volts = (complex(230, 0),)
        seed(3)
        for k in range(700):
            x = 800 * (k % 2) + randint(-9, 9)
            alone = 60 * randint(-1, 1)
            powers = [20000 + x, 20000 + x, -20000 - x, 1000 + alone, 99000 * (k % 2)]
            currents.take(report([complex(power, 0) for power in powers]), volts)
            if k:
                matches.note_small(currents, (0,))
        wishes = bytes([1, 0, 2, 0])
        fits = bytearray(2)
        for i, right in ((1, (MOST, -MOST)), (2, (-MOST, MOST)), (3, (0, 0)), (4, (0, 0))):
            matches.fit(i, wishes, fits)
            self.assertEqual([fit - 2 * MOST for fit in fits], list(right))


class Together(unittest.TestCase):
    def test_the_best_of_all_ways(self):
        seed(11)
        points, size = 7, 5
        wanted = bytes(randint(0, size - 1) for _ in range(2 * WAYS))
        for _ in range(20):
            own = array("i", [randint(-40 * UNIT, UNIT) for _ in range(WAYS * points)])
            fits = bytes(randint(0, 3 * MOST) for _ in range(size * points))
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
                        value += 2 * UNIT * (fits[size * i + wish] - 2 * MOST)
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
