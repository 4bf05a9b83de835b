"""Energy registers: import, export and reactive energy of every point, import and export of every
load, in whole joules, and what of it is today's.

Owns the counters, in arrays. The exact sums of voltage x current (counts) become energy with one
integer weight per ampere of CT rating, in 2^-60 J; the fraction of a joule is kept, so nothing is
ever rounded away. A load's registers count the sum over its phases: a three-phase load that
imports on one phase and exports on another counts the difference (as a static meter does).
"""

from array import array

from micropython import const

from measure.exact import LIMBS, PRODUCT, add, count, factor, multiply
from measure.readings import COUNT, EXPORTED, IMPORTED, MISSED, QUADRANT, SUMS

# A pair of registers: energy in the direction of the CT's arrow, and against it.
IMPORT = const(0)
EXPORT = const(1)

# 0.015 V x 1.5 sqrt(2) A / 32767 / 3200 per s x 2^60: energy of one count x count of a CT rated 1
# A, right to 4 parts in 10^10.
_WEIGHT = 349873135
_SHIFT = 60
_FRACTION = (1 << _SHIFT) - 1
_JOULE = 1 << _SHIFT
_LONGEST_GAP = const(192000)  # samples, a minute: what is missing for longer is not guessed
_RATE_SHIFT = const(36)  # rates are kept in 2^-24 J for each sample
_DAY_MS = const(86400000)


def zeros(typecode, count):
    """An array of `count` zeros of 8 bytes ("q") or 4 ("i")."""
    return array(typecode, bytes(count * (8 if typecode == "q" else 4)))


class Registers:
    """`joules[r]`: what register r has counted since it was made; only grows. `rest[r]`: what is
    counted on top of it, in 2^-60 J."""

    def __init__(self, count):
        self.joules = zeros("q", count)
        self.rest = zeros("q", count)

    def add(self, r, energy):
        """`energy`: at least 0, in 2^-60 J."""
        energy += self.rest[r]
        self.joules[r] += energy >> _SHIFT
        self.rest[r] = energy & _FRACTION


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
        self.midnight = zeros("q", 2 * loads)  # the loads' part of `main.joules` then
        self._gap = zeros("i", points)  # samples missing since the last report that had any
        self._net = zeros("q", points)  # import less export in that report, counts x counts,
        self._samples = zeros("i", points)  # and its samples; 0: there was none
        # What one count of a point's sums is worth, 2^-60 J; the same as factors.
        self._weights = [self._weight(site, point) for point in site.points]
        self._factors = array("H", bytes(2 * LIMBS * points))
        for i in range(points):
            factor(self._factors, i, self._weights[i])
        self._product = array("H", bytes(2 * PRODUCT))
        self._loads = array("H", bytes(2 * PRODUCT * loads))  # products: what each has in a report
        self._site = site
        self._day = None

    @staticmethod
    def _weight(site, point):
        if point.metered:
            return _JOULE
        return _WEIGHT * point.rated * point.ratio_ppm * site.voltage_ppm // 1000000000000

    def of_point(self, i, direction):
        """J since start; direction: IMPORT or EXPORT."""
        return self.main.joules[2 * i + direction]

    def of_load(self, k, direction):
        """J since start."""
        return self.main.joules[2 * (len(self.missing) + k) + direction]

    def today(self, k, direction):
        """J of load k since local midnight (or since start)."""
        return self.of_load(k, direction) - self.midnight[2 * k + direction]

    def add(self, values, now_ms):
        """Count a report's values (readings.Readings): a generator that yields after each point.
        `now_ms`: epoch milliseconds, or None when the time is not known yet. Allocates where
        samples are missing."""
        if now_ms is not None:
            day = (now_ms + self._site.utc_offset * 1000) // _DAY_MS
            if self._day is not None and day != self._day:
                self.midnight[:] = self.main.joules[-len(self.midnight) :]
            self._day = day
        for i, point in enumerate(self._site.points):
            self._add_point(i, point, values.sums)
            yield
        for k in range(len(self._site.loads)):
            registers = self.main
            r = 2 * (len(self.missing) + k)
            count(self._loads, k, registers.joules, registers.rest, r)

    def _add_point(self, i, point, sums):
        first = i * SUMS
        missed = sums[first + MISSED]
        self.missing[i] += missed
        if point.metered:  # its own counter goes on while it is not read: nothing is estimated
            energy = 0
            for direction in (IMPORT, EXPORT):
                amount = sums[first + IMPORTED + direction] * self._weights[i]
                if amount:
                    self.main.add(2 * i + direction, amount)
                    energy += -amount if direction else amount
            if energy:
                self._add_to_load(point.load, energy)
            return
        weights = self._factors
        main, product = self.main, self._product
        for direction in (IMPORT, EXPORT):
            multiply(product, 0, sums, first + IMPORTED + direction, weights, i, 0)
            count(product, 0, main.joules, main.rest, 2 * i + direction)
            multiply(
                self._loads, point.load, sums, first + IMPORTED + direction, weights, i, direction
            )
        for q in range(4):
            multiply(product, 0, sums, first + QUADRANT + q, weights, i, 0)
            count(product, 0, self.reactive.joules, self.reactive.rest, 4 * i + q)
        if missed or self._gap[i]:
            guess = self._estimate(i, sums[first + COUNT], missed, sums, first)
            if guess:
                self.main.add(2 * i if guess > 0 else 2 * i + 1, abs(guess))
                self.estimated.add(i, abs(guess))
                self._add_to_load(point.load, guess)
        elif sums[first + COUNT]:
            self._remember(i, sums, first)

    def _remember(self, i, sums, first):
        """What a gap is estimated from when it begins after this report."""
        self._net[i] = 0
        add(self._net, i, sums, first + IMPORTED, 0)
        add(self._net, i, sums, first + EXPORTED, 1)
        self._samples[i] = sums[first + COUNT]

    def _add_to_load(self, k, energy):
        """Energy of either sign, 2^-60 J."""
        for j in range(PRODUCT * k, PRODUCT * (k + 1)):
            energy += self._loads[j]
            self._loads[j] = energy & 0xFFFF
            energy >>= 16

    def _rate(self, i):
        """Energy of a sample in the last report that had any, 2^-24 J."""
        return (self._net[i] * self._weights[i] // self._samples[i]) >> _RATE_SHIFT

    def _estimate(self, i, samples, missed, sums, first):
        """The energy of the samples that a report misses, from what was measured beside them, in
        2^-60 J. A gap in a report is worth what the rest of it is; one of whole reports the mean
        of the reports before and after it, up to a minute."""
        gap = self._gap[i]
        if not samples:
            if self._samples[i]:
                self._gap[i] = min(gap + missed, _LONGEST_GAP + 1)
            return 0
        before = self._rate(i) if gap else 0
        self._remember(i, sums, first)
        rate = self._rate(i)
        guess = rate * missed
        if 0 < gap <= _LONGEST_GAP:
            guess += (before + rate) // 2 * gap
        self._gap[i] = 0
        return guess << _RATE_SHIFT
