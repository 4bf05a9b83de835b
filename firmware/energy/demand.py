"""The demand: mean power imported from the grid in a quarter of an hour, its forecast, and the
month's highest, which Belgian network operators bill (capacity tariff).

Owns the highest of the month. A quarter counts with what was measured of it: one that was longer
because the clock was set does not count, and none of which the grid's energy is not known; one
that is shorter counts as if nothing was imported in the rest of it. What a quarter had before a
restart counts together with what it has after it.
"""

from micropython import const

from site.sampling import SAMPLE_RATE
from site.zone import month_of
from energy.intervals import QUARTER
from energy.registers import IMPORT
from energy.totals import is_known, loads_of

_MAX_SAMPLES = (QUARTER + 2) * SAMPLE_RATE
_DAY_S = const(86400)


class Demand:
    """`highest`: W in the current month, None before the first quarter is complete; `at`: when
    that quarter began, epoch s."""

    def __init__(self, site: Site, quarter: Span):
        """quarter: the current one, an intervals.Span."""
        self.highest: int | None = None
        self.at: int | None = None
        self._quarter = quarter
        self._grid = loads_of(site, "grid")
        self._known = bool(self._grid) and is_known(site, ("grid",))
        self._points = [i for k in self._grid for i in site.loads[k].points]
        self._zone = site.zone
        self._day = self._month = None
        self._current: int | None = None  # month of `highest`
        self._before = (None, None, None)  # month, highest, at: if the clock goes back
        # Of a quarter that a restart has cut: start, J, samples.
        self._earlier: tuple[int, int, int] | None = None

    def add(self, quarter: Interval) -> None:
        """A completed quarter, an intervals.Interval."""
        if not self._grid or quarter.samples > _MAX_SAMPLES or quarter.doubts(self._points):
            return
        self._turn_to(month_of((quarter.start + self._zone.offset(quarter.start)) // _DAY_S))
        start, joules = quarter.start, sum(quarter.of_load(k, IMPORT) for k in self._grid)
        if self._earlier:
            samples = self._earlier[2] + quarter.samples
            if self._is_cut(start) and samples <= _MAX_SAMPLES:
                start, joules = self._earlier[0], joules + self._earlier[1]
                self._earlier = start, joules, samples
            else:
                self._earlier = None
        watts = joules // QUARTER
        if self.highest is None or watts > self.highest:
            self.highest, self.at = watts, start

    def _is_cut(self, start):
        """Whether what begins then is of the quarter that a restart has cut."""
        earlier = self._earlier
        if start is None or earlier is None:
            return False
        return 0 <= start - earlier[0] < QUARTER

    def date(self, day: int) -> None:
        """It is that local day, since 1970."""
        if day != self._day:
            self._day, self._month = day, month_of(day)
        self._turn_to(self._month)

    def _turn_to(self, month):
        if month == self._current:
            return
        before, self._before = self._before, (self._current, self.highest, self.at)
        if month != before[0] or month > self._current:
            before = month, None, None
        self._current, self.highest, self.at = before

    def record(self) -> tuple[int | None, ...]:
        """What is to be kept: month, highest, at; of the quarter its start, J and samples. Each
        may be None."""
        quarter = self._earlier or (None, None, None)
        if self._grid and self._quarter.start is not None:
            start = self._quarter.start
            quarter = start - start % QUARTER, self.energy(), self.samples()
        return (self._current, self.highest, self.at) + quarter

    def restore(
        self,
        month: int | None,
        highest: int | None,
        at: int | None,
        start: int | None,
        joules: int | None,
        samples: int | None,
    ) -> None:
        """Go on from what record() has given."""
        if month is not None:
            self._current, self.highest, self.at = month, highest, at
        if not (start is None or joules is None or samples is None):
            self._earlier = start, joules, samples

    def go_on(self, other: Demand) -> None:
        """Go on where another site's has ended, in the same quarter of an hour."""
        self._day, self._month, self._current = other._day, other._month, other._current
        self.highest, self.at = other.highest, other.at
        self._before, self._earlier = other._before, other._earlier

    def energy(self) -> int | None:
        """J imported in the current quarter, None where the grid is not measured, or not known:
        nothing of it yet, or with what is of a time before."""
        if not self._known or self._quarter.doubts(self._points):
            return None
        joules = sum(self._quarter.so_far(k, IMPORT) for k in self._grid)
        if self._earlier and self._is_cut(self._quarter.start):
            joules += self._earlier[1]
        return joules

    def samples(self) -> int:
        """Of the current quarter so far, 1/3200 s."""
        samples = self._quarter.samples
        if self._earlier and self._is_cut(self._quarter.start):
            samples += self._earlier[2]
        return samples

    def forecast(self, watts: float | None) -> float | None:
        """The current quarter's demand in W when the grid's power stays at `watts`; None where
        that is None."""
        joules = self.energy()
        if watts is None or joules is None:
            return None
        left = max(0.0, QUARTER - self.samples() / SAMPLE_RATE)
        return (joules + max(0.0, watts) * left) / QUARTER
