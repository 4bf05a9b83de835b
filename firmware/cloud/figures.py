"""What messages say beside what is measured: sums over the site, energies of the day, the demand.

Owns the arrays that they stand in, so that a message is written from integers alone; worked out
once a report, in steps.
"""

from array import array

from micropython import const

from site.sampling import SAMPLE_RATE
from measure.exact import add, sign
from measure.readings import POWER, RATES, REACTIVE, UNKNOWN, scaled
from energy.totals import Totals, sums
from cloud.json_text import UNKNOWN_64

# `longs`, 64 bits: J, and times
TIME_MS, TIME, IMPORTED, EXPORTED, OWN, REST, START, ENERGY, MONTH, TODAY = range(10)
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
# Places of totals.sums(), from TODAY on
_GRID_EXPORT, _SOLAR, _HOUSE, _CIRCUITS = 1, 2, 5, 6
_STEP = const(16)  # loads at once


class Figures:
    """`longs`, `ints`: see above, in `longs` from TODAY on the energies of totals.sums(); `today`:
    J of load k since midnight at 2 k + IMPORT or EXPORT; `powers`: of the loads, 0.01 W."""

    def __init__(self, site, measuring):
        self._site = site
        self._measuring = measuring
        self._sums = sums(site)
        self.longs = array("q", bytes(8 * (TODAY + len(self._sums))))
        self.ints = array("i", bytes(4 * (ALWAYS_ON + 1)))
        self.today = array("q", bytes(16 * len(site.loads)))
        self.powers = array("i", bytes(4 * len(site.loads)))
        self._watts = [None] * len(site.loads)
        self._grid = [i for load in site.loads if load.role == "grid" for i in load.points]

    def sum_names(self):
        """Of the energies from TODAY on."""
        return [name for name, _ in self._sums]

    def take_time(self, now_ms):
        """When the report ended, epoch ms or None."""
        self.longs[TIME_MS] = now_ms or 0
        self.longs[TIME] = ((now_ms or 0) + 500) // 1000  # reports end with a second

    def take_points(self):
        """Sums over the points, for `realtime`."""
        rates, longs, ints = self._measuring.report.rates, self.longs, self.ints
        power = reactive = 0
        for i in self._grid:
            value = rates[RATES * i + POWER]
            if value != UNKNOWN:
                power += value
            value = rates[RATES * i + REACTIVE]
            if value != UNKNOWN:
                reactive += value
        ints[TOTAL_POWER], ints[TOTAL_REACTIVE] = scaled(power, 1), scaled(reactive, 1)
        longs[IMPORTED] = longs[EXPORTED] = 0
        joules = self._measuring.energy.main.joules
        for i in range(len(self._site.points)):
            add(longs, IMPORTED, joules, 2 * i, 0)
            add(longs, EXPORTED, joules, 2 * i + 1, 0)

    def take_loads(self):
        """All else: a generator that works for a ms or two between its yields."""
        site, longs, ints, today = self._site, self.longs, self.ints, self.today
        rates, energy = self._measuring.report.rates, self._measuring.energy
        for k in range(len(site.loads)):
            if k % _STEP == _STEP - 1:
                yield
            power = 0
            for i in site.loads[k].points:
                value = rates[RATES * i + POWER]
                if value == UNKNOWN:
                    power = None
                    break
                power += value
            self._watts[k] = power
            self.powers[k] = scaled(power, 1)
        totals = Totals(site, self._watts)
        ints[GRID], ints[SOLAR] = scaled(totals.grid, 1), scaled(totals.solar, 1)
        ints[BATTERY], ints[HOUSE] = scaled(totals.battery, 1), scaled(totals.house, 1)
        ints[OWN_POWER], ints[REST_POWER] = scaled(totals.own, 1), scaled(totals.rest, 1)
        yield
        joules, midnight = energy.main.joules, energy.midnight
        first = len(joules) - len(today)
        for r in range(len(today)):
            today[r] = 0
            add(today, r, joules, first + r, 0)
            add(today, r, midnight, r, 1)
        yield
        for j in range(len(self._sums)):
            longs[TODAY + j] = 0
            for r, minus in self._sums[j][1]:
                add(longs, TODAY + j, today, r, minus)
        yield
        longs[OWN] = longs[REST] = 0
        add(longs, OWN, longs, TODAY + _SOLAR, 0)
        add(longs, OWN, longs, TODAY + _GRID_EXPORT, 1)
        if sign(longs, OWN) < 0:
            longs[OWN] = 0
        add(longs, REST, longs, TODAY + _HOUSE, 0)
        add(longs, REST, longs, TODAY + _CIRCUITS, 1)
        self._take_demand()

    def _take_demand(self):
        longs, ints, aggregates = self.longs, self.ints, self._measuring.aggregates
        demand, quarter = aggregates.demand, aggregates.intervals.quarter
        ints[SECONDS] = (self._measuring.report.samples * 25 + 4) // 8
        ints[QUARTER_SECONDS] = (quarter.samples * 10 + SAMPLE_RATE // 2) // SAMPLE_RATE
        ints[FORECAST] = scaled(demand.forecast(aggregates.grid or 0.0), 10)
        ints[HIGHEST] = scaled(demand.highest, 1)
        ints[ALWAYS_ON] = scaled(aggregates.always_on.watts, 1)
        longs[START] = UNKNOWN_64 if quarter.start is None else quarter.start
        longs[MONTH] = UNKNOWN_64 if demand.at is None else demand.at
        longs[ENERGY] = demand.energy()
