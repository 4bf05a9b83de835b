"""Watches how the CTs are wired: on which phase each one is, and in which direction.

Owns what is decided of each point. Changes nothing: says what would have to be changed.
"""

from array import array
from math import sqrt

from micropython import const

from site.wiring import DELTA, SPLIT, STAR
from commission.ct_types import CtTypes
from commission.evidence import Evidence
from commission.grid_ways import WAYS, GridWays
from commission.hypotheses import kinds
from commission.joint import UNIT
from commission.judge import Judge

_JUDGED = const(30)  # reports from one judgement to the next
_SELDOM = const(600)  # the same after the first hour
_HOUR = const(3600)  # reports
_SURE = 8.0  # log of how much likelier a fault is than anything else
_RIGHT = 12.0  # the same of what is as configured, of which the prior is a part
_SURE_UNMEASURED = 6.0  # the same without CTs at the grid, where no changes agree by chance
_SURE_SPLIT = 10.0  # the same in a split phase: turned on the other leg looks nearly alike
_LASTS = const(2)
_FAR_BEYOND = 8.0  # such a margin needs one judgement less
_STAYS = 4.0  # by so much less what was said stays
_NO_BETTER = const(512)  # of UNIT: of two ways that make the same power
_PEAK = sqrt(2)

# What is known of a point.
NO_CURRENT = const(0)  # nothing is: no current has flowed
UNDECIDED = const(1)
AS_CONFIGURED = const(2)
WRONG = const(3)
ONE_WIRE = const(4)  # with another one of its load
WRONG_TYPE = const(5)  # its CT is another one than is configured


class Wiring:
    """`states`: of each point one of the above; `ways`: of each point the hypothesis that is the
    likeliest one (hypotheses); `margins`: log of how much likelier it is than any that would make
    another power of the current; `ct_types`: what CTs are of another type than is configured;
    `watched`: of each point whether it is looked at."""

    def __init__(self, site: Site):
        count = len(site.points)
        one, several = kinds(site)
        self.kinds = [several if len(site.loads[p.load].points) > 1 else one for p in site.points]
        self._site = site
        self.watched = bytearray(not (p.metered or p.phaseless) for p in site.points)
        grid = _grid(site)
        self._measured = bool(grid)
        if site.lines == DELTA:
            for i in grid:
                self.kinds[i] = several
        all_kinds = (one,) if one is several else (one, several)
        ways = GridWays(all_kinds, several if len(grid) > 1 else one, len(grid))
        self._evidence = Evidence(site, self.kinds, grid, ways)
        self._judge = Judge(site, self.kinds, grid, ways, self._evidence)
        self.ct_types = CtTypes(site, grid, self._evidence.ratios)
        self.states = bytearray(count)
        self.ways = bytearray(2 * point.phase for point in site.points)
        self.margins = array("f", bytes(4 * count))
        self._lasts = bytearray(count)  # judgements in which it was sure
        self._reports = 0
        self.judgements = 0

    def note(self, report: Report) -> Steps:
        """Take a report (quantities.Report): a generator, to be resumed between blocks."""
        volts = self._volts(report)
        if volts is None:
            self._evidence.miss()
            return
        yield from self._evidence.note(report.values, volts)
        self._reports += 1
        if self._reports % (_JUDGED if self._reports < _HOUR else _SELDOM) == 0:
            yield
            best = yield from self._judge.run(volts)
            yield from self._decide(best)

    def _volts(self, report):
        """The phasors of the voltages that points are measured with, V rms; None: not known."""
        volts = []
        for p in range(self._site.phases if self._site.lines != SPLIT else 3):
            phasor, rms = report.phasors[p], report.voltages[p].rms
            if phasor is None or rms is None or report.voltages[p].missed:
                return None
            x, y = phasor
            volts.append(complex(x, y) / _PEAK)
        return volts

    def _decide(self, best):
        yield from self.ct_types.judge()
        # What lies between two lines is looked for in two of the grid's CTs.
        shaky = self._site.lines != STAR and self.ct_types.doubts_grid()
        on_wire = [i for pair in self._evidence.one_wire.found() for i in pair]
        for i in range(len(self.states)):
            yield
            if not self.watched[i] or self._evidence.is_empty(i):
                self.states[i] = NO_CURRENT
                continue
            first = WAYS * i
            way = 0
            for h in range(1, WAYS):
                if best[first + h] > best[first + way]:
                    way = h
            rival = max([best[first + h] for h in range(WAYS) if not self._alike(i, way, h)])
            margin = (best[first + way] - rival) / UNIT
            configured = 2 * self._site.points[i].phase
            said = self.ways[i]
            lasts = self._alike(i, way, said)
            if self._alike(i, way, configured):
                way = configured
            elif lasts and best[first + way] - best[first + said] < _NO_BETTER:
                way = said
            beyond = margin - self._needed(way, configured)
            sure = beyond >= 0
            more = 1 if beyond < _FAR_BEYOND else _LASTS
            state = AS_CONFIGURED if way == configured else WRONG
            if sure and lasts:
                self._lasts[i] = min(_LASTS, self._lasts[i] + more)
            elif not lasts or self.states[i] != state or beyond < -_STAYS:
                self._lasts[i] = 0
            self.ways[i], self.margins[i] = way, margin
            if self._lasts[i] < _LASTS:
                state = UNDECIDED
            if self.ct_types.is_doubtful(i):
                state = WRONG_TYPE if self.ct_types.found(i)[0] else UNDECIDED
            elif shaky and state == WRONG:
                state = UNDECIDED
            self.states[i] = ONE_WIRE if i in on_wire else state
        self.judgements += 1

    def _needed(self, way, configured):
        """The margin from which on it is sure."""
        if way == configured:
            return _RIGHT
        if not self._measured:
            return _SURE_UNMEASURED
        return _SURE_SPLIT if self._site.lines == SPLIT else _SURE

    def mate(self, i: int) -> int:
        """The point that is on one wire with point i."""
        for a, b in self._evidence.one_wire.found():
            if i in (a, b):
                return b if i == a else a
        return i

    def _alike(self, i, way, other):
        """Whether two hypotheses make the same power of point i: on one leg of a split phase, and
        on the other one turned. The grid's CTs carry whatever makes the legs unlike."""
        if way == other:
            return True
        role = self._site.loads[self._site.points[i].load].role
        return way + other == 3 and role != "grid" and self._evidence.legs.are_alike(i)


def _grid(site):
    """The points at the grid's lines, where each line has one."""
    found = []
    for load in site.loads:
        if load.role == "grid":
            found += load.points
    phases = [site.points[i].phase for i in found]
    if len(set(phases)) < len(phases):
        return []
    if any(site.points[i].metered or site.points[i].phaseless for i in found):
        return []
    return found
