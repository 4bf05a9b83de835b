"""What follows from the registers after each report: powers of the loads, intervals, the demand,
what always runs.

Owns their order: energy -> today, intervals -> demand.
"""

from micropython import const

from energy.demand import Demand
from energy.intervals import Intervals
from energy.today import Today
from energy.totals import AlwaysOn, energies, load_power, role_power

_STEP = const(5)  # loads at once
_HALF_MS = const(500)  # of a report


class Aggregates:
    """`powers`: of the loads over the last report, W, None where a point of the load was not
    measured; `grid`: the sum of those with that role; `today`, `intervals`, `demand`, `always_on`:
    see their classes."""

    def __init__(self, site: Site, energy: Energy):
        self.powers: list[float | None] = [None] * len(site.loads)
        self.grid: float | None = None
        self.today = Today(site, energy)
        self.intervals = Intervals(energy)
        self.demand = Demand(site, self.intervals.quarter)
        self.always_on = AlwaysOn()
        self._site = site
        self._energy = energy

    def begin(self) -> None:
        """The registers were restored: intervals begin with what is in them now."""
        self.intervals.begin()

    def end(self) -> None:
        """No report follows, but those of another site: what waits counts as it is."""
        for quarter in self.intervals.end():
            self._count(quarter)

    def go_on(self, other: Aggregates, points: Pairs, registers: Pairs) -> None:
        """Go on where another site's have ended; see intervals.Span.go_on()."""
        self.intervals.go_on(other.intervals, points, registers)
        self.demand.go_on(other.demand)

    def add(self, report: Report, now_ms: int | None) -> Steps:
        """Take a report that the registers have counted, and that ended at `now_ms` (epoch
        milliseconds, or None): a generator that works for some ms between two yields."""
        site = self._site
        while self._energy.early:
            self._leave_out(self._energy.early.pop())
        for k in range(len(self.powers)):
            self.powers[k] = load_power(site, report.readings, k)
            if k % _STEP == _STEP - 1:
                yield
        self.grid = role_power(site, self.powers, "grid")
        yield
        day = None if now_ms is None else self._day(now_ms)
        yield from self.today.add(day)
        yield
        quarters = yield from self.intervals.add(report, self.grid, now_ms)
        for quarter in quarters:
            self._count(quarter)
        if now_ms is not None and day is not None:
            self.demand.date(day)
            self.always_on.date(now_ms // 1000 - 1)

    def _leave_out(self, i):
        """What the report has brought of point i is of before the start, as what a register is
        restored with: it is in no interval and no day."""
        energy = self._energy
        load = 2 * (len(energy.missing) + energy.load_of(i))
        for r in (2 * i, 2 * i + 1, load, load + 1):
            self.intervals.leave_out(r, energy.gained[r])
            energy.gained[r] = 0

    def _count(self, quarter):
        self.demand.add(quarter)
        house = energies(self._site, quarter.of_load)["house"]
        if quarter.complete() and house is not None:
            self.always_on.add(quarter.start, house // quarter.length)

    def _day(self, now_ms):
        """The local day of a report that ended then, since 1970: what ends at midnight belongs to
        the day before."""
        time = (now_ms - _HALF_MS) // 1000
        return (time + self._site.zone.offset(time)) // 86400
