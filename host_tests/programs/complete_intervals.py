"""Intervals of reports. Standard input: `site`; `steps`, [now in ms or None, samples, [[imported,
exported, missed] of each point], voltages, frequency]; `taken`, whether somebody takes what is
completed. Prints a line for each completed interval: the step in which it came, and what it is;
then the registers, and what is in the current intervals."""

import json
import sys

from site import document
from measure.quantities import Report
from energy.aggregates import Aggregates
from energy.registers import Energy

task = json.load(sys.stdin)
place = document.load(json.dumps(task["site"]))
energy = Energy(place)
aggregates = Aggregates(place, energy)
report = Report(place.points)
intervals = aggregates.intervals
for number, (now, samples, values, voltages, frequency) in enumerate(task["steps"]):
    report.samples, report.frequency = samples, frequency
    for voltage, rms in zip(report.voltages, voltages):
        voltage.rms = rms
    for reading, (imported, exported, missed) in zip(report.readings, values):
        reading.imported, reading.exported, reading.missed = imported, exported, missed
        reading.count = samples - missed
        reading.power = (imported - exported) / 1e9
    for _ in energy.add(report.values):
        pass
    for _ in aggregates.add(report, now):
        pass
    while task["taken"] and intervals.completed:
        one = intervals.completed.pop(0)
        print(
            json.dumps(
                [
                    number,
                    one.length,
                    one.start,
                    one.samples,
                    one.regular,
                    list(one.energy),
                    list(one.missed),
                    one.estimated,
                    one.complete(),
                    [one.spread.voltage(p) for p in range(3)]
                    + [one.spread.frequency(), one.spread.grid()],
                    list(one.doubtful),
                ]
            )
        )
demand = aggregates.demand
print(
    json.dumps(
        [
            list(energy.main.joules),
            [
                list(now - then for now, then in zip(energy.main.joules, span._before))
                for span in (intervals._five_minutes, intervals.quarter)
            ],
            [demand.highest, demand.at, demand.energy(), demand.forecast(1000)],
            intervals.dropped,
            aggregates.always_on.watts,
            sum(energy.estimated.joules),
        ]
    )
)
