"""Today's energy. Standard input: `site`; `steps`, [now in ms, joules of the first point]. Prints
today's joules and its day after each."""

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
report.samples = report.readings[0].count = 3200
for now, joules in task["steps"]:
    report.readings[0].imported = joules
    for steps in (energy.add(report.values), aggregates.add(report, now)):
        for _ in steps:
            pass
    print(aggregates.today.joules[0], aggregates.today.day)
