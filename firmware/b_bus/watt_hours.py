"""What the energy counters of meters advance: a read that cannot be is never counted as energy."""

from array import array


class WattHours:
    """count: how many counters; fault(): called for each read that is refused.

    A read that is behind the last good one, or further from it than the greatest power allows, is
    refused. When the next one goes on from the refused one, the meter was exchanged or reset: its
    new value is where counting goes on, and the jump counts nothing.
    """

    def __init__(self, count, fault):
        self._fault = fault
        none = [-1] * count  # for a time
        self._good, self._good_s = array("i", none), array("i", none)
        self._refused, self._refused_s = array("i", none), array("i", none)

    def advance(self, k, most, value, now_s):
        """Wh of counter k since its last good read; 0 for the first one. most: W, the greatest
        power that can be. value: Wh, None when there is none that can be used: then what it would
        have told is counted with the next one. now_s: uptime."""
        if value is None:
            return 0
        value = int(value)
        more = 0
        if self._good_s[k] >= 0:
            more = _step(self._good[k], self._good_s[k], most, value, now_s)
            if more is None and self._refused_s[k] >= 0:
                more = _step(self._refused[k], self._refused_s[k], most, value, now_s)
            if more is None:
                self._refused[k], self._refused_s[k] = value, now_s
                self._fault()
                return 0
        self._good[k], self._good_s[k] = value, now_s
        self._refused_s[k] = -1
        return more


def _step(before, before_s, most, value, now_s):
    """Wh from one read to the next, None when that cannot be."""
    # One second and one Wh more: both are whole numbers.
    limit = most * (now_s - before_s + 1) // 3600 + 1
    more = value - before
    return more if 0 <= more <= limit else None
