"""Measures what the installation plays, and changes the site meanwhile, as the gateway does. Reads
`changes.json`: [[ms since start, site.json's table]]; with "no memory" behind the table there is
too little for it. Prints a line for each report."""

import gc
import json
import sys

import board
from hardware import make

from site import document
from b_bus.site_meters import meters_of
from energy.record import Record
from assembly import build_measuring
from site_change import SiteChange


class Kept:
    """In the place of a journal: what the registers have is taken."""

    def __init__(self, record):
        self.record = record

    def end_site(self):
        yield from self.record.fill()

    def prepare_site(self, *_):
        pass

    def begin_site(self, record, _):
        self.record = record


def fail(*_):
    raise MemoryError


def main():
    with open("site.json") as file:
        place = document.load(file.read(), meters_of)
    with open("changes.json") as file:
        changes = json.load(file)
    hardware = make(board)
    used = [place]
    errors = []
    times = []

    def report():
        measuring.work_through()
        energy, site = measuring.energy, used[-1]
        measuring.aggregates.intervals.completed.clear()  # nobody else takes them
        points = {}
        for i, point in enumerate(site.points):
            r = 2 * i
            counted = list(energy.main.joules[r : r + 2]) + list(energy.main.rest[r : r + 2])
            points["%s/%d" % (point.node, point.input)] = counted + [energy.missing[i]]
        first = 2 * len(site.points)
        loads = {}
        for k, load in enumerate(site.loads):
            counted = list(energy.main.joules[first + 2 * k : first + 2 * k + 2])
            loads[load.name] = counted + list(measuring.aggregates.today.load_record(k))
        demand = measuring.aggregates.demand
        gc.collect()
        heap = gc.mem_alloc()
        line = {
            "heap": heap,
            "ms": hardware.uptime_ms(),
            "first_sample": measuring.first_sample,
            "samples": measuring.report.samples,
            "watts": [reading.power for reading in measuring.report.readings],
            "amperes": [reading.current for reading in measuring.report.readings],
            "quarter": [demand.samples(), demand.energy()],
            "points": points,
            "powers": measuring.aggregates.powers,
            "loads": loads,
            "lost": measuring.meter.lost,
            "blocks": measuring.bus.blocks,
            "skipped": measuring.bus.backlog.skipped,
            "restarts": measuring.bus.backlog.restarts,
            "sites": len(used),
            "errors": errors,
            "behind": measuring.bus.behind(),
            "took_ms": times,
        }
        print(json.dumps(line))

    measuring = build_measuring(hardware, place, report)
    record = Record(place, measuring.energy, measuring.aggregates, errors.append)
    kept = Kept(record)
    change = SiteChange(hardware, place, measuring, kept, record, errors.append, used.append, None)
    site_change = sys.modules["site_change"]
    build_next = site_change.build_next
    while True:
        if changes and hardware.uptime_ms() >= changes[0][0]:
            _, table, *fails = changes.pop(0)
            site_change.build_next = fail if fails else build_next
            change.begin(document.load(json.dumps(table), meters_of))
        was = len(used)
        stopped_ms = hardware.uptime_ms()
        for _ in change.steps():
            hardware.pass_us(2000)
        if len(used) != was:
            times.append(hardware.uptime_ms() - stopped_ms)
        hardware.pass_us(measuring.step())


try:
    main()
except EOFError:
    pass
