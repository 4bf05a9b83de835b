"""On the device: a Power Box's report, and when it takes the place of the one before."""

import asyncio
import json
import struct
import unittest

from site import document
from b_bus.power_box import NoBusA, PowerBox
from b_bus.site_meters import meters_of
import pipeline

SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "1x230", "frequency": 50, "head": "5400000001",
    "b_bus": {"power_box": True},
    "points": [
        {"node": "5500000001", "input": "A", "ct": "AC-CT-50A", "phase": "L1", "load": "House"}
    ],
    "loads": [{"name": "House", "role": "grid"}],
}  # fmt: skip


class Bus:
    """Every power is `watts`, every energy `hours`."""

    watts = 100.0
    hours = 1000

    async def ask(self, unit, function, address, count, *_):
        value = struct.pack(">i", self.hours)
        if address < 0x3000:
            value = struct.pack(">f", 50.0 if address == 0x03F8 else self.watts)
        return (value[2:] + value[:2]) * (count // 2)


class SetUp:
    """A box with an input A of the only device on its own bus."""

    async def ask(self, unit, function, address, count, *_):
        data = bytearray(2 * count if isinstance(count, int) else 2)
        if address == 0x1480:
            number = struct.pack(">i", 1)
            data[:8] = struct.pack(">HH", 5500, 1) + number[2:] + number[:2]
        return data


class Hardware:
    def now_ms(self):
        return None

    def uptime_ms(self):
        return 1000


class Reports(unittest.TestCase):
    def test_what_is_there_stays_until_the_next_one_is_worked_through(self):
        place = document.load(json.dumps(SITE), meters_of)
        path = pipeline.build(NoBusA(), place, lambda: None, lambda: None)
        bus, box = Bus(), PowerBox(place, path, lambda name: None, Hardware())
        box.state, box._slots = "well", [0]
        reading = path.report.readings[0]
        asyncio.run(box.poll(bus, 0))
        path.work_through()
        self.assertEqual(reading.power, 100)
        bus.watts, bus.hours = 120.0, 1002
        asyncio.run(box.poll(bus, 3600))
        self.assertEqual(reading.power, 100)  # may be in a message that is just being written
        read, path._reading = path._reading, self.no_memory
        with self.assertRaises(MemoryError):
            path.work_through()
        path._reading = read
        path.work_through()
        self.assertEqual(reading.power, 120)
        self.assertEqual(path.energy.of_point(0, 0), 2 * 3600)

    def test_what_another_gateway_measures_is_not_the_boxs(self):
        fed = {"node": "5500000002", "gateway": "5130000007", "load": "Oven"}
        points = [SITE["points"][0], dict(SITE["points"][0], **fed)]
        loads = SITE["loads"] + [{"name": "Oven", "role": "circuit"}]
        site = dict(SITE, points=points, loads=loads, gathers=["5130000007"])
        place = document.load(json.dumps(site), meters_of)
        path = pipeline.build(NoBusA(), place, lambda: None, lambda: None)
        errors = []
        bus, box = Bus(), PowerBox(place, path, errors.append, Hardware())
        self.assertTrue(box.answers_for("5500000001"))
        self.assertFalse(box.answers_for("5500000002"))
        box.state, box._slots = "well", [0, -1]
        asyncio.run(box.poll(bus, 0))
        own, other = path.report.readings
        other.power = 7.0  # as its gateway sends it
        path.work_through()
        self.assertEqual((own.power, other.power, errors), (100, 7, []))
        asyncio.run(box._set_up(SetUp()))
        self.assertEqual((list(box._slots), box.fault), ([0, -1], None))

    def no_memory(self):
        raise MemoryError


if __name__ == "__main__":
    unittest.main()
