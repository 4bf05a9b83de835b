"""How likely each way is in which each point may be wired, all points together.

A circuit that appears in the grid's CT is on the same line as that one; so what is known of one
helps the other. Every way in which the grid's CTs may be wired is looked at, and in each of them
the best hypothesis of every point, or of every load whose CTs are known to lie to each other in
one way (balance.Balance). Owns the working values.
"""

from array import array
from math import atan2, pi

from micropython import const

from site.wiring import DELTA
from commission.angles import BINS
from commission.grid_ways import WAYS, GridWays
from commission.hypotheses import star

_ONE_FAULT = -5.0  # log of how often
_TWO_FAULTS = -8.0
_NO_SUCH_PHASE = -1.5
_VOTE = 2.0
_NEVER = -1e9
_ANGLE = 6.0  # at most: however often a circuit gives, a plant that is not in the site does it
_HOPELESS = 30.0  # below the best way of all: it changes nothing
_LINE_BLUR = const(3)  # a delta's line carries the currents of two pairs
_ALONE = bytes(range(WAYS))


class _Unit:
    """Points that are looked at together: `ways`, for each point and each way of the unit, is the
    point's hypothesis."""

    def __init__(self, points: Sequence[int], ways: bytes):
        self.points = points
        self.ways = ways


class Judge:
    """kinds: the hypotheses.Kind of each point; grid: the points at the grid's lines, or none;
    ways: those in which these may be wired.

    `best`: of each point and hypothesis (WAYS each) the log of how likely it is, with all other
    points at their best."""

    def __init__(
        self,
        site: Site,
        kinds: Sequence[Kind],
        grid: Sequence[int],
        ways: GridWays,
        evidence: Evidence,
    ):
        self._site = site
        self._kinds = kinds
        self._grid = grid
        self._evidence = evidence
        count = len(kinds)
        self._own = array("f", bytes(4 * WAYS * count))  # of a unit alone, by its first point
        self.best = array("f", self._own)
        self._kind_of = bytes(ways.kinds.index(kind) for kind in kinds)
        self._ways = ways
        self._grid_logs = array("f", bytes(4 * ways.count))
        self._fits = array("f", bytes(4 * count * len(self._ways.wishes)))
        self._most = array("f", bytes(4 * count))
        self._dips = array("f", bytes(4 * WAYS))

    def run(self, volts: Sequence[complex]) -> Steps:
        """Write `best`: a generator. volts: the phasors of the voltages."""
        best = self.best
        for k in range(len(best)):
            best[k] = _NEVER
        joint = []
        for unit in self._units():
            yield from self._alone(unit, volts)
            if unit.points[0] in self._grid:
                continue
            if any([self._evidence.votes(i) for i in unit.points]):
                joint.append(unit)
                for i in unit.points:
                    self._fit(i)
                    yield
            else:
                first = WAYS * unit.points[0]
                self._enter(unit, self._own[first : first + WAYS])
        self._evidence.grid_dips(self._grid_logs)
        yield
        highest = _NEVER
        for w in range(self._ways.count):
            total = self._together(w, joint)
            highest = max(highest, total)
            yield
            if total > highest - _HOPELESS:
                yield from self._enter_all(w, joint, total)

    def _units(self):
        """Loads whose CTs lie to each other in a known way, then all other points."""
        held = set()
        balance = self._evidence.balance
        for k in range(len(balance.loads)):
            case = balance.case(k)
            if case is None:
                continue
            held.update(balance.loads[k])
            ways = bytearray(_ALONE)
            for way in case:
                for h in range(WAYS):
                    ways.append((way + (h & ~1)) % WAYS ^ (h & 1))
            yield _Unit(balance.loads[k], bytes(ways))
        for i in range(len(self._kinds)):
            if i not in held:
                yield _Unit((i,), _ALONE)

    # A unit alone

    def _alone(self, unit, volts):
        own, first = self._own, WAYS * unit.points[0]
        for h in range(WAYS):
            own[first + h] = self._prior(unit, h)
        angles = [0.0] * WAYS
        for at, i in enumerate(unit.points):
            yield
            self._read_dips(i)
            for h in range(WAYS):
                way = unit.ways[WAYS * at + h]
                if way >> 1 < len(self._kinds[i].patterns):
                    angles[h] += self._angle(i, way, volts) / len(unit.points)  # it is one load
                    own[first + h] += self._dips[way]
                else:
                    angles[h] = _NEVER
        least = max(angles) - _ANGLE
        for h in range(WAYS):
            own[first + h] += max(least, angles[h])

    def _prior(self, unit, h):
        moved = turned = 0
        total = 0.0
        for at, i in enumerate(unit.points):
            way, kind = unit.ways[WAYS * at + h], self._kinds[i]
            if way >> 1 >= len(kind.patterns):
                return _NEVER
            moved += way >> 1 != self._site.points[i].phase
            turned += way & 1
            if way >> 1 >= kind.remedies:
                total += _NO_SUCH_PHASE
        if turned == 3:
            turned = 1  # all alike: the arrow was not understood
        if moved + turned == 0:
            return total
        single = moved == 2 if len(unit.points) > 1 and moved else moved + turned == 1
        if moved and turned:
            single = False
        return total + (_ONE_FAULT if single else _TWO_FAULTS)

    def _read_dips(self, i):
        dips, kind = self._dips, self._kinds[i]
        for h in range(WAYS):
            dips[h] = 0.0
        if kind.weights and i not in self._grid:
            self._evidence.dips(i, kind.weights, dips, 0)

    def _angle(self, i, way, volts):
        """How well the angles seen of point i fit its hypothesis."""
        site, kind = self._site, self._kinds[i]
        point = site.points[i]
        role = site.loads[point.load].role
        if site.loads[point.load].fed:  # may have any angle
            return 0.0
        line = site.lines == DELTA and kind.of_line
        blur = _LINE_BLUR if line and role == "grid" else 0
        ratio = (star(volts, way >> 1) if line else volts[way >> 1]) / volts[point.phase]
        turn = round(atan2(ratio.imag, ratio.real) * BINS / (2 * pi))
        return self._evidence.angles(i, role, turn + (way & 1) * BINS // 2, blur)

    # All together

    def _fit(self, i):
        """Work out how well what matched point i fits each wish."""
        wishes = self._ways.wishes
        first = i * len(wishes)
        for k in range(len(wishes)):
            wanted, neutral = wishes[k]
            surplus = self._evidence.surplus(i, wanted, neutral)
            self._fits[first + k] = _VOTE * surplus

    def _value(self, unit, w, h):
        """How likely way h of the unit is where the grid's CTs are wired in way w."""
        ways, size = self._ways, len(self._ways.wishes)
        value = self._own[WAYS * unit.points[0] + h]
        for at, i in enumerate(unit.points):
            wish = ways.first_wish(w, self._kind_of[i]) + unit.ways[WAYS * at + h]
            value += self._fits[size * i + ways.wanted[wish]]
        return value

    def _together(self, w, joint):
        """How likely the grid's way w is, with each unit at its best: `_most`."""
        own, ways = self._own, self._ways
        total = self._grid_logs[w]
        for g in range(len(self._grid)):
            total += own[WAYS * self._grid[g] + ways.way(w, g)]
        for unit in joint:
            most = max([self._value(unit, w, h) for h in range(WAYS)])
            self._most[unit.points[0]] = most
            total += most
        return total

    def _enter_all(self, w, joint, total):
        """Enter in `best` what the grid's way w makes of all hypotheses."""
        best = self.best
        for g in range(len(self._grid)):
            k = WAYS * self._grid[g] + self._ways.way(w, g)
            best[k] = max(best[k], total)
        for unit in joint:
            rest = total - self._most[unit.points[0]]
            self._enter(unit, [rest + self._value(unit, w, h) for h in range(WAYS)])
            yield

    def _enter(self, unit, values):
        for at, i in enumerate(unit.points):
            for h in range(WAYS):
                k = WAYS * i + unit.ways[WAYS * at + h]
                self.best[k] = max(self.best[k], values[h])
