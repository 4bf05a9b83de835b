"""Reports of a second, and sites that are applied between them. Standard input: `site`; `steps`,
each [now in s or None, W of each point or None where it is absent], or {"site": ...}, with
`lacks`, of what memory fails, in it. Prints each quarter of an hour that is complete ([start,
whether complete, doubtful, W of the house]), then what there is at the end."""

import json
import sys

from site import document
from measure.quantities import Report
from energy.aggregates import Aggregates
from energy.record import Record
from energy.registers import Energy
from energy.today import NAMES
from energy.totals import energies
from journal.journal import Journal
import site_change

JOULE = 50 * 0.015 * 1.5 * 2**0.5 / 32767 / 3200
task = json.load(sys.stdin)
place = document.load(json.dumps(task["site"]))
errors, uptime, records = [], [0], []


class Events:
    ended = 0


class Measuring:
    """What the change and the journal take of it."""

    pending = False
    stopped = (0, 0)
    ended_ms = None

    def __init__(self, site):
        self.energy = Energy(site)
        self.aggregates = Aggregates(site, self.energy)
        self.report = Report(site.points)
        self.events = Events()

    def stop(self):
        pass

    def go_on(self):
        pass

    def go_on_as(self, other, _):
        self.energy, self.aggregates, self.report = other.energy, other.aggregates, other.report


class Hardware:
    @staticmethod
    def uptime_ms():
        return uptime[0]


measuring = Measuring(place)
record = Record(place, measuring.energy, measuring.aggregates, errors.append)
journal = Journal(place, measuring, record, lambda: (), 1 << 20, errors.append, lambda: uptime[0])
journal.set_news(lambda one: records.append([one.imported, one.layout]))
used = [place]
site_change.build_next = lambda hardware, site, old: Measuring(site)
change = site_change.SiteChange(
    Hardware, place, measuring, journal, record, errors.append, used.append, None
)
site_change.print = lambda *_: None


def show():
    intervals, site = measuring.aggregates.intervals, used[-1]
    while True:
        one = intervals.take()
        if one is None:
            return
        if one.length == 900:
            house = energies(site, one.of_load)["house"]
            watts = None if house is None else house // 900
            print(json.dumps([one.start, one.complete(), list(one.doubtful), watts]))


def fail(*_):
    raise MemoryError


def apply(step):
    site = document.load(json.dumps(step["site"]))
    module, name = step.get("lacks", ["energy.record", ""])
    module = sys.modules[module]
    real = getattr(module, name, None)
    if real:
        setattr(module, name, fail)
    change.begin(site)
    for _ in change.steps():
        pass
    if real:
        setattr(module, name, real)


def measure(now, watts):
    report = measuring.report
    report.samples = 3200
    for i, reading in enumerate(report.readings):
        reading.clear()
        power = watts[i]
        if power is None:
            reading.missed = 3200
            continue
        reading.count = 3200
        raw = round(abs(power) / JOULE)
        reading.imported, reading.exported = (0, raw) if power < 0 else (raw, 0)
        reading.power = power
    now_ms = None if now is None else now * 1000
    energy, aggregates = measuring.energy, measuring.aggregates
    for steps in (energy.add(report.values), aggregates.add(report, now_ms)):
        for _ in steps:
            pass
    uptime[0] += 1000
    measuring.ended_ms = now_ms
    for _ in journal.keep(lambda: True):
        pass


for step in task["steps"]:
    if isinstance(step, dict):
        apply(step)
    else:
        measure(*step)
    show()
aggregates, site = measuring.aggregates, used[-1]
demand, today = aggregates.demand, aggregates.today
journal.keep_now()
print(
    json.dumps(
        {
            "highest": demand.highest,
            "demand": demand.energy(),
            "always": aggregates.always_on.watts,
            "dropped": aggregates.intervals.dropped,
            "today": {load.name: today.load_record(k) for k, load in enumerate(site.loads)},
            "sums": dict(zip(NAMES + ("own", "rest"), today.sums)),
            "errors": errors,
            "records": records,
            "sites": len(used),
        }
    )
)
