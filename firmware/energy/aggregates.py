"""What follows from the registers after each report: powers of the loads, intervals, the demand,
what always runs.

Owns their order: energy -> intervals -> demand.
"""

from micropython import const

from energy.demand import Demand
from energy.intervals import Intervals
from energy.totals import AlwaysOn, energies, load_power, role_power

_STEP = const(5)  # loads at once


class Aggregates:
    """`powers`: of the loads over the last report, W, None where a point of the load was not
    measured; `grid`: the sum of those with that role; `intervals`, `demand`, `always_on`: see
    their classes."""

    def __init__(self, site, energy):
        self.powers = [None] * len(site.loads)
        self.grid = None
        self.intervals = Intervals(energy)
        self.demand = Demand(site, self.intervals.quarter)
        self.always_on = AlwaysOn()
        self._site = site

    def add(self, report, now_ms):
        """Take a report that the registers have counted, and that ended at `now_ms` (epoch
        milliseconds, or None): a generator that works for some ms between two yields."""
        site = self._site
        for k in range(len(self.powers)):
            self.powers[k] = load_power(site, report.readings, k)
            if k % _STEP == _STEP - 1:
                yield
        self.grid = role_power(site, self.powers, "grid")
        yield
        quarter = yield from self.intervals.add(report, self.grid, now_ms)
        if quarter is not None:
            self.demand.add(quarter)
            if quarter.complete():
                house = energies(site, quarter.of_load)["house"]
                self.always_on.add(quarter.start, house // quarter.length)
