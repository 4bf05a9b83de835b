"""Runs in the MicroPython interpreter: measures what the installation plays; prints a JSON line
for each interval that is complete: start, length, samples, J imported by each point, J estimated,
and which points are doubtful."""

import gc
import json

import board
import hardware

from site import document
from b_bus.site_meters import meters_of
from gateway import build_measuring


def main():
    gc.threshold(16384)  # as the gateway does
    with open("site.json") as file:
        place = document.load(file.read(), meters_of)
    made = hardware.make(board)

    def on_report():
        measuring.work_through()
        intervals = measuring.aggregates.intervals
        while True:
            one = intervals.take()
            if one is None:
                break
            joules = [one.energy[2 * i] for i in range(len(place.points))]
            line = [one.start, one.length, one.samples, joules, one.estimated, list(one.doubtful)]
            print(json.dumps(line))

    measuring = build_measuring(made, place, on_report)
    while True:
        made.pass_us(measuring.step())


main()
