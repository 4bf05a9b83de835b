"""Which sequences a reader has: all up to one, and some beyond it that went before, as what was
just measured does. Owns the ranges beyond.
"""

from micropython import const

_MAX_RANGES = const(32)
_FIRST, _LAST, _HAS = const(0), const(1), const(2)


class Coverage:
    """`through`: the reader has all up to this one."""

    def __init__(self, through: int):
        self.through = through
        self._beyond = []  # [first, last, whether the reader has it] in their order, apart

    def next(self) -> tuple[int, int | None]:
        """The lowest sequence that was not given, and the last one of the same gap; None: it has
        no end."""
        first = self.through + 1
        for given in self._beyond:
            if first < given[_FIRST]:
                return first, given[_FIRST] - 1
            first = given[_LAST] + 1
        return first, None

    def arrived(self, first: int, last: int) -> list[list[int]]:
        """[[first, last], ...] of what the reader has of these, in their order."""
        found = []
        if first <= self.through:
            found.append([first, min(last, self.through)])
        for given in self._beyond:
            if given[_HAS] and given[_FIRST] <= last and given[_LAST] >= first:
                found.append([max(first, given[_FIRST]), min(last, given[_LAST])])
        return found

    def give(self, first: int, last: int) -> None:
        """These are on their way; they lie in one gap."""
        at = 0
        while at < len(self._beyond) and self._beyond[at][_FIRST] < first:
            at += 1
        self._beyond.insert(at, [first, last, False])

    def end(self, first: int, last: int, has: bool) -> None:
        """What was given has arrived, or is to be given again."""
        for given in self._beyond:
            if given[_FIRST] == first and given[_LAST] == last:
                if has:
                    given[_HAS] = True
                    self._join()
                else:
                    self._beyond.remove(given)
                return

    def _join(self):
        """Ranges that follow each other become one; where there are many the lowest one is
        forgotten: its reader gets it twice."""
        beyond = self._beyond
        while beyond and beyond[0][_HAS] and beyond[0][_FIRST] <= self.through + 1:
            self.through = max(self.through, beyond.pop(0)[_LAST])
        at = 1
        while at < len(beyond):
            before, given = beyond[at - 1], beyond[at]
            if before[_HAS] and given[_HAS] and before[_LAST] + 1 == given[_FIRST]:
                before[_LAST] = given[_LAST]
                beyond.pop(at)
            else:
                at += 1
        arrived = [given for given in beyond if given[_HAS]]
        if len(arrived) > _MAX_RANGES:
            beyond.remove(arrived[0])
