"""A meter of three phases, 1000 W each, read once a second. Standard input: `steps` as [s, points
from then on as [index of a point, phase]], `unknown` the phase that it has no power of, or 0.
Prints the J that the points have in the last report, and what is wrong with the meter."""

import asyncio
import json
import struct
import sys

from site import document
from b_bus.meter import Meter
from b_bus.meter_profile import Profile
from measure.quantities import Report

REGISTER = {"quantity": "power", "type": "float32", "unit": "W"}
POINT = {"node": "5500000001", "ct": "AC-CT-50A", "phase": "L1", "load": "Grid"}
SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
    "points": [dict(POINT, input=name) for name in "ABC"],
    "loads": [{"name": "Grid", "role": "grid"}],
}  # fmt: skip


class Bus:
    late = ()

    def __init__(self, unknown):
        self._unknown = unknown

    async def ask(self, unit, function, address, count, *_):
        phases = [1 + (address + k) // 2 for k in range(0, count, 2)]
        powers = [float("nan") if phase == self._unknown else 1000.0 for phase in phases]
        return b"".join([struct.pack(">f", power) for power in powers])

    async def rest(self):
        pass


async def main():
    given = json.load(sys.stdin)
    steps, bus = given["steps"], Bus(given["unknown"])
    registers = [dict(REGISTER, phase=1 + k, address=2 * k) for k in range(3)]
    table = {"function": 4, "word_order": "high", "baud": 9600, "phases": 3}
    meter = Meter("M", 2, Profile(dict(table, registers=registers)))
    report = Report(document.load(json.dumps(SITE)).points)
    report.samples = 3200
    meter.begin(lambda name: None, [], 0)
    meter.state = "well"
    for now_s in range(1, steps[-1][0] + 1):
        for when_s, points in steps:
            if now_s == when_s:
                meter.set_points(points, 0)
        await meter.poll(bus, now_s)
        meter.fill(report)
    energies = [[one.imported, one.exported] for one in report.readings]
    print(json.dumps([energies, meter.fault]))


asyncio.run(main())
