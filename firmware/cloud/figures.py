"""What messages say beside what is measured: sums over the site, the demand.

Owns the arrays that they stand in, so that a message is written from integers alone; worked out
once a report, in steps.
"""

from array import array

from micropython import const

from site.sampling import SAMPLE_RATE
from measure.exact import add
from measure.readings import POWER, RATES, REACTIVE, UNKNOWN, scaled
from energy.totals import Totals, loads_of
from cloud.json_text import UNKNOWN_64

# `longs`, 64 bits: J, and times
TIME_MS, TIME, IMPORTED, EXPORTED, START, ENERGY, MONTH = range(7)
# `ints`, 32 bits: 0.01 W and var; the report's seconds in 0.0001 s, the quarter's in 0.1 s; the
# forecast in 0.1 W; W
(
    TOTAL_POWER,
    TOTAL_REACTIVE,
    GRID,
    SOLAR,
    BATTERY,
    HOUSE,
    OWN_POWER,
    REST_POWER,
    SECONDS,
    QUARTER_SECONDS,
    FORECAST,
    HIGHEST,
    ALWAYS_ON,
) = range(13)
_STEP = const(16)  # loads at once


class Figures:
    """`longs`, `ints`: see above; `powers`: of the loads, 0.01 W."""

    def __init__(self, site: Site, measuring: Measuring):
        self._site = site
        self._measuring = measuring
        self.longs = array("q", bytes(8 * (MONTH + 1)))
        self.ints = array("i", bytes(4 * (ALWAYS_ON + 1)))
        self.powers = array("i", bytes(4 * len(site.loads)))
        self._watts: list[float | None] = [None] * len(site.loads)
        self._grid = [i for k in loads_of(site, "grid") for i in site.loads[k].points]

    def take_time(self, now_ms: int | None) -> None:
        """When the report ended, epoch ms or None."""
        self.longs[TIME_MS] = now_ms or 0  # the original's readers want a number
        # Reports end with a second.
        self.longs[TIME] = UNKNOWN_64 if now_ms is None else (now_ms + 500) // 1000

    def take_points(self) -> None:
        """Sums over the points, for `realtime`."""
        rates, longs, ints = self._measuring.report.rates, self.longs, self.ints
        ints[TOTAL_POWER] = scaled(_sum(rates, self._grid, POWER), 1)
        ints[TOTAL_REACTIVE] = scaled(_sum(rates, self._grid, REACTIVE), 1)
        longs[IMPORTED] = longs[EXPORTED] = 0
        joules = self._measuring.energy.main.joules
        for i in range(len(self._site.points)):
            add(longs, IMPORTED, joules, 2 * i, 0)
            add(longs, EXPORTED, joules, 2 * i + 1, 0)

    def take_loads(self) -> Steps:
        """All else: a generator that works for a ms or two between its yields."""
        site, ints, rates = self._site, self.ints, self._measuring.report.rates
        for k in range(len(site.loads)):
            if k % _STEP == _STEP - 1:
                yield
            power = _sum(rates, site.loads[k].points, POWER)
            self._watts[k] = power
            self.powers[k] = scaled(power, 1)
        totals = Totals(site, self._watts)
        ints[GRID], ints[SOLAR] = scaled(totals.grid, 1), scaled(totals.solar, 1)
        ints[BATTERY], ints[HOUSE] = scaled(totals.battery, 1), scaled(totals.house, 1)
        ints[OWN_POWER], ints[REST_POWER] = scaled(totals.own, 1), scaled(totals.rest, 1)
        yield
        self._take_demand()

    def _take_demand(self):
        longs, ints, aggregates = self.longs, self.ints, self._measuring.aggregates
        demand, quarter = aggregates.demand, aggregates.intervals.quarter
        ints[SECONDS] = (self._measuring.report.samples * 25 + 4) // 8
        ints[QUARTER_SECONDS] = (demand.samples() * 10 + SAMPLE_RATE // 2) // SAMPLE_RATE
        ints[FORECAST] = scaled(demand.forecast(aggregates.grid), 10)
        ints[HIGHEST] = scaled(demand.highest, 1)
        ints[ALWAYS_ON] = scaled(aggregates.always_on.watts, 1)
        longs[START] = UNKNOWN_64 if quarter.start is None else quarter.start
        longs[MONTH] = UNKNOWN_64 if demand.at is None else demand.at
        energy = demand.energy()
        longs[ENERGY] = UNKNOWN_64 if energy is None else energy


def _sum(rates, points, k):
    """The sum of one rate over these points, None where there is none or one is not known."""
    total = None
    for i in points:
        value = rates[RATES * i + k]
        if value == UNKNOWN:
            return None
        total = value if total is None else total + value
    return total
