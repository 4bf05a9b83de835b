"""Runs in the MicroPython interpreter: measures without pacing what the installation plays, one
JSON line per window.

`micropython replay.py [whole]`: with `whole` one line per report of a second instead.
"""

import gc
import json
import sys

import board
from hardware import make

from site import document
from site.sampling import SAMPLE_RATE
from b_bus.site_meters import meters_of
from energy.registers import EXPORT, IMPORT
from gateway import build_measuring


def _pieces(measuring, installation):
    """One line of JSON, piece by piece."""
    report = measuring.report
    head = {
        "window": measuring.reports,
        "first_sample": measuring.first_sample,
        "samples": report.samples,
        "frequency": report.frequency,
        "voltages": [voltage.rms for voltage in report.voltages],
        "lines": report.lines,
        "unbalance": report.unbalance,
    }
    yield json.dumps(head)[:-1]
    yield ', "points": ['
    for i in range(len(installation.points)):
        point, reading = installation.points[i], report.readings[i]
        line = {
            "node": point.node,
            "input": "ABCD"[point.input],
            "name": installation.loads[point.load].name,
            "phase": point.phase + 1,
            "V": reading.voltage,
            "I": reading.current,
            "P": reading.power,
            "Q": reading.reactive,
            "S": reading.apparent,
            "PF": reading.factor,
            "samples": reading.count,
            "missing": reading.missed,
            "import": measuring.energy.of_point(i, IMPORT),
            "export": measuring.energy.of_point(i, EXPORT),
        }
        yield json.dumps(line)
        yield ", " if i + 1 < len(installation.points) else "]}\n"


def main():
    """Print a line for each window until the installation ends."""
    gc.threshold(16384)  # as the gateway does
    with open("site.json") as file:
        installation = document.load(file.read(), meters_of)
    gc.collect()
    hardware = make(board)

    def on_report():
        measuring.work_through()
        for piece in _pieces(measuring, installation):
            sys.stdout.write(piece)

    measuring = build_measuring(
        hardware, installation, on_report, SAMPLE_RATE if "whole" in sys.argv else 0
    )
    try:
        while True:
            hardware.pass_us(measuring.step())
    except EOFError:
        pass


main()
