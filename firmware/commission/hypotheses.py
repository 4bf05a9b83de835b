"""How a CT may be wired: on which of the scheme's phases, and in which direction.

Hypothesis 2 k + t of a point: it is on phase k; t is 1 where it is turned against what is
configured. Owns what each phase of a scheme is made of: how much of its current goes through the
lines L1, L2 and L3, and what it does to the three voltages.
"""

from site.wiring import DELTA, SPLIT

_STAR = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
_SPLIT = ((1, 0, 0), (0, 1, 0), (1, -1, 0))
_DELTA = ((1, 0, -1), (0, 1, -1), (1, -1, 0))
_NEUTRAL = 0.5  # its impedance over a line's
# Of a CT on each leg, where the same current comes back on the other one.
_BETWEEN_LEGS = ((1, -1, 2), (-1, 1, -2))


class Kind:
    """Of a point: `patterns`, of each of its phases the lines that carry its current;
    `remedies`: how many of these a site.json can name; `of_line`: it is one of several CTs of a
    load, on a line whose current comes back on the others, and between lines or not; `weights`:
    of each phase what its current takes from each voltage, compared with what it takes from its
    own (a line between lines: nothing is known)."""

    def __init__(
        self, patterns: Sequence[Sequence[int]], remedies: int, of_line: bool, weights: object
    ):
        self.patterns = patterns
        self.remedies = remedies
        self.of_line = of_line
        self.weights = weights


def kinds(site: Site) -> tuple[Kind, Kind]:
    """Of a site's points: of a load with one CT, and of one with several."""
    if site.lines == DELTA:
        return Kind(_DELTA, 3, False, _weights(_DELTA)), Kind(_STAR, 2, True, None)
    if site.lines == SPLIT:
        weights = _weights(_SPLIT)
        return Kind(_SPLIT, 3, False, weights), Kind(_STAR[:2], 2, True, _BETWEEN_LEGS)
    star = _STAR[: site.phases]
    kind = Kind(star, len(star), False, _weights(star))
    return kind, kind


def _weights(patterns):
    return [[_share(a, b) / _share(a, a) for b in patterns] for a in patterns]


def _share(a, b):
    """What the current of one pattern takes from the voltage of the other, in impedances of a
    line."""
    return sum([x * y for x, y in zip(a, b)]) + _NEUTRAL * sum(a) * sum(b)


def star(volts: Sequence[complex], line: int) -> complex:
    """Of a delta's voltages, L1-L3 and L2-L3, that of a line against the middle of all."""
    a, b = volts[0], volts[1]
    if line == 0:
        return (2 * a - b) / 3
    return (2 * b - a) / 3 if line == 1 else -(a + b) / 3
