"""From the bus to the registers: takes each block that the A-bus delivers, and each report that
the meter completes.
 Owns the order of things on the measuring path: bus_a -> metering -> quantities -> energy. The
caller drives it: with asyncio on the gateway, in a plain loop in replay and in the benchmarks.
"""

from bus_a import difference
from mains import BLOCK
from micropython import const

_MOST_SKIPPED = const(50)  # blocks; a longer jump means that the head counts anew


class Measuring:
    """`reports`: how many were completed; `report` (quantities.Report) and `energy` are those of
    the last one."""

    def __init__(self, bus, meter, report, energy, now):
        self.bus = bus
        self.meter = meter
        self.report = report
        self.energy = energy
        self.reports = 0
        self._now = now  # a function: epoch seconds, or None
        self._next = -1  # the block that is expected
        self._steps = bus.run()

    def step(self):
        """Do what is due; returns the us until the next step. Allocates only when a report is
        complete."""
        wait = next(self._steps)
        cycle = self.bus.ready
        if cycle is not None:
            self._use(cycle)
        return wait

    def _use(self, cycle):
        if self._next >= 0:
            skipped = difference(cycle.block, self._next)
            if 0 < skipped <= _MOST_SKIPPED:
                self.meter.skip(skipped)
                if self.meter.due:
                    self._finish()
        self._next = (cycle.block + 1) & 0xFFFF
        first = 0
        while first < BLOCK:
            first = self.meter.add(self.bus.samples, cycle.where, first)
            if self.meter.due:
                self._finish()

    def _finish(self):
        self.report.read(self.meter)
        self.energy.add(self.report.readings, self._now())
        self.meter.begin()
        self.reports += 1
