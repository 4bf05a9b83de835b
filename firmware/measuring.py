"""From the bus to the registers: takes each block that the A-bus delivers, and each report that
the meter completes.

Owns the order of things on the measuring path: bus_a -> metering -> quantities -> energy. The
caller drives it: with asyncio on the gateway, in a plain loop in replay and in the benchmarks.
"""

from mains import BLOCK


class Measuring:
    """`reports`: how many were completed. Of the last one: `report` (quantities.Report), `energy`
    after it, `first_sample` (the head's number of its first sample, modulo 2^22).

    now_ms: a function, epoch milliseconds or None. finished: a function, called after each report.
    """

    def __init__(self, bus, meter, report, energy, now_ms, finished):
        self.bus = bus
        self.meter = meter
        self.report = report
        self.energy = energy
        self.reports = 0
        self.first_sample = 0
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
            if self.meter.due:
                self._finish(block * BLOCK)
        sample = 0
        while sample < BLOCK:
            sample = self.meter.add(self.bus.samples, cycle.where, sample)
            if self.meter.due:
                self._finish(block * BLOCK + sample)

    def _finish(self, next_first):
        try:
            self.report.read(self.meter)
        finally:
            self.meter.begin()  # first of all: nothing is ever counted twice
        self.energy.add(self.report.readings, self._now_ms())
        self.first_sample = self._next_first
        self._next_first = next_first & 0x3FFFFF
        self.reports += 1
        self._finished()
