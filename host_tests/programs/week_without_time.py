"""40,000 reports while the time is not known. Standard input: a site.json. Prints of the
quarter that follows the samples, the missed ones, the start, whether it is regular, the
voltage's spread."""

import json
import sys

from site import document
from measure.quantities import Report
from energy.intervals import Intervals
from energy.registers import Energy

place = document.load(sys.stdin.read())
report = Report(place.points)
intervals = Intervals(Energy(place))
report.samples = report.readings[0].missed = 100000
report.voltages[0].rms, report.frequency = 230.0, 50.0


def add(now_ms):
    steps = intervals.add(report, 1.0, now_ms)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


for _ in range(40000):
    add(None)
(quarter,) = add(1764000000000)
print(
    json.dumps(
        [
            quarter.samples,
            quarter.missed[0],
            quarter.start,
            quarter.regular,
            quarter.spread.voltage(0),
        ]
    )
)
