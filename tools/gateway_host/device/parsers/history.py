"""What readers ask of the history, and what the broker has of it: ranges in any order. Held
against a set of numbers."""

from system.refused import Refused
from cloud.coverage import Coverage
from cloud.delivery import Delivery

_MAX_ASKED = 8


class Asked(Delivery):
    """Without its journal."""

    def __init__(self):
        self._coverage = Coverage(0)
        self._asked = []
        self._news = self

    def set(self):
        pass


def take(data):
    """Four bytes each: what, first, length, a number of zeros behind both."""
    asked = Asked()
    coverage = asked._coverage
    has, given = set(), []
    came = "nothing"
    for at in range(0, min(len(data), 1024) - 3, 4):
        what, first, more, shift = data[at : at + 4]
        first, last = 1 + (first << shift % 23), 1 + (first + more << shift % 23)
        if what % 4 == 0:
            came = "asked"
            try:
                asked.ask(first, last if what & 16 else first - 1 + more % 3)
            except Refused as error:
                assert str(error)
                came = "refused"
        elif what % 4 == 1:
            low, high = coverage.next()
            more %= 16
            high = low + more if high is None else min(high, low + more)
            coverage.give(low, high)
            given.append((low, high))
        elif given:
            low, high = given.pop(first % len(given))
            coverage.end(low, high, what % 4 == 2)
            if what % 4 == 2:
                has.update(range(low, high + 1))
        assert len(asked._asked) <= _MAX_ASKED, asked._asked
        assert len(coverage._beyond) <= 64 + len(given)
    for low, high in asked._asked:
        assert 1 <= low <= high, asked._asked
    for one in range(1, coverage.through + 1):
        assert one in has, "%d was never acknowledged" % one
    for low, high in coverage.arrived(1, 1 << 30):
        for one in range(low, high + 1):
            assert one in has, "%d was never acknowledged" % one
    return came
