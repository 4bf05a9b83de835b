"""How the CTs of one load of three phases lie to each other.

Where a load takes the same from all phases, only one way of wiring its CTs makes their powers
alike, but for a shift of all by a phase and a turn of all. Owns a count of what was seen of that.
In a delta two elements of such a load make another pattern, so it is not looked at there; nor
where the sun or a battery is behind it, because what is left of both is not alike.
"""

from micropython import const

from site.wiring import STAR
from commission.currents import Currents
from commission.grid_ways import WAYS

_LEAST_VA = 50.0  # of each CT
_ALIKE = 0.25  # of a power
_ENOUGH = const(5)  # looks
_FULL = const(120)
# The first CT is on the first line and not turned: the others' hypotheses.
_CASES = ((2, 4), (3, 4), (2, 5), (3, 5), (4, 2), (5, 2), (4, 3), (5, 3))


class Balance:
    """site: document.Site. `loads`: the points of each load that is looked at."""

    def __init__(self, site: Site):
        self.loads: list[Sequence[int]] = []
        if site.lines == STAR and site.phases == 3:
            self.loads = [
                load.points
                for load in site.loads
                if len(load.points) == 3 and load.role != "grid" and not load.fed
            ]
        self._phases = bytes(point.phase for point in site.points)
        self._seen = bytearray(len(_CASES) * len(self.loads))

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
        for at in range(2):
            for line in range(1, 3):
                power = currents[at + 1] * volts[line]
                for turned in range(2):
                    if abs((-power if turned else power) - first) <= near:
                        fits |= 1 << (WAYS * at + 2 * line + turned)
        seen = self._seen
        for c in range(len(_CASES)):
            second, third = _CASES[c]
            if fits >> second & 1 and fits >> (WAYS + third) & 1:
                one = k * len(_CASES) + c
                if seen[one] == _FULL:
                    for other in range(k * len(_CASES), (k + 1) * len(_CASES)):
                        seen[other] >>= 1
                seen[one] += 1

    def case(self, k: int) -> Sequence[int] | None:
        """The hypotheses of the CTs of load k but the first, where that has hypothesis 0; None
        where it is not known."""
        seen = self._seen[k * len(_CASES) : (k + 1) * len(_CASES)]
        most = max(seen)
        if most < _ENOUGH or sum(seen) - most > most // 8:
            return None
        for c in range(len(_CASES)):
            if seen[c] == most:
                return _CASES[c]
        return None
