"""All points' hypotheses in one way in which the grid's CTs may be wired: how likely that is with
each unit at its best, and how likely each hypothesis is then. Native code: it is done for each of
48 ways.

Likelihoods are logs in 1 / UNIT, integers, from NEVER on. A unit is points that are looked at
together; as bytes (add_unit) it has their number, then of each point its number, what kind of
point it is, and its hypothesis in each of the unit's WAYS.
"""

import micropython
from micropython import const

from commission.grid_ways import WAYS
from commission.matches import NONE

UNIT = const(256)
NEVER = const(-(1 << 24))
_WAYS = const(6)
_NONE = const(128)
# Of a point in a unit.
_POINT = const(0)
_KIND = const(1)
_HYPOTHESES = const(2)
_POINT_BYTES = const(_HYPOTHESES + _WAYS)

assert (WAYS, NONE) == (_WAYS, _NONE)


def add_unit(units: bytearray, points: Sequence[int], kinds: Sequence[int], ways: bytes) -> None:
    """Add one at the end of `units`. kinds: of these points; ways: of each point WAYS."""
    units.append(len(points))
    for at, i in enumerate(points):
        units.append(i)
        units.append(kinds[at])
        units.extend(ways[_WAYS * at : _WAYS * (at + 1)])


@micropython.viper
def weigh(
    best: ptr32, units: ptr8, end: int, own: ptr32, fits: ptr8, size: int, wanted: ptr8, rest: int
) -> int:
    """How likely the way is in which hypotheses want `wanted` (grid_ways.GridWays): the sum of all
    units' best. `own`: of each unit alone, at its first point; `fits`: of each point `size`.

    With a `rest` above NEVER, the sum and what else belongs to it, each hypothesis is entered in
    `best` where it is likelier than what stands there."""
    sign = 1
    sign = sign << 31  # as a constant it would be an object
    word = (sign << 1) - 1
    total = 0
    last = int(units) + end
    while int(units) < last:
        points = units[0]
        units = ptr8(int(units) + 1)
        alone = ptr32(int(own) + 4 * _WAYS * units[_POINT])
        most = NEVER
        turn = 0
        while turn < 2:
            h = 0
            while h < _WAYS:
                value = ((alone[h] & word) ^ sign) - sign
                left = points
                unit = units
                while left:
                    k = wanted[_WAYS * unit[_KIND] + unit[h + _HYPOTHESES]]
                    value += UNIT * (fits[size * unit[_POINT] + k] - _NONE)
                    unit = ptr8(int(unit) + _POINT_BYTES)
                    left -= 1
                if turn == 0:
                    most = value if value > most else most
                else:
                    value += rest - most
                    left = points
                    unit = units
                    while left:
                        to = ptr32(int(best) + 4 * (_WAYS * unit[_POINT] + unit[h + _HYPOTHESES]))
                        if value > ((to[0] & word) ^ sign) - sign:
                            to[0] = value
                        unit = ptr8(int(unit) + _POINT_BYTES)
                        left -= 1
                h += 1
            turn += 1 if rest > NEVER else 2
        total += most
        units = ptr8(int(units) + _POINT_BYTES * points)
    return total
