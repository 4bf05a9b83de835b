"""On the device: advice for a site that has meters of other makers beside the A-bus."""

import json
import unittest

from site import document
from b_bus.start import meters_of
from bus_a import BusA
from measure.readings import Readings
from advice.sensors import Advice

SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5020000001",
    "points": [
        {"meter": "sauna", "input": "A", "phase": "L1", "load": "Sauna"},
        {"node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1", "load": "House"},
    ],
    "loads": [{"name": "House", "role": "grid"}, {"name": "Sauna", "role": "circuit"}],
    "b_bus": {"meters": [{"name": "sauna", "unit": 5, "profile": "SDM120"}]},
}  # fmt: skip


class Uart:
    def write(self, buffer):
        pass

    def readinto(self, buffer):
        return 0

    def set_baud(self, baud):
        pass


class Meters(unittest.TestCase):
    def test_a_meters_point_has_no_ct_to_look_after(self):
        place = document.load(json.dumps(SITE), meters_of)
        bus = BusA(Uart(), lambda: 0, 3000000, place.nodes(), 3 + len(place.points), 1)
        advice, values = Advice(bus, place), Readings(2)
        for reading in values.points:
            reading.current = 0.0
        for _ in range(70):
            for _ in advice.update(values):
                pass
        idle = [text for name, text in advice.texts if name == "no_current"]
        self.assertEqual(len(idle), 1)
        self.assertTrue("5500000001" in idle[0])


if __name__ == "__main__":
    unittest.main()
