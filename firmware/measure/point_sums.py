"""A point's exact sums of one report: straightened to reactive power of the fundamental, turned by
what is known of its CT, and counted by direction and quadrant.

Owns the working values. Without heap, but for a CT's offset and while the oscillator locks.
"""

from array import array

from micropython import const

import metering
from measure.exact import LIMBS, PRODUCT, add, factor, multiply, sign, take, widen
from measure.readings import EXPORTED, IMPORTED, QUADRANT

_ONE = const(1 << 24)  # fractions are integers in 2^-24

# The working values: sums of one direction, then those of both: net, and lagging less leading.
_ACTIVE, _LAG, _LEAD, _NET, _LAGGING, _TURNED = 0, 1, 2, 3, 4, 5
_VALUES = const(6)
# The factors: what a sum is multiplied by, and what of the other one is added.
SCALE, MIX = const(0), const(1)
FACTORS = const(2)


class PointSums:
    """Of one point after the other."""

    def __init__(self) -> None:
        self._work = array("q", bytes(8 * _VALUES))
        self._product = array("H", bytes(2 * PRODUCT))
        self._factors = array("H", bytes(2 * LIMBS * FACTORS))

    def net(self) -> int:
        """Sum of voltage x current over the report."""
        return self._work[_NET]

    def lagging(self) -> int:
        """The same of the fundamental's reactive power."""
        return self._work[_LAGGING]

    def read(
        self,
        sums: Words,
        at: int,
        n: int,
        followed: int,
        voltage: Voltage,
        point: Point,
        offset: int,
        values: Words,
        first: int,
    ) -> None:
        """Take the sums at word `at` (metering.REPORT_WORDS) of n samples, of which `followed`
        count for reactive power, and count them in `values` from `first` on (readings.SUMS).

        voltage: quantities.Voltage of the point's phase; point: document.Point; offset: what is
        added to the active sum.
        """
        work = self._work
        for k in range(_VALUES):
            work[k] = 0
        for side in range(2):  # import, export
            if not self._widen(sums, at, side, followed):
                continue
            if followed:
                if followed != n:
                    work[_LAG] = work[_LAG] * n // followed
                    work[_LEAD] = work[_LEAD] * n // followed
                self._straighten(voltage)
            if point.reversed:
                for k in (_ACTIVE, _LAG, _LEAD):
                    work[k] = -work[k]
            if point.shift:
                self._turn(point.cosine, point.sine)
            if not followed:  # a turn makes some of what is not known
                work[_LAG] = work[_LEAD] = 0
            if offset:
                work[_ACTIVE] += offset
                offset = 0
            self._count(values, first)

    def _widen(self, sums, at, side, followed):
        """Take the sums of one direction to work with; returns whether there are any."""
        work, found = self._work, 0
        active = at + metering.IMPORT + 2 * side
        widen(sums, active, work, _ACTIVE)
        found = sums[active] | sums[active + 1]
        if followed:
            # The quadrants I and IV are those of import, II and III those of export.
            lag = at + metering.QUADRANT + 2 * side
            lead = at + metering.QUADRANT + 6 - 2 * side
            widen(sums, lag, work, _LAG)
            widen(sums, lead, work, _LEAD)
            found |= sums[lag] | sums[lag + 1] | sums[lead] | sums[lead + 1]
        return found

    def _larger(self):
        """Of the two reactive sums the one that is."""
        work = self._work
        work[_TURNED] = 0
        add(work, _TURNED, work, _LAG, 0)
        add(work, _TURNED, work, _LEAD, 0)
        return _LAG if sign(work, _TURNED) >= 0 else _LEAD

    def _straighten(self, voltage):
        """From sums with the quadrature wave to reactive power of the fundamental."""
        work, product, factors = self._work, self._product, voltage.factors
        larger = self._larger()
        for k in (_LAG, _LEAD):
            multiply(product, 0, work, k, factors, SCALE, 0)
            if k == larger:
                multiply(product, 0, work, _ACTIVE, factors, MIX, int(voltage.lead < 0))
            take(product, 0, work, k)

    def _turn(self, cosine, sine):
        """Turn the angle of the sums by that with `cosine` and `sine`: a CT's phase error."""
        work, product, factors = self._work, self._product, self._factors
        minus = int(sine < 0)
        factor(factors, SCALE, int(cosine * _ONE))
        factor(factors, MIX, abs(int(sine * _ONE)))
        self._larger()
        larger = _LAG if abs(work[_LAG]) >= abs(work[_LEAD]) else _LEAD
        multiply(product, 0, work, _ACTIVE, factors, SCALE, 0)
        multiply(product, 0, work, _TURNED, factors, MIX, 1 - minus)
        take(product, 0, work, _TURNED)
        for k in (_LAG, _LEAD):
            multiply(product, 0, work, k, factors, SCALE, 0)
            if k == larger:
                multiply(product, 0, work, _ACTIVE, factors, MIX, minus)
            take(product, 0, work, k)
        work[_ACTIVE] = 0
        add(work, _ACTIVE, work, _TURNED, 0)

    def _count(self, values, first):
        """Count the sums in the direction and the quadrants that they have: of reactive energy the
        part of windows with lagging current and of those with leading apart."""
        work = self._work
        exported = int(sign(work, _ACTIVE) < 0)
        add(values, first + (EXPORTED if exported else IMPORTED), work, _ACTIVE, exported)
        add(work, _NET, work, _ACTIVE, 0)
        for k in (_LAG, _LEAD):
            leads = sign(work, k)
            if leads > 0:
                add(values, first + QUADRANT + exported, work, k, 0)
            elif leads:
                add(values, first + QUADRANT + 3 - exported, work, k, 1)
            add(work, _LAGGING, work, k, 0)
