"""What the energy counters of meters advance: a read that cannot be is never counted as energy."""

from array import array

from micropython import const

_FALLS = const(3)  # reads, each below the one before
_REMEMBERED_S = const(300)  # what a counter said before it fell, from then on
_FALLEN = const(1000)  # Wh: a net counter that comes to 0 by so much has begun anew


class WattHours:
    """count: how many counters; fault(): called for each read that is refused; watt_hour: in the
    counters' unit.

    A read that is behind the last good one, or further from it than the greatest power allows, is
    refused. When the next one goes on from the refused one, the meter was exchanged or reset: its
    new value is where counting goes on, and the jump counts nothing. One that is back where it was
    within five minutes was not: a meter that starts may say 0 for a while.
    """

    def __init__(self, count: int, fault: Callable[[], None], watt_hour: int = 1):
        self._fault = fault
        self._watt_hour = watt_hour
        none = [-1] * count  # for a time
        # A counter may have more than 32 bits.
        self._good, self._good_s = [0] * count, array("i", none)
        self._refused, self._refused_s = [0] * count, array("i", none)
        self._falls = bytearray(count)
        self._before, self._before_s = [0] * count, array("i", none)  # before it fell,
        self._fell_s = array("i", none)  # and when it did

    def falls(self, k: int) -> bool:
        """Whether counter k goes down read by read."""
        return self._falls[k] >= _FALLS

    def advance(
        self, k: int, most: float, value: int | None, now_s: int, net: bool = False
    ) -> int:
        """What counter k has advanced since its last good read; 0 for the first one. most: W, the
        greatest power that can be. value: None when there is none that can be used: then what it
        would have said is counted with the next one. now_s: uptime. net: it may go down."""
        if value is None:
            return 0
        more = 0
        if self._good_s[k] >= 0:
            more = self._back(k, most, value, now_s, net)
            if more is None:
                more = self._step(self._good[k], self._good_s[k], most, value, now_s, net)
            if more is None and self._refused_s[k] >= 0:
                fallen = value < self._refused[k]
                self._falls[k] = min(self._falls[k] + 1, _FALLS) if fallen else 0
                more = self._step(self._refused[k], self._refused_s[k], most, value, now_s, net)
                if more is not None and self._before_s[k] < 0:
                    self._before[k], self._before_s[k] = self._good[k], self._good_s[k]
                    self._fell_s[k] = now_s
            if more is None:
                self._refused[k], self._refused_s[k] = value, now_s
                self._fault()
                return 0
        self._good[k], self._good_s[k] = value, now_s
        self._refused_s[k] = -1
        return more

    def _back(self, k, most, value, now_s, net):
        """What it has advanced since before it fell, None when it is not back there."""
        before_s = self._before_s[k]
        if before_s >= 0 and now_s - self._fell_s[k] > _REMEMBERED_S:
            self._before_s[k] = before_s = -1
        if before_s < 0:
            return None
        more = None
        if abs(value - self._before[k]) < abs(value - self._good[k]):
            more = self._step(self._before[k], before_s, most, value, now_s, net)
            if more is not None:
                self._before_s[k] = -1
        return more

    def _step(self, before, before_s, most, value, now_s, net):
        """From one read to the next, None when that cannot be."""
        # One second and one Wh more: both may be whole numbers.
        limit = (most * (now_s - before_s + 1) // 3600 + 1) * self._watt_hour
        more = value - before
        if net and not value and abs(more) > _FALLEN * self._watt_hour:
            return None
        return more if (-limit if net else 0) <= more <= limit else None
