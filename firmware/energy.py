"""Energy registers: import, export and reactive energy of every point, import and export of every
load, in whole joules, and what of it is today's.

Owns the counters, in arrays. The exact sums of voltage x current (counts) become energy with one
integer weight per ampere of CT rating, in 2^-60 J; the fraction of a joule is kept, so nothing is
ever rounded away. A load's registers count the sum over its phases: a three-phase load that
imports on one phase and exports on another counts the difference (as a static meter does).
"""

from array import array

from micropython import const

# A pair of registers: energy in the direction of the CT's arrow, and against it.
IMPORT = const(0)
EXPORT = const(1)

# 0.015 V x 1.5 sqrt(2) A / 32767 / 3200 per s x 2^60: energy of one count x count of a CT rated 1
# A, right to 4 parts in 10^10.
_WEIGHT = 349873135
_SHIFT = 60
_FRACTION = (1 << _SHIFT) - 1
_WATT_HOUR = 3600 << _SHIFT
_LONGEST_GAP = const(192000)  # samples, a minute: what is missing for longer is not guessed
_RATE_SHIFT = const(36)  # rates are kept in 2^-24 J for each sample
_DAY_MS = const(86400000)


def zeros(typecode, count):
    """An array of `count` zeros of 8 bytes ("q") or 4 ("i")."""
    return array(typecode, bytes(count * (8 if typecode == "q" else 4)))


class Registers:
    """`joules[r]`: what register r has counted since it was made; only grows."""

    def __init__(self, count):
        self.joules = zeros("q", count)
        self._rest = zeros("q", count)

    def add(self, r, energy):
        """`energy`: at least 0, in 2^-60 J."""
        energy += self._rest[r]
        self.joules[r] += energy >> _SHIFT
        self._rest[r] = energy & _FRACTION


class Energy:
    """The registers of a site. `main.joules`: IMPORT and EXPORT of point 0, of point 1 and so on,
    then of the loads; `estimated.joules[i]`: what point i's registers hold for samples that did
    not arrive (of a metered point nothing), `missing[i]`: how many those are;
    `reactive.joules[4 i + q]`: reactive energy of point i in quadrant q + 1 of IEC 62053-23 (1:
    import, lagging; 2: export, lagging; 3: export, leading; 4: import, leading), varseconds."""

    def __init__(self, site):
        points, loads = len(site.points), len(site.loads)
        self.main = Registers(2 * (points + loads))
        self.reactive = Registers(4 * points)
        self.estimated = Registers(points)
        self.missing = zeros("q", points)
        self._midnight = zeros("q", 2 * loads)  # the loads' part of `main.joules` then
        self._gap = zeros("i", points)  # samples missing since the last report that had any
        self._rate = zeros("q", points)  # in that report
        self._known = bytearray(points)  # whether there was one
        self._site = site
        self._day = None
        self._sums = [0] * loads

    def of_point(self, i, direction):
        """J since start; direction: IMPORT or EXPORT."""
        return self.main.joules[2 * i + direction]

    def of_load(self, k, direction):
        """J since start."""
        return self.main.joules[2 * (len(self.missing) + k) + direction]

    def today(self, k, direction):
        """J of load k since local midnight (or since start)."""
        return self.of_load(k, direction) - self._midnight[2 * k + direction]

    def add(self, readings, now_ms):
        """Count a report's readings (readings.Reading, one for each point). `now_ms`: epoch
        milliseconds, or None when the time is not known yet."""
        if now_ms is not None:
            day = (now_ms + self._site.utc_offset * 1000) // _DAY_MS
            if self._day is not None and day != self._day:
                self._midnight[:] = self.main.joules[-len(self._midnight) :]
            self._day = day
        volts = self._site.voltage_ppm
        sums = self._sums
        for k in range(len(sums)):
            sums[k] = 0
        for i in range(len(readings)):
            point, reading = self._site.points[i], readings[i]
            if point.metered:
                weight = _WATT_HOUR
            else:
                weight = _WEIGHT * point.rated * point.ratio_ppm * volts // 1000000000000
            imported, exported = reading.imported * weight, reading.exported * weight
            if imported:
                self.main.add(2 * i, imported)
            if exported:
                self.main.add(2 * i + 1, exported)
            energy = imported - exported
            self.missing[i] += reading.missed
            guess = 0
            if not point.metered:  # a meter's own counter goes on while it is not read
                guess = self._estimate(i, energy, reading.count, reading.missed)
            if guess:
                self._count(2 * i, guess)
                self.estimated.add(i, abs(guess))
            sums[point.load] += energy + guess
            for q in range(4):
                amount = reading.quadrant(q)
                if amount:
                    self.reactive.add(4 * i + q, amount * weight)
        for k in range(len(sums)):
            self._count(2 * (len(readings) + k), sums[k])

    def _count(self, r, energy):
        """Add to a pair of registers what may have either sign."""
        if energy >= 0:
            self.main.add(r, energy)
        else:
            self.main.add(r + 1, -energy)

    def _estimate(self, i, energy, count, missed):
        """The energy of the samples that a report misses, from what was measured beside them.
        `energy` of the `count` samples that it has. A gap in a report is worth what the rest of it
        is; one of whole reports the mean of the reports before and after it, up to a minute."""
        gap = self._gap[i]
        if not count:
            if self._known[i]:
                self._gap[i] = min(gap + missed, _LONGEST_GAP + 1)
            return 0
        rate = (energy // count) >> _RATE_SHIFT
        guess = rate * missed
        if 0 < gap <= _LONGEST_GAP:
            guess += (self._rate[i] + rate) // 2 * gap
        self._gap[i] = 0
        self._rate[i] = rate
        self._known[i] = 1
        return guess << _RATE_SHIFT
