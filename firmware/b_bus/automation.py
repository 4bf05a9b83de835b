"""What the gateway switches by itself: by a schedule, or by a rule on measured power.

An automation acts when its condition *changes*: what a person orders in between stays until then.
While a value or the time is not known, nothing is switched and times begin anew.
"""

from micropython import const

_DAY_MIN = const(1440)


class Schedule:
    """On from minute `begin` of a local day in `days` until minute `end`, of the next day when
    that is earlier."""

    def __init__(self, target, days, begin, end):
        self.target = target
        self._days = days
        self._begin = begin
        self._end = end
        self._was = None

    def step(self, _values, local_s, _uptime_s):
        """The state to switch to, or None. local_s: local epoch seconds, None while unknown."""
        if local_s is None:
            return None
        minute = local_s // 60 % _DAY_MIN
        day = (local_s // 86400 + 3) % 7  # 1970 began on a Thursday
        if self._begin > self._end and minute < self._end:
            day = (day - 1) % 7  # began yesterday
            inside = True
        elif self._begin > self._end:
            inside = minute >= self._begin
        else:
            inside = self._begin <= minute < self._end
        is_on = inside and str(day + 1) in self._days
        was, self._was = self._was, is_on
        return is_on if was is not None and is_on != was else None


class Rule:
    """On when the value (W) has been above `above` for `seconds`, off when it has not been above
    `below` for `off_seconds`."""

    def __init__(self, target, value, above, below, seconds, off_seconds):
        self.target = target
        self._value = value
        self._above = above
        self._below = below
        self._seconds = seconds
        self._off_seconds = off_seconds
        self._on = None  # the state that the rule has switched to last
        self._since = None  # uptime at which the condition for a change began

    def step(self, values, _local_s, uptime_s):
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
