"""Two CTs of a load, each on another phase, around the same wire: they show the same current all
the time. Equal loads on one phase do so as well, and are not compared.

Owns for how long each two have done so. Loads with two CTs are not looked at: what lies between
two lines comes back on the other one, and where one CT is turned that looks the same.
"""

from micropython import const

from site.wiring import STAR
from commission.currents import Currents

_ENOUGH = const(15)  # looks
_LEAST_VA = 50.0  # of all three
_ALIKE = 0.03  # of the current: a CT's own errors
_PAIRS = ((0, 1), (1, 2), (2, 0))


class OneWire:
    """Of the loads of a star that have three points."""

    def __init__(self, site: Site):
        loads = [bytes(load.points) for load in site.loads if len(load.points) == 3]
        self._loads = loads if site.lines == STAR else []
        self._phases = bytes(point.phase for point in site.points)
        self._alike = bytearray(3 * len(self._loads))

    def note(self, currents: Currents, volt: float) -> Steps:
        """Compare. volt: of any phase, V."""
        for k, points in enumerate(self._loads):
            seen = currents.of(points, _LEAST_VA / volt)
            if not seen:
                continue
            for at, (i, j) in enumerate(_PAIRS, 3 * k):
                if self._phases[points[i]] == self._phases[points[j]]:
                    continue
                alike = abs(seen[i] - seen[j]) < _ALIKE * abs(seen[i])
                self._alike[at] = min(_ENOUGH, self._alike[at] + 1) if alike else 0
            yield

    def found(self) -> Iterator[tuple[int, int]]:
        """The points that are on one wire."""
        for at in range(len(self._alike)):
            if self._alike[at] == _ENOUGH:
                points = self._loads[at // 3]
                i, j = _PAIRS[at % 3]
                yield points[i], points[j]
