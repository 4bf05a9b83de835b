"""How the CTs of one load of three phases lie to each other.

Where a load takes the same from all phases, only one way of wiring its CTs makes their powers
alike, but for a shift of all by a phase and a turn of all. Owns a count of what was seen of that.
In a delta two elements of such a load make another pattern, so it is not looked at there.
"""

from micropython import const

from site.wiring import STAR
from measure.readings import UNKNOWN

_LEAST_VA = const(5000)  # 0.01 VA of each CT
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
                load.points for load in site.loads if len(load.points) == 3 and load.role != "grid"
            ]
        self._phases = bytes(point.phase for point in site.points)
        self._seen = bytearray(len(_CASES) * len(self.loads))

    def note(self, now: Words, volts: Sequence[complex]) -> Steps:
        """Look. now: 0.01 W and 0.01 var of each point; volts: the phasors of the voltages."""
        for k in range(len(self.loads)):
            currents = []
            for i in self.loads[k]:
                p, q = now[2 * i], now[2 * i + 1]
                if p != UNKNOWN and abs(p) + abs(q) > _LEAST_VA:
                    currents.append(complex(p, q) / volts[self._phases[i]])  # conjugated
            if len(currents) == 3:
                self._look(k, currents, volts)
                yield

    def _look(self, k, currents, volts):
        first = currents[0] * volts[0]
        near = _ALIKE * abs(first)
        seen = self._seen
        for c in range(len(_CASES)):
            for at in range(2):
                way = _CASES[c][at]
                power = currents[at + 1] * volts[way >> 1]
                if abs((-power if way & 1 else power) - first) > near:
                    break
            else:
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
