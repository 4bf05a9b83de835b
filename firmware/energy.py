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
_WATT_SAMPLE = (1 << _SHIFT - 10) // 3200  # a sample of 1 W, in 2^-60 J, divided by 1024
_LONGEST_GAP = 60 * 3200  # samples: what is missing for longer is not guessed
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
    """A pair of registers: energy in the direction of the CT's arrow, and against it."""

    def __init__(self):
        self.imported = Register()
        self.exported = Register()

    def add(self, energy):
        """`energy`: in 2^-60 J, of either sign."""
        if energy >= 0:
            self.imported.add(energy)
        else:
            self.exported.add(-energy)


class PointCounter(Counter):
    """Of a point. `missing`: samples it did not get; `estimated`: what the registers hold for
    them."""

    def __init__(self):
        super().__init__()
        self.missing = 0
        self.estimated = Register()
        self._gap = 0  # samples missing since the last report that had any
        self._rate = None  # energy of a sample in that report

    def estimate(self, energy, count, missed):
        """The energy of the samples that a report misses, from what was measured beside them.
        `energy` of the `count` samples that it has. A gap in a report is worth what the rest of it
        is; one of whole reports the mean of the reports before and after it, up to a minute."""
        self.missing += missed
        if not count:
            if self._rate is not None:
                self._gap += missed
            return 0
        rate = energy // count
        guess = rate * missed
        if 0 < self._gap <= _LONGEST_GAP:
            guess += (self._rate + rate) // 2 * self._gap
        self._gap = 0
        self._rate = rate
        if guess:
            self.add(guess)
            self.estimated.add(abs(guess))
        return guess


class Energy:
    """The registers of a site: `points[i]` and `loads[k]` are Counters."""

    def __init__(self, site):
        self.points = [PointCounter() for _ in site.points]
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
            point, reading, counter = self._site.points[i], readings[i], self.points[i]
            if point.shift and reading.count:
                energy = int(reading.power * reading.count * 1024) * _WATT_SAMPLE
                counter.add(energy)
            else:
                weight = _WEIGHT * point.rated * point.ratio_ppm // 1000000
                imported, exported = reading.imported * weight, reading.exported * weight
                counter.imported.add(imported)
                counter.exported.add(exported)
                energy = imported - exported
            energy += counter.estimate(energy, reading.count, reading.missed)
            sums[point.load] += energy
        for k in range(len(sums)):
            self.loads[k].add(sums[k])

    def _begin_day(self):
        for counter in self.points + self.loads:
            counter.imported.begin_day()
            counter.exported.begin_day()
