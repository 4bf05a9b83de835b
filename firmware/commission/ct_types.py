"""Which CT is of another type than is configured: a circuit's, or the grid's.

Owns what was found. What disagrees are always two CTs; a third one has to say which of them it is.
Where none does, nothing is named, and neither of both is called right.
"""

from math import log

from micropython import const

from commission.ratios import FITS, OCTAVE, Ratios

# The articles, by what they are rated: at most one of each kind of sensor and rated current.
ARTICLES = (
    (50, "AC-CT-50A"),
    (100, "AC-CT-100A"),
    (200, "AC-CT-200A"),
    (400, "AC-CT-400A"),
    (400, "AC-RSCT-4CM"),
    (1600, "AC-RSCT-12CM"),
    (4000, "AC-RSCT-19CM"),
    (10000, "AC-RSCT-30CM"),
)
_DOUBT = const(255)
_NEAR = 1.5  # of a ratio's log: by which it may be off a type's
_SOME = const(2)  # steps, to speak for another CT
_ENOUGH = const(4)  # steps, to be named
_LOADS = const(3)  # circuits that disagree in the same way with the grid's CT
_LOG = 1 / log(2)
# Logs: how much a step says, how seldom a CT is of a wrong type, and two together are.
_STEP = 2.0
_ONE_FAULT = 4.0
_SURE = 8.0
_PPM = const(100000)  # by which a CT may be corrected; with more it is not on the wire itself


class CtTypes:
    """grid: the points at the grid's lines; ratios: of all points."""

    def __init__(self, site: Site, grid: Sequence[int], ratios: Ratios):
        self._site = site
        self._grid = grid
        self._ratios = ratios
        self._found = bytearray(len(site.points))

    def judge(self) -> Steps:
        """Look at all that was seen: a generator."""
        for i in range(len(self._found)):
            self._found[i] = 0
        for g in range(len(self._grid)):
            yield
            yield from self._judge(g)

    def _judge(self, g):
        """Those circuits that were seen in the grid's CT g, and that CT."""
        points, ratios, at = self._site.points, self._ratios, self._grid[g]
        fit, off = [], []
        for i in range(len(points)):
            if ratios.line(i) == g and ratios.steps(i):
                ratio = ratios.ratio(i)
                if abs(ratio) <= FITS:
                    if ratios.steps(i) >= _SOME:
                        fit.append(i)
                elif self._type(points[i], ratio) or self._type(points[at], -ratio):
                    self._found[i] = _DOUBT
                    off.append(i)
        if off and not fit or any([ratios.fits_at_other(i) for i in off]):
            self._found[at] = _DOUBT
        for i in off:
            yield
            alike = [j for j in off if abs(ratios.ratio(j) - ratios.ratio(i)) <= FITS]
            if ratios.steps(i) < _ENOUGH or not ratios.differ(i):
                continue
            at_other = ratios.fits_at_other(i)
            if not at_other and self._are_theirs(points[at], fit, alike):
                self._found[i] = self._type(points[i], ratios.ratio(i)) or _DOUBT
            elif at_other or not fit and self._is_the_grids(g, alike):
                found = self._type(points[at], -ratios.ratio(i))
                if found:
                    self._found[at] = found
                    for j in alike:
                        self._found[j] = 0
                return

    def _are_theirs(self, grid, fit, alike):
        """Whether it is the circuits' CTs that are of another type, and not the grid's."""
        return _built_in(grid) or len(self._loads(fit)) >= len(self._loads(alike))

    def _loads(self, points):
        return {self._site.points[i].load for i in points}

    def _is_the_grids(self, g, alike):
        """Whether it is the grid's CT with which all these disagree, and not they that are all of
        one wrong type: such of their article fit elsewhere, or they are of several."""
        points, ratios = self._site.points, self._ratios
        kept = [i for i in alike if ratios.steps(i) >= _SOME]
        if any([_built_in(points[i]) for i in kept]):
            return True
        if len(self._loads(kept)) < _LOADS:
            return False
        rated = {points[i].rated for i in kept}
        if len(rated) > 1:
            return True
        for i in range(len(points)):
            if ratios.line(i) != g and ratios.steps(i) >= _SOME and abs(ratios.ratio(i)) <= FITS:
                if points[i].rated in rated:
                    return True
        return False

    def _type(self, point, ratio):
        """That of which a CT is whose currents must be multiplied so, as `_found` has it; 0 where
        there is none such."""
        found = 0
        if _built_in(point) or abs(point.ratio_ppm - 1000000) > _PPM:
            return found
        coil = point.type.startswith("ROGOWSKI")
        for k, (rated, article) in enumerate(ARTICLES):
            if abs(OCTAVE * _LOG * log(rated / point.rated) - ratio) <= _NEAR:
                if not found or coil == article.startswith("AC-RSCT"):
                    found = k + 1
        return found

    # What was found

    def doubts_grid(self) -> bool:
        """Whether any of the grid's CTs may be of another type."""
        return any([self._found[i] for i in self._grid])

    def is_doubtful(self, i: int) -> bool:
        """Whether point i's CT may be of another type; also where it is sure."""
        return bool(self._found[i])

    def found(self, i: int) -> tuple[int, str]:
        """The rated current and the article of point i's CT where it is sure to be another one
        than is configured; else 0."""
        one = self._found[i]
        return (0, "") if one in (0, _DOUBT) else ARTICLES[one - 1]

    def margin(self, i: int) -> float:
        """Log of how much likelier that is than anything else."""
        if i in self._grid:
            return _SURE
        return min(_SURE, _STEP * self._ratios.steps(i) - _ONE_FAULT)


def _built_in(point):
    """Whether a CT cannot be of another type."""
    return point.type.startswith("SOLID")
