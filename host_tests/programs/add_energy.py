"""Energies of reports. Standard input: `site`; `steps`, [now in ms or None, [[imported, exported,
missed] of each point]]; `counts` of samples measured, of each step and point, or None. Prints the
registers after each step."""

import json
import sys

from site import document
from measure.readings import Readings
from energy.registers import Energy
from energy.today import NAMES, Today

task = json.load(sys.stdin)
place = document.load(json.dumps(task["site"]))
energy = Energy(place)
today = Today(place, energy)
values_of = Readings(len(place.points))
counts = task.get("counts")  # of each step and point, samples measured

points, loads = range(len(place.points)), range(len(place.loads))

for number, (now_ms, values) in enumerate(task["steps"]):
    for reading, (imported, exported, missed) in zip(values_of.points, values):
        reading.imported, reading.exported, reading.missed = imported, exported, missed
    for reading, measured in zip(values_of.points, counts[number] if counts else ()):
        reading.count = measured
    for _ in energy.add(values_of):
        pass
    now = now_ms and now_ms // 1000
    for _ in today.add(now and (now + place.zone.offset(now)) // 86400):
        pass
    print(
        json.dumps(
            [
                [
                    [energy.of_point(i, 0), energy.of_point(i, 1), energy.missing[i]]
                    for i in points
                ],
                [
                    [energy.of_load(k, 0), energy.of_load(k, 1)]
                    + list(today.joules[2 * k : 2 * k + 2])
                    for k in loads
                ],
                dict(zip(NAMES + ("own", "rest"), today.sums)),
            ]
        )
    )
