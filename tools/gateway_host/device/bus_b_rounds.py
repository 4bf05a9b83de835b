"""Runs in the interpreter: the B-bus's part of the gateway alone, as fast as it can, for some of
the board's seconds. Prints what it reports and counts after each, as one JSON line.

task.json has "seconds"; "commands": second -> list of commands as at gateway/set, or of
[topic, payload]; "powers": second -> powers of the loads from then on. Where the memory is short
once: "no_runner": true, when the Runner is made; "no_switch": second from which on the first
module with outputs is not switched that once.
"""

import asyncio
import gc
import json

import board
import hardware

from system.counters import Counters
from site import document
from b_bus.port import PortB
from b_bus.site_meters import meters_of
from measure.readings import Readings
from energy.totals import Totals
from cloud import commands


class Gateway:
    """What port.PortB needs of a gateway."""

    def __init__(self, task):
        self.hardware = hardware.make(board)
        with open("site.json") as file:
            self.site = document.load(file.read(), meters_of)
        self.counters = Counters()
        self.commands = commands.Commands(self.counters, "gateway/set", self._now_s)
        self.measuring = self
        self.powers = [None] * len(self.site.loads)
        self.states = []
        self.share = 0
        self.meters = ()
        points = len(self.site.points)
        self.readings = Readings(points).points
        self.energies = [0] * (2 * points)
        self.missing = [0] * points
        self.said = []
        self.samples = []  # of each report: its samples, and those that point 0 missed
        self._task = task
        if self.site.power_box:
            from gateway import build_measuring

            self.measuring = build_measuring(self.hardware, self.site, self._finished)
        self.port = PortB(
            self.hardware,
            self.site,
            self.measuring,
            self.counters.count,
            self.add_state,
            self._power,
            self._now_s,
        )
        self.port.declare(self.commands, "")

    def set_meters(self, meters):
        self.meters = meters

    def _power(self, name):
        return getattr(Totals(self.site, self.powers), name)

    def _now_s(self):
        now_ms = self.hardware.now_ms()
        return now_ms and now_ms // 1000

    def _finished(self):
        self.measuring.work_through()
        report = self.measuring.report
        self.samples.append([report.samples, report.readings[0].missed])

    def _metered(self):
        """Of the meters' points in a site without a Power Box, as `points`."""
        if self.site.power_box:
            return None
        self.samples = 3200
        for meter in self.meters:
            meter.fill(self)
        rows = []
        for i, r in enumerate(self.readings):
            self.energies[2 * i] += r.imported
            self.energies[2 * i + 1] += r.exported
            self.missing[i] += r.missed
            rows.append(
                [r.power, r.reactive, r.apparent, r.current, r.voltage]
                + self.energies[2 * i : 2 * i + 2]
                + [self.missing[i], r.factor]
            )
        self.samples = []
        return rows

    def _free(self):
        """Bytes of the heap, where the task wants to know."""
        if not self._task.get("free"):
            return None
        gc.collect()
        return gc.mem_free()

    def points(self):
        """Of a site with a Power Box: [W, var, VA, A, V, J imported, J exported, missed]."""
        if not self.site.power_box:
            return None
        energy = self.measuring.energy
        return [
            [r.power, r.reactive, r.apparent, r.current, r.voltage]
            + [energy.of_point(i, 0), energy.of_point(i, 1), energy.missing[i]]
            for i, r in enumerate(self.measuring.report.readings)
        ]

    def add_state(self, topic, pieces, glance):
        self.states.append((topic, pieces))

    async def send(self, topic, pieces, retained=False):
        value = json.loads("".join(pieces))
        self.said.append([topic, value])
        if topic == "bBus":
            self.share = value["utilisation"]

    async def live(self):
        port = self.port
        for second in range(self._task["seconds"]):
            if second == self._task.get("no_switch"):
                short_once(port.site.outputs()[0][0], "switch")
            self.powers = self._task.get("powers", {}).get(str(second), self.powers)
            for command in self._task.get("commands", {}).get(str(second), ()):
                topic, payload = command if isinstance(command, list) else ("gateway/set", command)
                if payload == {"scan": True}:
                    port.scan()
                elif "identify" in payload:
                    asked = payload["identify"]
                    mask = 1 << "ABCD".index(asked["input"])
                    port.identify(asked["serial"], mask, asked["seconds"])
                else:
                    if topic == "gateway/set":
                        payload = dict(payload, id=str(second), expires=self._now_s() + 10)
                    self.commands.take(topic.encode(), json.dumps(payload).encode())
            await self.commands.work()
            await self.hardware.b_sleep_us(1000000)
            await port.publish(self.send, lambda: True)
            for topic, pieces in self.states:
                await self.send(topic, pieces())
            print(
                json.dumps(
                    {
                        "said": self.said,
                        "errors": self.counters.counts,
                        "advice": port.advice(),
                        "refusal": self.commands.refusal,
                        "share": self.share,
                        "points": self.points(),
                        "samples": self.samples,
                        "metered": self._metered(),
                        "free": self._free(),
                    }
                )
            )
            self.said, self.samples = [], []


def short_once(place, name):
    """place.name() finds no memory the first time."""
    real = getattr(place, name)

    def fail(*_):
        setattr(place, name, real)
        raise MemoryError

    setattr(place, name, fail)


async def keep(gateway):
    """As tasks.keep(), in the board's time."""
    while True:
        try:
            await gateway.port.run(lambda: None)
        except MemoryError:
            gateway.counters.count("task.bus_b")
        await gateway.hardware.b_sleep_us(1000000)


async def main():
    gc.threshold(16384)  # as start.py
    with open("task.json") as file:
        task = json.load(file)
    gateway = Gateway(task)
    if task.get("no_runner"):
        short_once(gateway, "set_meters")
    task = asyncio.create_task(keep(gateway))
    await gateway.live()
    task.cancel()


asyncio.run(main())
