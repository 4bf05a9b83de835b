"""Runs in the MicroPython interpreter: measures what the installation plays, one JSON line per
report, with the counters of the A-bus.

`micropython bus_report.py [paced] [AT:MS ...] [slow=US]`: with `paced` in real time. AT:MS stops
the program for MS ms once AT ms have passed since the start, as the REPL or a TLS handshake would.
With `slow` each block takes it US us to use.
"""

import asyncio
import gc
import json
import sys

import board
from hardware import make

from site import document
from b_bus.site_meters import meters_of
from a_bus.state import describe
from energy.registers import EXPORT, IMPORT
from assembly import build_measuring


class Reporter:
    """Prints a line for each report."""

    def __init__(self, hardware, installation):
        self._hardware = hardware
        self.measuring = build_measuring(hardware, installation, self._print)
        self._pauses = []
        self._slow = 0
        self._used = 0
        for word in sys.argv[1:]:
            if word.startswith("slow="):
                self._slow = int(word[5:])
            if ":" in word:
                self._pauses.append([int(number) for number in word.split(":")])

    def _print(self):
        measuring = self.measuring
        measuring.work_through()
        bus, report, energy = measuring.bus, measuring.report, measuring.energy
        points = range(len(report.readings))
        end = measuring.first_sample + report.samples
        age_ms = bus.age_ms(end // 64 & 0xFFFF, end % 64)
        measuring.aggregates.intervals.completed.clear()  # nobody else takes them
        gc.collect()
        line = {
            "heap": gc.mem_alloc(),  # first: before the line itself takes some
            "ms": self._hardware.uptime_ms(),
            "first_sample": measuring.first_sample,
            "samples": report.samples,
            "volts": [voltage.rms for voltage in report.voltages],
            "counts": [reading.count for reading in report.readings],
            "missed": [reading.missed for reading in report.readings],
            "watts": [reading.power for reading in report.readings],
            "import": [energy.of_point(i, IMPORT) for i in points],
            "export": [energy.of_point(i, EXPORT) for i in points],
            "missing": list(energy.missing),
            "lost": measuring.meter.lost,
            "blocks": bus.blocks,
            "skipped": bus.backlog.skipped,
            "behind": bus.behind(),
            "age_ms": age_ms,
            "restarts": bus.backlog.restarts,
            "noise": bus.receiver.noise,
            "capacity": bus.capacity,
            "nodes": {node["serial"]: node for node in describe(bus, 0, 0)["nodes"]},
        }
        between = "{"
        for name, value in line.items():  # in pieces: the whole needs a large piece of the heap
            print('%s"%s": %s' % (between, name, json.dumps(value)), end="")
            between = ", "
        print("}")

    def _step(self):
        wait = self.measuring.step()
        if self._pauses and self._hardware.uptime_ms() >= self._pauses[0][0]:
            wait += 1000 * self._pauses.pop(0)[1]
        if self._used != self.measuring.bus.blocks:
            self._used = self.measuring.bus.blocks
            wait += self._slow
        return wait

    def run(self):
        """Until the installation ends."""
        while True:
            self._hardware.pass_us(self._step())

    async def run_paced(self):
        """The same in real time."""
        while True:
            await self._hardware.sleep_us(self._step())


def main():
    """Print a line for each report until the installation ends."""
    with open("site.json") as file:
        installation = document.load(file.read(), meters_of)
    reporter = Reporter(make(board), installation)
    try:
        if "paced" in sys.argv:
            asyncio.run(reporter.run_paced())
        else:
            reporter.run()
    except EOFError:
        pass


main()
