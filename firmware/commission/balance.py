"""How the CTs of one load of three phases lie to each other, or of one between two legs.

Where a load takes the same from all phases, only one way of wiring its CTs makes their powers
alike, but for a shift of all by a phase and a turn of all. Owns a count of what was seen of that.
In a delta two elements of such a load make another pattern, so it is not looked at there; nor
where the sun or a battery is behind it, because what is left of both is not alike.
"""

from array import array

from micropython import const

from site.wiring import SPLIT, STAR
from measure.readings import UNKNOWN
from commission.currents import Currents
from commission.grid_ways import WAYS

_LEAST_VA = 50.0  # of each CT
_ALIKE = 0.25  # of a power
_ENOUGH = const(5)  # looks
_FULL = const(120)
_SLOW = 0.003
_LEGS_ALIKE = 0.045  # of a power
# The first CT is on the first line and not turned: the others' hypotheses.
_STAR_CASES = ((2, 4), (3, 4), (2, 5), (3, 5), (4, 2), (5, 2), (4, 3), (5, 3))
_SPLIT_CASES = ((2,), (3,))


class Balance:
    """site: document.Site. `loads`: the points of each load that is looked at."""

    def __init__(self, site: Site):
        self.loads: list[Sequence[int]] = []
        split = site.lines == SPLIT
        self._lines = 2 if split else 3
        self._cases = _SPLIT_CASES if split else _STAR_CASES
        if split or (site.lines == STAR and site.phases == 3):
            self.loads = [
                load.points
                for load in site.loads
                if len(load.points) == self._lines and load.role != "grid" and not load.fed
            ]
        self._seen = bytearray(len(self._cases) * len(self.loads))

    def note(self, currents: Currents, volts: Sequence[complex]) -> Steps:
        """Look. volts: the phasors of the voltages, V rms."""
        for k in range(len(self.loads)):
            seen = currents.of(self.loads[k], _LEAST_VA / abs(volts[0]))
            if seen:
                self._look(k, seen, volts)
                yield

    def _look(self, k, currents, volts):
        first = currents[0] * volts[0]
        near = _ALIKE * abs(first)
        fits = 0  # hypotheses of the second CT, as bits; those of the third above them
        for at in range(1, self._lines):
            for line in range(1, self._lines):
                power = currents[at] * volts[line]
                for turned in range(2):
                    if abs((-power if turned else power) - first) <= near:
                        fits |= 1 << (WAYS * (at - 1) + 2 * line + turned)
        seen, count = self._seen, len(self._cases)
        for c, case in enumerate(self._cases):
            if all([fits >> (WAYS * at + way) & 1 for at, way in enumerate(case)]):
                one = k * count + c
                if seen[one] == _FULL:
                    for other in range(k * count, (k + 1) * count):
                        seen[other] >>= 1
                seen[one] += 1

    def case(self, k: int) -> Sequence[int] | None:
        """The hypotheses of the CTs of load k but the first, where that has hypothesis 0; None
        where it is not known."""
        count = len(self._cases)
        seen = self._seen[k * count : (k + 1) * count]
        most = max(seen)
        if most < _ENOUGH or sum(seen) - most > most // 8:
            return None
        return self._cases[list(seen).index(most)]

    def ways(self, case: Sequence[int]) -> bytes:
        """Of each CT its hypothesis in each of WAYS, where they lie to each other so: all shifted
        by a line after the other, and turned."""
        ways, lines = bytearray(range(WAYS)), 2 * self._lines
        for way in case:
            for h in range(WAYS):
                ways.append((way + (h & ~1)) % lines ^ (h & 1) if h < lines else h)
        return bytes(ways)


class Legs:
    """How unlike the legs of a split phase are to each point. A CT on one leg and one that is
    turned on the other make the same power where the legs' voltages are alike while its current
    flows. Owns what the wrong one would leave of each point's power, as a mean over some minutes.

    count: of points, 0 where the scheme has no legs."""

    def __init__(self, count: int):
        self._apart = array("f", [0.0] * count)  # currents times how far apart the legs are
        self._flown = array("f", [0.0] * count)  # currents

    def note(self, currents: Currents, volts: Sequence[complex]) -> None:
        """volts: the phasors of the voltages."""
        if not self._flown:
            return
        apart, now = abs(volts[0] + volts[1]) / abs(volts[0]), currents.now
        for i in range(len(self._flown)):
            x, y = now[2 * i], now[2 * i + 1]
            if x != UNKNOWN:
                size = _SLOW * max(abs(x), abs(y))
                self._apart[i] += size * apart - _SLOW * self._apart[i]
                self._flown[i] += size - _SLOW * self._flown[i]

    def are_alike(self, i: int) -> bool:
        """To point i."""
        return i < len(self._flown) and self._apart[i] < _LEGS_ALIKE * self._flown[i]
