"""Of steps of a point and of the grid's CTs: what ratio they agree on, in the ESP32's 32 bits."""

import unittest

from commission.ratios import MOST, OCTAVE, Ratios

SHIFT = 10  # of a change: 4096 are some 42 A


class TheRatios(unittest.TestCase):
    def see(self, ratios, lines, x, y, slow=False, noise=1):
        """Point 1 has changed by (x, y), the grid's CTs by these."""
        for g, (a, b) in enumerate(lines):
            ratios.compare(g, noise, a, b, x, y)
        ratios.end(1, x * x + y * y, SHIFT, slow)

    def found(self, ratios):
        return ratios.steps(1), ratios.ratio(1), ratios.line(1)

    def test_steps_that_agree(self):
        """On the second of the grid's CTs, where the point's is turned; others are on the way."""
        for factor, ratio in ((1, 0), (2, OCTAVE), (0.125, -3 * OCTAVE), (3.9, 2 * OCTAVE - 1)):
            ratios = Ratios(3)
            for k in range(MOST + 2):
                x, y = 500 + 300 * k, -200 - 100 * k
                step = round(-factor * x), round(-factor * y)
                self.see(ratios, ((0, 0), step, (y, -x)), x, y)
                self.assertEqual(self.found(ratios), (min(k + 1, MOST), ratio, 1))
            self.assertTrue(ratios.differ(1))
            self.assertEqual(ratios.steps(0) + ratios.steps(2), 0)

    def test_steps_of_one_size(self):
        ratios = Ratios(3)
        for k in range(4):
            self.see(ratios, ((2000 + 20 * k, 0),), 1000, 0)
        self.assertEqual(self.found(ratios), (4, OCTAVE, 0))
        self.assertFalse(ratios.differ(1))

    def test_what_does_not_agree_takes_away(self):
        ratios = Ratios(3)
        for _ in range(3):
            self.see(ratios, ((2000, 0),), 1000, 0)
        self.see(ratios, ((3000, 0),), 1000, 0)  # another ratio
        self.assertEqual(self.found(ratios), (2, OCTAVE, 0))
        self.see(ratios, ((0, 2000),), 1000, 0)  # another angle, as of a CT that is not closed
        self.assertEqual(self.found(ratios), (1, OCTAVE, 0))
        self.see(ratios, ((0, 0), (2000, 0)), 1000, 0)  # another line
        self.assertEqual(ratios.steps(1), 0)
        self.see(ratios, ((0, 0), (1000, 0)), 1000, 0)
        self.assertEqual(self.found(ratios), (1, 0, 1))

    def test_what_says_nothing(self):
        """The grid's change is within its noise; the point's is small; a slow change that was
        seen before as a fast one."""
        ratios = Ratios(3)
        self.see(ratios, ((2000, 0),), 1000, 0, noise=200)
        self.see(ratios, ((20, 0),), 10, 0)
        self.assertEqual(ratios.steps(1), 0)
        self.see(ratios, ((2000, 0),), 1000, 0)
        self.see(ratios, ((3000, 0),), 1000, 0, slow=True)
        self.assertEqual(ratios.steps(1), 1)
        self.see(ratios, ((2000, 0),), 1000, 0, slow=True)
        self.assertEqual(ratios.steps(1), 2)

    def test_a_load_between_two_lines(self):
        """It fits one of the grid's CTs: the other one is of another type. Where both show it in
        other ratios, nothing is counted."""
        for lines in (((1000, 0), (-500, 0)), ((-500, 0), (1000, 0))):
            ratios = Ratios(3)
            self.see(ratios, lines, 1000, 0)
            off = lines.index((-500, 0))
            self.assertEqual(self.found(ratios), (1, -OCTAVE, off))
            self.assertTrue(ratios.fits_at_other(1))
        ratios = Ratios(3)
        self.see(ratios, ((2000, 0), (500, 0)), 1000, 0)
        self.assertEqual(ratios.steps(1), 0)
        self.see(ratios, ((1010, 0), (-1000, 0)), 1000, 0)
        self.assertEqual(self.found(ratios), (1, 0, 0))
        self.assertFalse(ratios.fits_at_other(1))


if __name__ == "__main__":
    unittest.main()
