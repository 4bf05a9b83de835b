"""Runs in the MicroPython interpreter: measures without pacing what the installation plays, one
JSON line per window.

`micropython replay.py [whole]`: with `whole` one line per report of a second instead.
"""

import json
import site
import sys

import board
from gateway import build_measuring


def _print(measuring, installation):
    """One line, piece by piece: as a whole it would need a large part of the heap."""
    report = measuring.report
    head = {
        "window": measuring.reports,
        "first_sample": measuring.first_sample,
        "samples": report.samples,
        "frequency": report.frequency,
        "voltages": [voltage.rms for voltage in report.voltages],
    }
    print(json.dumps(head)[:-1], end=', "points": [')
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
            "import": measuring.energy.points[i].imported.joules,
            "export": measuring.energy.points[i].exported.joules,
        }
        print(json.dumps(line), end=", " if i + 1 < len(installation.points) else "")
    print("]}")


def main():
    """Print a line for each window until the installation ends."""
    with open("site.json") as file:
        installation = site.load(file.read())
    hardware = board.hardware()
    measuring = build_measuring(
        hardware,
        installation,
        lambda: _print(measuring, installation),
        3200 if "whole" in sys.argv else 0,
    )
    try:
        while True:
            hardware.pass_us(measuring.step())
    except EOFError:
        pass


main()
