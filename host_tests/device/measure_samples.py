"""Measures samples in memory with the firmware: the meter, its reports, what looks at each
block. Runs in the interpreter and on the simulated RISC-V machine; prints one JSON line a report.

measure(task, samples): samples as bytes, block by block channel by channel (3 voltages, then the
points) 64 samples of 16 bits; task: {"points": [...], "frequency": 50, "report": 3200,
"events": [declared counts, phases]}: with events the last line is [ended, going on, the
last ones], and with "dates": [[samples, epoch ms], ...] a line more of the last ones for each, so
many lost samples later; "lost": [block, samples]: so many are lost before that block; "gone":
[[channel, first block, block after the last], ...] are missing; "harmonics":
[channels]: the last line is a list of [channel, distortion, percents].
"""

import json
from array import array

from site.sampling import BLOCK
from measure.harmonics import Harmonics
from measure.power_events import PowerEvents
from measure.quantities import Report
from metering import Meter


class Point:
    """As site.Point."""

    ratio_ppm = 1000000
    shift = 0
    offset = 0
    reversed = False
    phaseless = False

    def __init__(self, phase=0, rated=50):
        self.phase = phase
        self.rated = rated


def _line(report):
    return {
        "samples": report.samples,
        "frequency": report.frequency,
        "voltages": [voltage.rms for voltage in report.voltages],
        "lines": report.lines,
        "unbalance": report.unbalance,
        "missed": [one.missed for one in report.readings],
        "count": [one.count for one in report.readings],
        "turns back": report.turns_back,
        "clipped": [voltage.clipped for voltage in report.voltages],
        "points": [
            [
                one.power,
                one.reactive,
                one.apparent,
                one.factor,
                one.angle,
                one.current,
                one.imported,
                one.exported,
                [one.quadrant(q) for q in range(4)],
                one.saturated,
            ]
            for one in report.readings
        ],
    }


def measure(task, samples):
    points = [Point(*point) for point in task["points"]]
    events = PowerEvents(*task["events"]) if "events" in task else None
    harmonics = Harmonics(task["harmonics"]) if "harmonics" in task else None
    found = []
    meter = Meter([point.phase for point in points], task["frequency"], task.get("report", 3200))
    report = Report(points, declared=task.get("declared", 0))
    channels = 3 + len(points)
    where = array("i", [2 * BLOCK * i for i in range(channels)])
    size = 2 * BLOCK * channels
    for at in range(0, len(samples), size):
        block = memoryview(samples)[at : at + size]
        if "lost" in task and at == task["lost"][0] * size:
            events.skip(task["lost"][1])
        for channel, first, last in task.get("gone", ()):
            there = not first <= at // size < last
            where[channel] = 2 * BLOCK * channel if there else -2
        sample = 0
        while sample < BLOCK:
            end = meter.add(block, where, sample)
            if harmonics:
                harmonics.add(block, where, sample, end, meter.pll)
            if events:
                events.add(where, end - sample, meter.pll)
            sample = end
            if meter.due:
                meter.finish()
                for _ in report.read(meter):
                    pass
                print(json.dumps(_line(report)))
                if harmonics:
                    harmonics.begin()
                    found.append(harmonics.take())
    if harmonics:
        print(json.dumps([one for one in found if one]))
    if events:
        print(json.dumps([events.ended, events.active(), list(events.last())]))
        for samples, now_ms in task.get("dates", ()):
            events.skip(samples)
            events.date(now_ms)
            print(json.dumps(list(events.last())))
