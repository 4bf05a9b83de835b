"""Which sequences a reader has: against a set of numbers."""

import random
import unittest

from cloud.coverage import Coverage


class Known(unittest.TestCase):
    def test_in_order(self):
        coverage = Coverage(7)
        self.assertEqual(coverage.next(), (8, None))
        coverage.give(8, 12)
        coverage.give(13, 20)
        self.assertEqual(coverage.next(), (21, None))
        coverage.end(13, 20, True)
        self.assertEqual(coverage.through, 7)
        coverage.end(8, 12, True)
        self.assertEqual((coverage.through, coverage.next()), (20, (21, None)))

    def test_what_it_had_before_stays(self):
        """A cursor that is ahead of the journal, whose flash was damaged."""
        coverage = Coverage(50)
        coverage.give(21, 21)
        coverage.end(21, 21, True)
        self.assertEqual((coverage.through, coverage.next()), (50, (51, None)))

    def test_what_was_just_measured_goes_before_what_waited(self):
        coverage = Coverage(0)
        coverage.give(101, 101)
        self.assertEqual(coverage.next(), (1, 100))
        coverage.give(1, 10)
        coverage.end(101, 101, True)
        self.assertEqual(coverage.next(), (11, 100))
        coverage.end(1, 10, False)  # its topic is left out
        self.assertEqual((coverage.through, coverage.next()), (0, (1, 100)))
        coverage.end(1, 10, True)  # which was not given any more
        self.assertEqual(coverage.through, 0)

    def test_what_has_arrived_of_some(self):
        coverage = Coverage(10)
        coverage.give(20, 25)
        coverage.give(26, 30)
        coverage.give(40, 45)
        self.assertEqual(coverage.arrived(11, 50), [])
        coverage.end(20, 25, True)
        coverage.end(40, 45, True)
        self.assertEqual(coverage.arrived(1, 50), [[1, 10], [20, 25], [40, 45]])
        self.assertEqual(coverage.arrived(22, 41), [[22, 25], [40, 41]])
        self.assertEqual(coverage.arrived(26, 39), [])

    def test_many_gaps(self):
        """The lowest range beyond is forgotten where there are too many."""
        coverage = Coverage(0)
        for k in range(1, 41):
            coverage.give(10 * k, 10 * k + 2)
            coverage.end(10 * k, 10 * k + 2, True)
        self.assertEqual(len(coverage._beyond), 32)
        self.assertEqual(coverage.next(), (1, 89))

    def test_by_chance(self):
        """A reader that has a range later than it was given, or never."""
        random.seed(1)
        for _ in range(50):
            coverage = Coverage(0)
            given, has = [], set()
            live = 60
            for _ in range(60):
                if random.randrange(3) == 0:
                    live += 1
                    given.append((live, live))
                    coverage.give(live, live)
                elif given and random.randrange(2):
                    first, last = given.pop(random.randrange(len(given)))
                    arrives = random.randrange(4) > 0
                    coverage.end(first, last, arrives)
                    if arrives:
                        has.update(range(first, last + 1))
                else:
                    first, limit = coverage.next()
                    if limit is None:
                        continue
                    last = min(limit, first + random.randrange(10))
                    given.append((first, last))
                    coverage.give(first, last)
                through = 0
                while through + 1 in has:
                    through += 1
                self.assertEqual(coverage.through, through)
                taken = set(has)
                for first, last in given:
                    taken.update(range(first, last + 1))
                first, limit = coverage.next()
                self.assertEqual(first, min(set(range(1, 300)) - taken))
                if limit is not None:
                    self.assertTrue(limit + 1 in taken)
                    self.assertFalse(taken & set(range(first, limit + 1)))


if __name__ == "__main__":
    unittest.main()
