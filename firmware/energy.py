"""Energy registers: import and export of every point and load, in whole joules, exact, and what of
it is today's.

Owns the counters. The exact sums of voltage x current (counts) become energy with one integer
weight per ampere of CT rating, in 2^-60 J; the fraction of a joule is kept, so nothing is ever
rounded away. A load's registers count the sum over its phases: a three-phase load that imports on
one phase and exports on another counts the difference (as a static meter does).
"""

# 0.015 V x 1.5 sqrt(2) A / 32767 / 3200 per s x 2^60: energy of one count x count of a CT rated 1
# A, right to 4 parts in 10^10.
_WEIGHT = 349873135
_SHIFT = 60
_FRACTION = (1 << _SHIFT) - 1
_DAY_MS = 86400000


class Register:
    """Counts up. `joules`: since it was made; `today`: since local midnight (or since it was
    made)."""

    def __init__(self):
        self.joules = 0
        self._rest = 0
        self._at_midnight = 0

    def add(self, energy):
        """`energy`: at least 0, in 2^-60 J."""
        energy += self._rest
        self.joules += energy >> _SHIFT
        self._rest = energy & _FRACTION

    def begin_day(self):
        self._at_midnight = self.joules

    @property
    def today(self):
        return self.joules - self._at_midnight


class Counter:
    """A pair of registers: energy in the direction of the CT's arrow, and against it; of a point
    also `missing`: samples it did not get."""

    def __init__(self):
        self.imported = Register()
        self.exported = Register()
        self.missing = 0


class Energy:
    """The registers of a site: `points[i]` and `loads[k]` are Counters."""

    def __init__(self, site):
        self.points = [Counter() for _ in site.points]
        self.loads = [Counter() for _ in site.loads]
        self._site = site
        self._day = None
        self._sums = [0] * len(site.loads)

    def add(self, readings, now_ms):
        """Count a report's readings (quantities.Reading, one for each point). `now_ms`: epoch
        milliseconds, or None when the time is not known yet."""
        if now_ms is not None:
            day = (now_ms + self._site.utc_offset * 1000) // _DAY_MS
            if self._day is not None and day != self._day:
                self._begin_day()
            self._day = day
        sums = self._sums
        for k in range(len(sums)):
            sums[k] = 0
        for i in range(len(readings)):
            point = self._site.points[i]
            weight = _WEIGHT * point.rated
            imported = readings[i].imported * weight
            exported = readings[i].exported * weight
            self.points[i].imported.add(imported)
            self.points[i].exported.add(exported)
            self.points[i].missing += readings[i].missed
            sums[point.load] += imported - exported
        for k in range(len(sums)):
            if sums[k] >= 0:
                self.loads[k].imported.add(sums[k])
            else:
                self.loads[k].exported.add(-sums[k])

    def _begin_day(self):
        for counter in self.points + self.loads:
            counter.imported.begin_day()
            counter.exported.begin_day()
