"""Which of the grid's CTs sees what a circuit's CT sees: the same change of current, at the same
instant.

The currents themselves are compared, as phasors: that asks neither for a power factor nor for
what any phase is called. Owns a count of the changes that fitted.
"""

from micropython import const

LINES = const(3)
CODES = const(2 * LINES)  # 2 g + 1 where it has the other sign
_FITS = 0.1  # of the change, by which both may differ
_CLEAR = 0.5  # and from which on they have nothing to do with each other
_AGAINST = const(3)
_FULL = const(40)  # then all are halved: a CT may be moved


class Matches:
    """count: of points."""

    def __init__(self, count: int):
        self._votes = bytearray(CODES * count)

    def note(self, i: int, change: complex, grid: Sequence[complex | None]) -> None:
        """Point i's current has changed by `change`, and the grid's by `grid` (A; None: not
        known)."""
        size = abs(change)
        found = []
        for g in range(len(grid)):
            other = grid[g]
            if other is None:
                continue
            for sign in range(2):
                off = abs(other + change if sign else other - change)
                if off < _FITS * size:
                    found.append(2 * g + sign)
                elif off < _CLEAR * size:
                    return
        for code in found:
            k = CODES * i + code
            if self._votes[k] == _FULL:
                for other in range(CODES * i, CODES * i + CODES):
                    self._votes[other] >>= 1
            self._votes[k] += 1

    def clear(self, i: int) -> None:
        for k in range(CODES * i, CODES * i + CODES):
            self._votes[k] = 0

    def any(self, i: int) -> bool:
        """Whether anything has fitted point i."""
        return any(self._votes[CODES * i : CODES * i + CODES])

    def surplus(self, i: int, wanted: int, neutral: int) -> int:
        """How many changes of point i fitted all of `wanted` (bits of codes), less thrice those
        that fitted another one, but for `neutral`."""
        least, most = _FULL, 0
        for code in range(CODES):
            votes = self._votes[CODES * i + code]
            if wanted >> code & 1:
                least = min(least, votes)
            elif not neutral >> code & 1:
                most = max(most, votes)
        return (least if wanted else 0) - _AGAINST * most
