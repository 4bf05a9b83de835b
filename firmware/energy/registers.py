"""Energy registers: import, export and reactive energy of every point, import and export of every
load, in whole joules.

Owns the counters, in arrays. The exact sums of voltage x current (counts) become energy with one
integer weight per ampere of CT rating, in 2^-60 J; the fraction of a joule is kept, so nothing is
rounded away here. A load's registers count the sum over its phases: a three-phase load that
imports on one phase and exports on another counts the difference (as a static meter does). One
with a single point that is metered counts both directions, as its counters do.
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
# Samples: what is missing for longer than a minute, and the time in which a node comes back, is
# not guessed.
MAX_GAP = const(204800)
_RATE_SHIFT = const(36)  # rates are kept in 2^-24 J for each sample
_NEARLY = const(7)  # of eight samples
_MAX_SAMPLES = const(0x3FFFFFFF)  # samples: four days

# What a report says of a point.
MEASURED = const(0)
ABSENT = const(1)  # nothing
BACK = const(2)  # it was absent: the registers have got what was missing as well
BACK_UNKNOWN = const(3)  # it was absent: what was missing is in no register


def zeros(typecode: str, count: int) -> Words:
    """An array of `count` zeros of 8 bytes ("q") or 4 ("i")."""
    return array(typecode, bytes(count * (8 if typecode == "q" else 4)))


class Registers:
    """`joules[r]`: what register r has counted since it was made; only grows. `rest[r]`: what is
    counted on top of it, in 2^-60 J."""

    def __init__(self, count: int):
        self.joules = zeros("q", count)
        self.rest = zeros("q", count)

    def add(self, r: int, energy: int) -> None:
        """`energy`: at least 0, in 2^-60 J."""
        energy += self.rest[r]
        self.joules[r] += energy >> _SHIFT
        self.rest[r] = energy & _FRACTION


class Energy:
    """The registers of a site. `main.joules`: IMPORT and EXPORT of point 0, of point 1 and so on,
    then of the loads; `estimated.joules[i]`: what point i's registers hold for samples that did
    not arrive (of a metered point nothing), `missing[i]`: how many those are;
    `reactive.joules[4 i + q]`: reactive energy of point i in quadrant q + 1 of IEC 62053-23 (1:
    import, lagging; 2: export, lagging; 3: export, leading; 4: import, leading), varseconds.

    Of the last report: `state[i]` of each point, see above; `late[i]`: of a point that is BACK the
    net energy that belongs to the gap before the report, J, and `gap[i]` its samples (of one that
    is ABSENT those up to now); `gained[r]`: what it added to register r of `main`; `early`: points
    of which it brings what was before the start, for aggregates.Aggregates, which takes it out."""

    def __init__(self, site: Site):
        points, loads = len(site.points), len(site.loads)
        self.main = Registers(2 * (points + loads))
        self.reactive = Registers(4 * points)
        self.estimated = Registers(points)
        self.missing = zeros("q", points)
        self.state = bytearray([ABSENT] * points)
        self.gap = zeros("i", points)
        self.late = zeros("q", points)
        self.early: list[int] = []
        self.gained = zeros("q", 2 * (points + loads))
        self._net = zeros("q", points)  # import less export in the last whole report, counts,
        self._samples = zeros("i", points)  # and its samples; 0: there was none since the start
        self._partly = array("i", [MAX_GAP + 1] * points)  # samples since then
        self._report_net = zeros("q", 1)
        # What one count of a point's sums is worth, 2^-60 J; the same as factors.
        self._weights = [self._weight(site, point) for point in site.points]
        self._factors = array("H", bytes(2 * LIMBS * points))
        for i in range(points):
            factor(self._factors, i, self._weights[i])
        self._product = array("H", bytes(2 * PRODUCT))
        self._loads = array("H", bytes(2 * PRODUCT * loads))  # products: what each has in a report
        self._only = array("b", [-1] * loads)  # the point of a load that has one, metered
        for k, load in enumerate(site.loads):
            if len(load.points) == 1 and site.points[load.points[0]].metered:
                self._only[k] = load.points[0]
        self._site = site

    @staticmethod
    def _weight(site, point):
        if point.metered:
            return _JOULE
        return _WEIGHT * point.rated * point.ratio_ppm * site.voltage_ppm // 1000000000000

    def load_of(self, i: int) -> int:
        """The index of point i's load."""
        return self._site.points[i].load

    def of_point(self, i: int, direction: int) -> int:
        """J since start; direction: IMPORT or EXPORT."""
        return self.main.joules[2 * i + direction]

    def of_load(self, k: int, direction: int) -> int:
        """J since start."""
        return self.main.joules[2 * (len(self.missing) + k) + direction]

    def point_record(self, i: int) -> tuple[int, ...]:
        """What is to be kept of point i: import, export, four quadrants, estimated, missing."""
        joules, reactive = self.main.joules, self.reactive.joules
        r = 4 * i
        return (
            joules[2 * i],
            joules[2 * i + 1],
            reactive[r],
            reactive[r + 1],
            reactive[r + 2],
            reactive[r + 3],
            self.estimated.joules[i],
            self.missing[i],
        )

    def restore_point(self, i: int, values: Sequence[int]) -> None:
        """Go on from what point_record() has given, before anything is counted."""
        self.main.joules[2 * i], self.main.joules[2 * i + 1] = values[:2]
        for q in range(4):
            self.reactive.joules[4 * i + q] = values[2 + q]
        self.estimated.joules[i], self.missing[i] = values[6:]

    def go_on(self, other: Energy, points: Pairs, registers: Pairs) -> None:
        """Go on, to the last fraction of a joule, where another site's has ended: `points`,
        `registers` (of `main`): [(ours, its)]. What a gap is estimated from begins anew: a CT
        may have another rating now."""
        for r, old in registers:
            self.main.joules[r], self.main.rest[r] = other.main.joules[old], other.main.rest[old]
        for i, j in points:
            self.restore_point(i, other.point_record(j))
            self.estimated.rest[i] = other.estimated.rest[j]
            for q in range(4):
                self.reactive.rest[4 * i + q] = other.reactive.rest[4 * j + q]
            self.state[i] = other.state[j]
            if self._site.points[i].metered:
                self._samples[i], self.gap[i] = other._samples[j], other.gap[j]

    def load_record(self, k: int) -> tuple[int, int]:
        """What is to be kept of load k: import, export."""
        return self.of_load(k, IMPORT), self.of_load(k, EXPORT)

    def restore_load(self, k: int, imported: int, exported: int) -> None:
        """Go on from what load_record() has given."""
        r = 2 * (len(self.missing) + k)
        self.main.joules[r], self.main.joules[r + 1] = imported, exported

    def lose(self, i: int) -> None:
        """What is missing of point i up to the next report is in no register."""
        self.gap[i] = 0

    def add(self, values: Readings) -> Steps:
        """Count a report's values (readings.Readings): a generator that yields after each point.
        Allocates where samples are missing."""
        joules, rest = self.main.joules, self.main.rest
        for i, point in enumerate(self._site.points):
            self._begin(2 * i)
            self._add_point(i, point, values.sums)
            self._end(2 * i)
            yield
        for k in range(len(self._site.loads)):
            r = 2 * (len(self.missing) + k)
            self._begin(r)
            count(self._loads, k, joules, rest, r)
            for d in (0, 1) if self._only[k] >= 0 else ():
                add(joules, r + d, self.gained, 2 * self._only[k] + d, 0)
            self._end(r)

    def _begin(self, r):
        """Registers r and r + 1 are going to be counted in."""
        gained, joules = self.gained, self.main.joules
        gained[r] = gained[r + 1] = 0
        add(gained, r, joules, r, 1)
        add(gained, r + 1, joules, r + 1, 1)

    def _end(self, r):
        gained, joules = self.gained, self.main.joules
        add(gained, r, joules, r, 0)
        add(gained, r + 1, joules, r + 1, 0)

    def _add_point(self, i, point, sums):
        first = i * SUMS
        measured, missed = sums[first + COUNT], sums[first + MISSED]
        self.missing[i] += missed
        whole = self._follow(i, measured, missed, point.metered)
        if point.metered:
            self._add_metered(i, point, sums, first)
            self._samples[i] = measured or self._samples[i]  # 0 until its counter is known
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
        if self.state[i] == BACK or missed and self.state[i] != ABSENT:
            guess = self._estimate(i, measured, missed, sums, first)
            if guess:
                self.main.add(2 * i if guess > 0 else 2 * i + 1, abs(guess))
                self.estimated.add(i, abs(guess))
                self._add_to_load(point.load, guess)
        if whole:  # what a gap is estimated from when it begins after this report
            self._net_of(self._net, i, sums, first)
            self._samples[i] = measured

    def _follow(self, i, measured, missed, metered):
        """Find `state` and `gap`; returns whether what the report measured may stand for what is
        missing before or after it: parts of cycles would not. On a line on which something is
        always missing nearly all of a report has to do."""
        whole = measured > 0 and (metered or not missed)
        if whole:
            self._partly[i] = 0
        else:
            self._partly[i] = min(self._partly[i] + measured + missed, _MAX_SAMPLES)
            whole = measured > 0 and measured >= _NEARLY * missed
            whole = whole and self._partly[i] > MAX_GAP
        absent = self.state[i] == ABSENT
        if not absent:
            self.gap[i] = 0
        if not whole and (absent or not measured or measured < missed):
            self.state[i] = ABSENT
            if self._samples[i]:
                self.gap[i] = min(self.gap[i] + missed, _MAX_SAMPLES)
        elif not absent:
            self.state[i] = MEASURED
        elif self.gap[i] and (metered or self.gap[i] <= MAX_GAP):
            self.state[i] = BACK
        else:
            self.state[i] = BACK_UNKNOWN
        return whole

    def _add_metered(self, i, point, sums, first):
        """Its own counter goes on while it is not read: nothing is estimated."""
        energy = 0
        for direction in (IMPORT, EXPORT):
            amount = sums[first + IMPORTED + direction] * self._weights[i]
            if amount:
                self.main.add(2 * i + direction, amount)
                energy += -amount if direction else amount
        if energy and self._only[point.load] < 0:
            self._add_to_load(point.load, energy)
        if self.state[i] == BACK:
            gap = self.gap[i]
            late = abs(energy) * gap // (gap + sums[first + COUNT]) >> _SHIFT
            self.late[i] = -late if energy < 0 else late

    def _net_of(self, to, at, sums, first):
        """to[at] = import less export of the report, in counts."""
        to[at] = 0
        add(to, at, sums, first + IMPORTED, 0)
        add(to, at, sums, first + EXPORTED, 1)

    def _add_to_load(self, k, energy):
        """Energy of either sign, 2^-60 J."""
        for j in range(PRODUCT * k, PRODUCT * (k + 1)):
            energy += self._loads[j]
            self._loads[j] = energy & 0xFFFF
            energy >>= 16

    def _rate(self, i, net, samples):
        """Energy of a sample where so many had this net of counts, 2^-24 J."""
        return (net * self._weights[i] // samples) >> _RATE_SHIFT

    def _estimate(self, i, measured, missed, sums, first):
        """The energy of the samples that a report misses, and of those missing before it, in
        2^-60 J. A gap in a report is worth what the rest of it is; one of whole reports the mean
        of the reports before and after it, up to a minute."""
        self._net_of(self._report_net, 0, sums, first)
        rate = self._rate(i, self._report_net[0], measured)
        guess = rate * missed
        if self.state[i] == BACK:
            late = (self._rate(i, self._net[i], self._samples[i]) + rate) // 2 * self.gap[i]
            guess += late
            joules = abs(late) >> _SHIFT - _RATE_SHIFT
            self.late[i] = -joules if late < 0 else joules
        return guess << _RATE_SHIFT
