"""Loads behind other loads: what the site takes counts once (docs/site.md, "Behind another
load"). What is right follows from a house drawn by hand."""

import json
import unittest
from array import array

from site import document
from energy.registers import MEASURED, Energy
from energy.today import CIRCUITS, HOUSE, REST, Today
from energy.totals import Totals, energies

# The grid feeds the oven and a barn; in the barn are a saw, solar and a battery.
GRID, OVEN, BARN, SAW, SOLAR, BATTERY = range(6)
NAMES = ("Grid", "Oven", "Barn", "Saw", "Solar", "Battery")
ROLES = ("grid", "circuit", "circuit", "circuit", "solar", "battery")
IN_BARN = ("Saw", "Solar", "Battery")


def site(measured=NAMES, parents=True):
    loads = [{"name": name, "role": role} for name, role in zip(NAMES, ROLES)]
    for load in loads:
        if parents and load["name"] in IN_BARN:
            load["parent"] = "Barn"
    return document.load(
        json.dumps(
            {
                "version": 1, "name": "Farm", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
                "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5020000001",
                "loads": loads,
                "points": [
                    {
                        "node": "550000010%d" % (i // 4), "input": "ABCD"[i % 4],
                        "ct": "AC-CT-50A", "phase": "L1", "load": name,
                    }
                    for i, name in enumerate(measured)
                ],
            }
        )
    )  # fmt: skip


def powers(**watts):
    """Of the loads, W; what the CTs of barn and grid see follows from the others."""
    oven, saw, solar, battery, rest = [watts.get(k, 0) for k in WORDS]
    barn = saw + solar + battery + watts.get("barn_rest", 0)
    return [oven + barn + rest, oven, barn, saw, solar, battery]


WORDS = ("oven", "saw", "solar", "battery", "rest")


class Behind(unittest.TestCase):
    def test_powers(self):
        for watts, house, circuits in (
            # What is taken in house and barn, whoever gives it; the rest is no circuit's.
            ({"oven": 500, "saw": 1000, "solar": -600, "rest": 70}, 1570, 1500),
            ({"oven": 500, "saw": 1000, "solar": -5000, "rest": 70}, 1570, 1500),
            ({"oven": 500, "saw": 1000, "battery": 800, "rest": 70}, 1570, 1500),
            (
                {"oven": 500, "saw": 1000, "solar": -900, "battery": 800, "barn_rest": 40},
                1540,
                1540,
            ),
            ({"saw": 1000, "battery": -1000}, 1000, 1000),
        ):
            totals = Totals(site(), powers(**watts))
            self.assertEqual(totals.house, house)
            self.assertEqual(totals.circuits, circuits)
            self.assertEqual(totals.rest, house - circuits)

    def test_without_parents_the_saw_counts_twice(self):
        found = powers(oven=500, saw=1000, solar=-600)
        self.assertEqual(Totals(site(parents=False), found).circuits, 500 + 400 + 1000)

    def test_a_parent_without_a_point(self):
        """Then what lies behind it stands for itself."""
        measured = ("Grid", "Oven", "Saw", "Solar")
        found = [1900, 500, None, 1000, -600, None]
        totals = Totals(site(measured), found)
        self.assertEqual((totals.house, totals.circuits, totals.rest), (2500, 1500, 1000))

    def test_several_grids(self):
        """Are their sum."""
        place = site(("Grid", "Oven", "Barn"))
        place.loads[OVEN].role = "grid"
        self.assertEqual(Totals(place, [700, 300, 200, None, None, None]).grid, 1000)

    def test_unknown(self):
        """What solar gives behind the barn is missing in the circuits' sum."""
        found = powers(oven=500, saw=1000, solar=-600)
        found[SOLAR] = None
        totals = Totals(site(), found)
        self.assertEqual((totals.circuits, totals.house), (None, None))

    def test_energies(self):
        joules = {GRID: (1500, 0), OVEN: (500, 0), BARN: (1000, 0), SAW: (1600, 0)}
        joules[SOLAR], joules[BATTERY] = (0, 600), (0, 0)
        found = energies(site(), lambda k, d: joules[k][d])
        self.assertEqual((found["house"], found["circuits"]), (2100, 2100))

    def test_today(self):
        place = site()
        energy = Energy(place)
        for i in range(len(place.points)):
            energy.state[i] = MEASURED
        today = Today(place, energy)
        first = 2 * len(place.points)
        gained = array("q", energy.gained)
        for k, joules in ((GRID, 1570), (OVEN, 500), (BARN, 1000), (SAW, 1600)):
            gained[first + 2 * k] = joules
        gained[first + 2 * SOLAR + 1] = 600
        for r in range(len(gained)):
            energy.gained[r] = gained[r]
        for _ in today.add(1):
            pass
        sums = today.sums
        self.assertEqual((sums[HOUSE], sums[CIRCUITS], sums[REST]), (2170, 2100, 70))


if __name__ == "__main__":
    unittest.main()
