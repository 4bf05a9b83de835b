"""Every way in which the grid's CTs may be wired, and in which of them a circuit would show then.

Owns these, worked out once: a circuit's hypothesis wants certain codes of matches.Matches.
"""

from micropython import const

WAYS = const(6)  # hypotheses of a point at most


class GridWays:
    """kinds: the hypotheses.Kind that points have; of_grid: that of the grid's CTs; grid: how
    many these are.

    `count`: of ways. Of way w `way(w, g)` is the hypothesis of grid CT g. In `wanted` stands, from
    `first_wish(w, k)` on, for each hypothesis of a point of kind k the number of what it wants to
    match: `wishes` has (codes that it wants, codes that do not matter), as bits."""

    def __init__(self, kinds: Sequence[Kind], of_grid: Kind, grid: int):
        self.kinds = kinds
        self.wishes: list[tuple[int, int]] = []
        self._grid = count = grid
        ways, wanted = bytearray(), bytearray()
        for config in _configs(len(of_grid.patterns), count, ()):
            at_line = [-1] * 3
            for g in range(count):
                ways.append(config[g])
                at_line[config[g] >> 1] = 2 * g + (config[g] & 1)
            for kind in kinds:
                for h in range(WAYS):
                    wanted.append(self._number(_wish(kind, h, at_line)))
        self._ways, self._wanted = bytes(ways), bytes(wanted)
        self.count = len(self._ways) // count if count else 0

    def way(self, w: int, g: int) -> int:
        return self._ways[w * self._grid + g]

    def first_wish(self, w: int, k: int) -> int:
        """Where in `wanted` the wishes of kind k begin, one for each hypothesis."""
        return (w * len(self.kinds) + k) * WAYS

    @property
    def wanted(self) -> bytes:
        return self._wanted

    def _number(self, wish):
        if wish not in self.wishes:
            self.wishes.append(wish)
        return self.wishes.index(wish)


def _configs(lines: int, count: int, chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(chosen) == count:
        yield chosen
        return
    for line in range(lines):
        if line not in [one >> 1 for one in chosen]:
            for t in range(2):
                yield from _configs(lines, count, chosen + (2 * line + t,))


def _wish(kind, h, at_line):
    wanted = neutral = 0
    if h >> 1 < len(kind.patterns):
        pattern = kind.patterns[h >> 1]
        for line in range(len(pattern)):
            code = at_line[line]
            if code < 0:
                continue
            if pattern[line]:
                wanted |= 1 << (code ^ (h & 1) ^ (pattern[line] < 0))
            elif kind.of_line:
                neutral |= 1 << (code ^ (h & 1) ^ 1)
    return wanted, neutral
