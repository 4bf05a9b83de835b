"""Restores the registers, counts reports in which point 0 takes W and point 1 gives half of it,
keeps them. Standard input: `site`; `steps`, [now in ms or None, W, samples]; `keep`, whether
they are kept at the end; `every`, whether after each step too, and `calm`, whether the
gateway is then; `full`, whether the flash is. Prints what is there before and after."""

import json
import sys

from system.durable import Durable
from site import document
from measure.quantities import Report
from energy.aggregates import Aggregates
from energy.record import Record
from energy.registers import Energy
from energy.today import NAMES
from journal.journal import Journal


def full(self, value):
    raise OSError(28)


task = json.load(sys.stdin)
if task.get("full"):
    Durable.write = full
place = document.load(json.dumps(task["site"]))
energy = Energy(place)
aggregates = Aggregates(place, energy)
errors, uptime = [], [0]


class Measuring:  # what the journal takes of it
    class events:
        ended = 0


record = Record(place, energy, aggregates, errors.append)
report = Report(place.points)
measuring = Measuring()
measuring.energy, measuring.aggregates, measuring.report = energy, aggregates, report
measuring.ended_ms = None
journal = Journal(place, measuring, record, lambda: (), 1 << 20, errors.append, lambda: uptime[0])
JOULE = 50 * 0.015 * 1.5 * 2**0.5 / 32767 / 3200


def shown():
    today = dict(zip(NAMES + ("own", "rest"), today_of.sums))
    print(
        json.dumps(
            [
                list(energy.main.joules),
                list(energy.reactive.joules),
                list(energy.estimated.joules),
                list(energy.missing),
                list(today_of.joules),
                today,
                demand.highest,
                demand.at,
                aggregates.always_on.watts,
                errors,
                [aggregates.intervals.quarter.so_far(k, 0) for k in range(len(place.loads))],
            ]
        )
    )


today_of, demand = aggregates.today, aggregates.demand
shown()
for now, watts, samples in task["steps"]:
    report.samples = samples
    for i, reading in enumerate(report.readings):
        reading.clear()
        reading.count = samples
        raw = round(watts / JOULE / (1 + i) * samples / 3200)
        if i == 1:
            reading.exported = raw
        else:
            reading.imported = raw
        report.values.sums[8 * i + 4] = raw
        reading.power = watts / (1 + i) * (-1 if i == 1 else 1)
    for steps in (energy.add(report.values), aggregates.add(report, now)):
        for _ in steps:
            pass
    if task.get("every"):
        uptime[0] += samples * 1000 // 3200
        measuring.ended_ms = now
        for _ in journal.keep(lambda: task["calm"]):
            pass
shown()
if task["keep"]:
    journal.keep_now()
