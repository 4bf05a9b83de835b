"""How likely each way is in which each point may be wired, all points together.

A circuit that appears in the grid's CT is on the same line as that one; so what is known of one
helps the other. Every way in which the grid's CTs may be wired is looked at, and in each of them
the best hypothesis of every point, or of every load whose CTs are known to lie to each other in
one way (balance.Balance). Owns nothing between two judgements.
"""

from array import array
from math import atan2, pi

from micropython import const

from site.wiring import DELTA
from commission.angles import BINS
from commission.grid_ways import WAYS, GridWays
from commission.hypotheses import star
from commission.joint import NEVER, UNIT, add_unit, weigh

_ONE_FAULT = -5.0  # log of how often
_TWO_FAULTS = -8.0
_MORE_FAULTS = -9.0
_NO_SUCH_PHASE = -1.5
_IMPOSSIBLE = -1e4
_ANGLE = 6.0  # at most: however often a circuit gives, a plant that is not in the site does it
_ANGLE_ALIKE = 9.0  # the same of a load that takes the same from three phases
_LINE_BLUR = const(3)  # a delta's line carries the currents of two pairs
_PHASES = const(3)
_ALONE = bytes(range(WAYS))


class Judge:
    """kinds: the hypotheses.Kind of each point; grid: the points at the grid's lines, or none;
    ways: those in which these may be wired."""

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
        self._kind_of = bytes(ways.kinds.index(kind) for kind in kinds)
        self._ways = ways
        self._dips = array("f", bytes(4 * WAYS))
        self._turns = array("b", bytes(2 * _PHASES * _PHASES))

    def run(self, volts: Sequence[complex]) -> Generator[None, None, Words]:
        """Of each point and hypothesis (WAYS each) the log of how likely it is, with all other
        points at their best, in 1 / joint.UNIT: a generator, whose value that is. volts: the
        phasors of the voltages."""
        count = len(self._kinds)
        yield from self._ways.work_out()
        yield from self._turn(volts)
        own = array("i", bytes(4 * WAYS * count))  # of a unit alone, by its first point
        units = bytearray()
        for points, ways in self._units():
            yield from self._alone(own, points, ways)
            if points[0] not in self._grid:
                add_unit(units, points, [self._kind_of[i] for i in points], ways)
        fits = bytearray(count * len(self._ways.code_sets))
        yield from self._fit(memoryview(fits))
        grid_logs = array("f", bytes(4 * self._ways.count))
        yield from self._evidence.grid_dips(grid_logs)
        best = array("i", [NEVER] * (WAYS * count))
        for w in range(self._ways.count):
            self._weigh(best, w, int(UNIT * grid_logs[w]), units, own, fits)
            yield
        return best

    def _units(self):
        """Loads whose CTs lie to each other in a known way, then all other points: of each the
        points, and of each point the hypothesis in each of the unit's ways."""
        held = set()
        balance = self._evidence.balance
        for k in range(len(balance.loads)):
            case = balance.case(k)
            if case is None:
                continue
            held.update(balance.loads[k])
            yield balance.loads[k], balance.ways(case)
        for i in range(len(self._kinds)):
            if i not in held:
                yield (i,), _ALONE

    # A unit alone

    def _turn(self, volts):
        """Work out by how many bins an angle turns from each phase to each other one; behind that
        the same to each line of a delta."""
        for line in range(2):
            if line and self._site.lines != DELTA:
                return
            for k in range(len(volts) if not line else _PHASES):
                to = star(volts, k) if line else volts[k]
                for phase in range(len(volts)):
                    ratio = to / volts[phase]
                    turn = round(atan2(ratio.imag, ratio.real) * BINS / (2 * pi))
                    self._turns[_PHASES * (_PHASES * line + k) + phase] = turn
                yield

    def _alone(self, logs, points, ways):
        own = [self._prior(points, ways, h) for h in range(WAYS)]
        angles = [0.0] * WAYS
        for at, i in enumerate(points):
            yield
            self._read_dips(i)
            yield
            self._evidence.look_at_angles(i)
            for h in range(WAYS):
                way = ways[WAYS * at + h]
                if way >> 1 < len(self._kinds[i].patterns):
                    angle = self._angle(i, way, len(points) > 1)
                    angles[h] += angle / len(points)  # it is one load
                    own[h] += self._dips[way]
                    if h & 1:
                        yield
                else:
                    angles[h] = _IMPOSSIBLE
        least = max(angles) - (_ANGLE_ALIKE if len(points) > 1 else _ANGLE)
        for h in range(WAYS):
            logs[WAYS * points[0] + h] = int(UNIT * (own[h] + max(least, angles[h])))
        yield

    def _prior(self, points, ways, h):
        moved = turned = 0
        total = 0.0
        for at, i in enumerate(points):
            way, kind = ways[WAYS * at + h], self._kinds[i]
            if way >> 1 >= len(kind.patterns):
                return _IMPOSSIBLE
            moved += way >> 1 != self._site.points[i].phase
            turned += way & 1
            if way >> 1 >= kind.remedies:
                total += _NO_SUCH_PHASE
        if len(points) > 1:
            return total + _prior_alike(len(points), moved, turned)
        if moved + turned == 0:
            return total
        return total + (_ONE_FAULT if moved + turned == 1 else _TWO_FAULTS)

    def _read_dips(self, i):
        dips, kind = self._dips, self._kinds[i]
        for h in range(WAYS):
            dips[h] = 0.0
        if kind.weights and i not in self._grid:
            self._evidence.dips(i, kind.weights, dips, 0)

    def _angle(self, i, way, alike):
        """How well the angles seen of point i, which are looked at, fit its hypothesis."""
        site, kind = self._site, self._kinds[i]
        point = site.points[i]
        role = site.loads[point.load].role
        if site.loads[point.load].fed:  # may have any angle
            return 0.0
        line = site.lines == DELTA and kind.of_line
        blur = _LINE_BLUR if line and role == "grid" else 0
        turn = self._turns[_PHASES * (_PHASES * line + (way >> 1)) + point.phase]
        return self._evidence.angles(role, turn + (way & 1) * BINS // 2, blur, alike)

    # All together

    def _fit(self, fits):
        """Write how well what matched each point fits each set of codes."""
        code_sets = self._ways.code_sets
        for i in range(len(self._kinds)):
            self._evidence.fit(i, code_sets, fits[i * len(code_sets) :])
            yield

    def _weigh(self, best, w, log, units, own, fits):
        """Enter in `best` what the grid's way w, in itself as likely as `log`, makes of all
        hypotheses."""
        ways = self._ways
        size = len(ways.code_sets)
        wanted = memoryview(ways.wanted)[ways.first_wanted(w) :]
        places = [WAYS * i + ways.way(w, g) for g, i in enumerate(self._grid)]
        total = log + sum([own[k] for k in places])
        total += weigh(best, units, len(units), own, fits, size, wanted, NEVER)
        for k in places:
            best[k] = max(best[k], total)
        weigh(best, units, len(units), own, fits, size, wanted, total)


def _prior_alike(count, moved, turned):
    """Of so many CTs of a load: exchanging two is one fault, and so is turning one, or all, where
    the arrow was not understood."""
    if moved + turned == 0:
        return 0.0
    if not moved and turned in (1, count) or moved == 2 and not turned:
        return _ONE_FAULT
    if not moved or not turned or moved == 2 and turned == 1:
        return _TWO_FAULTS
    return _MORE_FAULTS
