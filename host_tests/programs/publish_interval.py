"""publish_topics.py, and then `totals` and `aggregated` after an interval, `interval` its
energies, and a quarter."""

from array import array

from publish_topics import path, place, publish, report, task, uplink

from energy.intervals import Interval, Spread
from cloud.aggregated import aggregated

spread = Spread(6)
for rms in (228.5, 231.5):
    report.voltages[0].rms = rms
    spread.add(report, 2 * (rms - 230) * 100)
joules, missed = array("q", task["interval"]), array("i", [0, 64, 0, 0, 0, 0])
interval = Interval(1764000000, 300, 960000, joules, missed, 7, spread)
aggregates = path.aggregates
aggregates.grid = 1000.0
quarter = Interval(1763990100, 900, 2880000, joules, missed, 0, spread)
aggregates.demand.add(quarter)
aggregates.always_on.add(quarter.start, 145)
publish()
print(uplink.sent["totals"].decode())
print("".join(aggregated(place, interval, 145)))
