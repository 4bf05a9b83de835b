"""What the gateway switches by itself: by a schedule, or by a rule on measured power.

An automation acts when its condition *changes*: what a person switches meanwhile stays until then.
While a value or the time is not known, nothing is switched and times begin anew.
"""

from micropython import const

_DAY_S = const(86400)
_MINUTE_S = const(60)


class Schedule:
    """On from minute `begin` of a local day in `days` until minute `end`, of the next day when
    that is earlier.

    These are moments. A time that a day has twice is the first one, a time that it has not is the
    moment at which the clock is put forward; what would lie in the missing hour altogether begins
    then and lasts as long as it would have. So it is on once, whatever the clock does that day.
    """

    def __init__(self, target: Sequence[Target], days: Container[int], begin: int, end: int):
        self.target = target
        self._days = days
        self._begin = begin * _MINUTE_S
        self._end = end * _MINUTE_S
        self._was = None
        self._day = None
        self._times = ()  # on from, until: of that day and the one before, epoch s

    def step(self, _values: Values, now_s: int | None, _uptime_s: int, zone: Zone) -> bool | None:
        """The state to switch to, or None. now_s: epoch seconds, None while unknown; zone:
        zone.Zone."""
        if now_s is None:
            return None
        day = (now_s + zone.offset(now_s)) // _DAY_S
        if day != self._day:
            self._day = day
            self._times = [self._of(before, zone) for before in (day - 1, day)]
        is_on = False
        for begin, end in self._times:
            is_on = is_on or begin <= now_s < end
        was, self._was = self._was, is_on
        return is_on if was is not None and is_on != was else None

    def _of(self, day, zone):
        """(on from, until) of a local day since 1970; nothing where it is none of `days`."""
        if str((day + 3) % 7 + 1) not in self._days:  # 1970 began on a Thursday
            return 0, 0
        length = (self._end - self._begin) % _DAY_S
        begin = zone.utc(day * _DAY_S + self._begin)
        end = zone.utc(day * _DAY_S + self._begin + length)
        return begin, end if end > begin else begin + length


class Rule:
    """On when the value (W) has been above `above` for `seconds`, off when it has not been above
    `below` for `off_seconds`."""

    def __init__(
        self,
        target: Sequence[Target],
        value: str,
        above: float,
        below: float,
        seconds: int,
        off_seconds: int,
    ):
        self.target = target
        self._value = value
        self._above = above
        self._below = below
        self._seconds = seconds
        self._off_seconds = off_seconds
        self._on = None  # the state that the rule has switched to last
        self._since = None  # uptime at which the condition for a change began

    def step(self, values: Values, _now_s: int | None, uptime_s: int, _zone: Zone) -> bool | None:
        """As Schedule.step(). values: a function of a name of VALUES, W or None."""
        value = values(self._value)
        if value is None:
            self._since = None
            return None
        change = value <= self._below if self._on else value > self._above
        if not change:
            self._since = None
            return None
        if self._since is None:
            self._since = uptime_s
        if uptime_s - self._since < (self._off_seconds if self._on else self._seconds):
            return None
        self._since = None
        self._on = not self._on
        return self._on
