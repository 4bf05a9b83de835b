"""On the device: what an event of a current is held against."""

import json
import unittest

from site import document
from measure.readings import POWER, REACTIVE, Readings
from commission.evidence import Evidence
from commission.grid_ways import GridWays
from commission.hypotheses import kinds

POINT = {"node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1", "load": "Fridge"}
SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "3x400+N", "frequency": 50, "head": "5400000001",
    "loads": [{"name": "Fridge", "role": "circuit"}], "points": [POINT],
}  # fmt: skip
WINDOW = 16  # reports


class Dips:
    """In the place of dips.Dips: the currents whose voltages were looked at, in A."""

    def __init__(self):
        self.noted = []

    def note(self, i, change, changes, volts, share):
        self.noted.append((round(abs(change)), share))

    def calm(self, changes, volts):
        pass


class Slow(unittest.TestCase):
    def noted(self, watts):
        site = document.load(json.dumps(SITE))
        one, several = kinds(site)
        evidence = Evidence(site, [one], [], GridWays((one,), one, 0))
        evidence._dips = dips = Dips()
        for power in watts:
            values = Readings(1)
            values.rates[POWER] = round(100 * power)
            values.rates[REACTIVE] = 0
            volts = (complex(230 - power / 1000, 0), complex(-115, -199), complex(-115, 199))
            for _ in evidence.note(values, volts):
                pass
        return dips.noted

    def test_what_rises_slowly(self):
        rising = [0] * WINDOW + [20 * min(n, 46) for n in range(3 * WINDOW)]
        self.assertTrue((1, 0.25) in self.noted(rising))

    def test_what_rises_slowly_after_it_was_on_and_off(self):
        """Within the window before: that was another change."""
        brief = [0, 0, 0, 920, 920, 0] + [0] * (WINDOW - 6)
        rising = [20 * min(n, 46) for n in range(2 * WINDOW)]
        self.assertEqual(self.noted(brief + rising)[:2], [(4, 1.0), (4, 1.0)])
        self.assertEqual(self.noted(brief + rising)[2:], [(1, 0.25), (1, 0.25)])

    def test_what_was_seen_at_once_is_not_counted_again(self):
        switched = [0] * (WINDOW + 4) + [920] * WINDOW
        self.assertEqual(self.noted(switched), [(4, 1.0)])


if __name__ == "__main__":
    unittest.main()
