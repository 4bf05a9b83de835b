"""From the bus to the registers: takes each block that the A-bus delivers, and each report that
the meter completes.

Owns the order of things on the measuring path: bus_a -> synthesis, line_voltages -> metering ->
quantities -> energy -> aggregates; power_events and harmonics look at the same samples beside
metering. The caller drives it: with asyncio on the gateway, in a plain loop in replay and in the
benchmarks.
"""

from aggregates import Aggregates
from energy import Energy
from harmonics import Harmonics
from mains import BLOCK, SAMPLE_RATE
from metering import Meter
from micropython import const
from power_events import PowerEvents
from quantities import VOLTS_PER_COUNT, Report
from wiring import DELTA, STAR

_LATE_MS = const(40)  # from the last sample of a report until it is complete, as a rule


def build(bus, site, now_ms, finished, report_samples=SAMPLE_RATE):
    """The Measuring of a site. bus: as BusA; the rest: see Measuring and metering.Meter."""
    meter = Meter([point.phase for point in site.points], site.frequency, report_samples)
    declared = site.declared * 1000000 / site.voltage_ppm / VOLTS_PER_COUNT
    events = PowerEvents(declared, site.phases)
    report, energy = Report(site.points, site.voltage_ppm, site.lines), Energy(site)
    points = range(len(site.points))
    chosen = [3 + i for i in points if site.points[i].harmonics]
    turns = list(range(site.phases)) + (chosen or [3 + i for i in points])
    synthesis = make_lines = None  # few sites need them
    if site.synthesised:
        from synthesis import Synthesis

        synthesis = Synthesis(site.synthesised, site.frequency)
    if site.lines != STAR:
        import line_voltages

        make_lines = line_voltages.delta if site.lines == DELTA else line_voltages.split
    return Measuring(
        bus,
        synthesis,
        make_lines,
        meter,
        events,
        Harmonics(turns),
        report,
        energy,
        Aggregates(site, energy),
        now_ms,
        finished,
    )


class Measuring:
    """`reports`: how many were completed. Of the last one: `report` (quantities.Report), `energy`
    and `aggregates` after it, `first_sample` (the head's number of its first sample, modulo 2^22).
    `events`: power_events.PowerEvents; `harmonics`: harmonics.Harmonics.

    synthesis: synthesis.Synthesis, or None. make_lines: line_voltages.delta or split, or None.
    now_ms: a function, epoch milliseconds or None. finished: a function, called after each report.
    """

    def __init__(
        self,
        bus,
        synthesis,
        make_lines,
        meter,
        events,
        harmonics,
        report,
        energy,
        aggregates,
        now_ms,
        finished,
    ):
        self.bus = bus
        self.meter = meter
        self.events = events
        self.harmonics = harmonics
        self.report = report
        self.energy = energy
        self.aggregates = aggregates
        self.meters = []  # whose values are entered into each report: meter_profile.Meter
        self.reports = 0
        self.first_sample = 0
        self._synthesis = synthesis
        self._make_lines = make_lines
        self._now_ms = now_ms
        self._finished = finished
        self._next_first = -1
        self._steps = None
        self.restart()

    def restart(self):
        """Begin anew after a step has failed; what was measured stays, the block at hand is
        lost."""
        self._steps = self.bus.run()

    def step(self):
        """Do what is due; returns the us until the next step. Allocates only when a report is
        complete."""
        wait = next(self._steps)
        cycle = self.bus.ready
        if cycle is not None:
            self._use(cycle)
        return wait

    def _use(self, cycle):
        block = cycle.block
        if self._next_first < 0:
            self._next_first = block * BLOCK
        elif cycle.skipped:
            self.meter.skip(cycle.skipped)
            self.events.skip(cycle.skipped * BLOCK)
            self.harmonics.skip()
            if self._synthesis:
                self._synthesis.skip()
            if self.meter.due:
                self._finish(block * BLOCK)
        if self._synthesis:
            self._synthesis.make(self.bus.samples, cycle.where)
        if self._make_lines:
            self._make_lines(self.bus.samples, cycle.where)
        sample = 0
        while sample < BLOCK:
            end = self.meter.add(self.bus.samples, cycle.where, sample)
            self.events.add(cycle.where, end - sample, self.meter.mains)
            self.harmonics.add(self.bus.samples, cycle.where, sample, end, self.meter.mains)
            sample = end
            if self.meter.due:
                self._finish(block * BLOCK + sample)

    def _finish(self, next_first):
        try:
            self.report.read(self.meter)
        finally:
            self.meter.begin()  # first of all: nothing is ever counted twice
        self.harmonics.begin()
        if self._synthesis and self.report.frequency:
            self._synthesis.tune(self.report.frequency)
        now_ms = self._now_ms()
        if now_ms is not None:  # the next report ends with a second of the clock
            now_ms -= _LATE_MS
            self.events.date(now_ms)
            self.meter.aim(SAMPLE_RATE * (1500 - (now_ms + 500) % 1000) // 1000)
        self.first_sample = self._next_first
        self._next_first = next_first & 0x3FFFFF
        self.complete(now_ms)

    def complete(self, now_ms):
        """Count what the report holds; it ended at `now_ms`."""
        for meter in self.meters:
            meter.fill(self.report)
        self.energy.add(self.report.readings, now_ms)
        self.aggregates.add(self.report, now_ms)
        self.reports += 1
        self._finished()
