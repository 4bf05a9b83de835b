"""On the device: a CT that is not closed is judged by the gateway that measures it."""

import json
import unittest

from site import document
from measure.readings import Readings
from advice.unclosed_cores import UnclosedCores

CONNECT = "5130000007"
POINT = {"node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1", "load": "Grid"}
SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5400000001",
    "gathers": [CONNECT],
    "loads": [{"name": "Grid", "role": "grid"}, {"name": "Oven", "role": "circuit"}],
}  # fmt: skip


class Judged(unittest.TestCase):
    def is_open(self, grid, oven):
        """Whether the oven's CT is, whose step is 0.6 of the grid's and leads it by as much."""
        points = [dict(POINT, **grid), dict(POINT, input="B", load="Oven", **oven)]
        cores = UnclosedCores(document.load(json.dumps(dict(SITE, points=points))))
        values = Readings(2)
        for second in range(16):
            on = second % 2
            for point, p, q in zip(values.points, (1000.0, 360.0), (0.0, -480.0)):
                point.clear()
                point.count = 3200
                point.power, point.reactive = on * p, on * q
            for _ in cores.update(values):
                pass
        return cores.is_open(1)

    def test_its_own_is_judged(self):
        self.assertTrue(self.is_open({}, {}))

    def test_one_of_another_gateway_is_not(self):
        self.assertFalse(self.is_open({}, {"gateway": CONNECT}))

    def test_nor_its_own_where_the_grid_comes_from_another_one_and_later(self):
        self.assertFalse(self.is_open({"gateway": CONNECT}, {}))


if __name__ == "__main__":
    unittest.main()
