"""Runs the journal in the working directory on what a test says was measured. Standard input:
`site`; `steps`, each a table: `now` (ms or None), `s` (seconds), `in` and `out` (J), `missed`
(samples), `watts` of each point, `estimated` (J), `grid` (W), `volts`, `events`, `pulses`; `calm`,
`full`; `restart`: whether the gateway starts anew, behind an `end` or a power cut. What is left
out is as before. Prints a line for each: what was news, then all that is read back; at last what
is said."""

import json
import sys

from system.durable import Durable
from site import document
from measure.quantities import Report
from energy.aggregates import Aggregates
from energy.record import Record
from energy.registers import Energy
from journal.journal import Journal


class Events:
    ended = 0


class Measuring:  # what the journal takes of it
    pass


FIELDS = ("sequence", "first", "time", "seconds", "boot", "layout", "imported", "exported",
          "missing", "estimated", "grid", "voltages", "power", "pulses", "events",
          "cut")  # fmt: skip
task = json.load(sys.stdin)
errors = []
capacity = task.get("capacity", 1 << 20)
place = document.load(json.dumps(task["site"]))
full = [False]
plain_write = Durable.write
plain_open = open


def write(self, value):
    if full[0]:
        raise OSError(28)
    plain_write(self, value)


Durable.write = write


def show(record):
    print(json.dumps([getattr(record, name) for name in FIELDS]))


class Gateway:
    def __init__(self):
        self.uptime_ms = 0
        self.pulses = {}
        self.measuring = one = Measuring()
        one.energy = Energy(place)
        one.aggregates = Aggregates(place, one.energy)
        one.report = Report(place.points)
        one.events = Events()
        one.ended_ms = None
        record = Record(place, one.energy, one.aggregates, errors.append)
        self.journal = Journal(
            place, one, record, self.pulses.items, capacity, errors.append, lambda: self.uptime_ms
        )

    def take(self, step):
        one, energy = self.measuring, self.measuring.energy
        self.uptime_ms += int(step["s"] * 1000)
        one.report.samples = int(step["s"] * 3200)
        one.ended_ms = step["now"]
        for i in range(len(place.points)):
            energy.main.joules[2 * i] += step["in"][i]
            energy.main.joules[2 * i + 1] += step["out"][i]
            energy.missing[i] += step["missed"][i]
            one.report.readings[i].power = step["watts"][i]
        energy.estimated.joules[0] += step["estimated"]
        one.aggregates.grid = step["grid"]
        for p, volts in enumerate(step["volts"]):
            one.report.voltages[p].connected = volts is not None
            one.report.supply[p] = -(1 << 31) if volts is None else int(volts * 100 + 0.5)
        one.events.ended += step["events"]
        self.pulses.update(step["pulses"])
        for _ in self.journal.keep(lambda: step["calm"]):
            pass


gateway, step = None, {}
for change in task["steps"]:
    step.update(change)
    full[0] = step["full"]
    if gateway is None or change.get("restart"):
        if gateway and change.get("end"):
            gateway.journal.keep_now()
        gateway = Gateway()
        gateway.journal.set_news(show)
        for name, sequence in task.get("cursors", {}).items():
            gateway.journal.cursor(name).acknowledge(sequence)
    if "now" in change:
        gateway.take(step)
if task.get("end"):
    gateway.journal.keep_now()
print("read")
journal = gateway.journal
sequence = task.get("from", 0)
while sequence is not None:
    found = None
    for one in journal.read(sequence):
        found = one
    sequence = None
    if found is not None:
        show(found)
        sequence = found.sequence + 1
print("said")
said = {
    "first": journal.first,
    "last": journal.last,
    "layout": journal.layout,
    "text": journal.layout_text(journal.layout),
    "errors": errors,
    "joules": list(gateway.measuring.energy.main.joules),
}
print(json.dumps(said))
