"""Every way in which the grid's CTs may be wired, and in which of them a circuit would show then.

Owns these, worked out once: a circuit's hypothesis wants certain codes of matches.Matches.
"""

from micropython import const

WAYS = const(6)  # hypotheses of a point at most


class GridWays:
    """kinds: the hypotheses.Kind that points have; of_grid: that of the grid's CTs; grid: how
    many these are.

    `count`: of ways, one where nothing is measured at the grid. Of way w `way(w, g)` is the
    hypothesis of grid CT g. In `wanted` stands, from `first_wanted(w)` on, for each hypothesis of
    a point of each kind the number of a set of codes: those that are to match it. `code_sets` has
    these sets, a bit for each code. All of it is there once work_out() has gone through."""

    def __init__(self, kinds: Sequence[Kind], of_grid: Kind, grid: int):
        self.kinds = kinds
        self.code_sets = b""
        self.wanted = b""
        self.count = 1
        self._grid = grid
        self._of_grid = of_grid
        self._ways = b""

    def work_out(self) -> Steps:
        """A generator; nothing is done when it was before."""
        if self.wanted:
            return
        numbers: dict[int, int] = {}
        ways, wanted = bytearray(), bytearray()
        for config in _configs(len(self._of_grid.patterns), self._grid, ()):
            at_line = [-1] * 3
            for g in range(self._grid):
                ways.append(config[g])
                at_line[config[g] >> 1] = 2 * g + (config[g] & 1)
            for kind in self.kinds:
                for h in range(WAYS):
                    wanted.append(numbers.setdefault(_codes(kind, h, at_line), len(numbers)))
                yield
        code_sets = bytearray(len(numbers))
        for codes, k in numbers.items():
            code_sets[k] = codes
        self.code_sets, self.wanted, self._ways = bytes(code_sets), bytes(wanted), bytes(ways)
        self.count = len(wanted) // (WAYS * len(self.kinds))

    def way(self, w: int, g: int) -> int:
        return self._ways[w * self._grid + g]

    def first_wanted(self, w: int) -> int:
        """Where in `wanted` those of the first kind begin; others' follow, WAYS each."""
        return w * len(self.kinds) * WAYS


def _configs(lines: int, count: int, chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(chosen) == count:
        yield chosen
        return
    for line in range(lines):
        if line not in [one >> 1 for one in chosen]:
            for t in range(2):
                yield from _configs(lines, count, chosen + (2 * line + t,))


def _codes(kind, h, at_line):
    codes = 0
    if h >> 1 < len(kind.patterns):
        pattern = kind.patterns[h >> 1]
        for line in range(len(pattern)):
            code = at_line[line]
            if code >= 0 and pattern[line]:
                codes |= 1 << (code ^ (h & 1) ^ (pattern[line] < 0))
    return codes
