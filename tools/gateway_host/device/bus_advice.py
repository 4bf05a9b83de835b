"""Runs in the MicroPython interpreter: measures what the installation plays, one JSON line per
report, with the counters of the A-bus and what an installer would read."""

import gc
import json
import sys

import board
from hardware import make

from site import document
from b_bus.site_meters import meters_of
from a_bus.state import describe
from energy.registers import EXPORT, IMPORT
from advice.sensors import Advice
from gateway import build_measuring


def print_report(hardware, measuring, advice):
    """A line for the last report."""
    bus, energy = measuring.bus, measuring.energy
    for _ in advice.update(measuring.report, measuring.reports):
        pass
    receiver = bus.receiver
    points = range(len(measuring.report.readings))
    line = {
        "ms": hardware.uptime_ms(),
        "samples": measuring.report.samples,
        "missed": [reading.missed for reading in measuring.report.readings],
        "missing": list(energy.missing),
        "watts": [reading.power for reading in measuring.report.readings],
        "import": [energy.of_point(i, IMPORT) for i in points],
        "export": [energy.of_point(i, EXPORT) for i in points],
        "first_sample": measuring.first_sample,
        "noise": receiver.noise,
        "echoes": receiver.echoes,
        "foreign": receiver.foreign,
        "skipped": bus.backlog.skipped,
        "restarts": bus.backlog.restarts,
        "advice": advice.texts,
        "nodes": {node["serial"]: node for node in describe(bus, 0, 0)["nodes"]},
    }
    json.dump(line, sys.stdout)  # in pieces: the heap is the device's
    print()


def main():
    """Print a line for each report until the installation ends."""
    with open("site.json") as file:
        installation = document.load(file.read(), meters_of)
    hardware = make(board)
    measuring = build_measuring(hardware, installation, gc.collect)
    advice = Advice(measuring.bus, installation)
    printed = 0
    try:
        while True:
            hardware.pass_us(measuring.step())
            measuring.work_through()
            if measuring.reports != printed:
                printed = measuring.reports
                print_report(hardware, measuring, advice)
    except EOFError:
        pass


main()
