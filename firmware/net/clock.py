"""The time of day in milliseconds since 1970. Owns the difference between the time since start and
the time of day. It is corrected without a jump where possible, and goes back only where it was
more than an hour ahead."""

from micropython import const

_SMALL_MS = const(1000)
_DOUBTFUL_MS = const(60000)
_FAR_MS = const(3600000)  # ahead: nobody waits two hours for an hour
_GENTLY = const(2000)  # ms that pass for each ms of correction: 500 ppm
_QUICKLY = const(2)  # for an error that gentleness would take a day for


class Clock:
    """uptime_ms: a function, ms since start; now_ms: the time of day at start, None if not known.

    Intervals are to be measured with uptime_ms, which is never corrected.
    """

    def __init__(self, uptime_ms: UptimeMs, now_ms: int | None = None):
        self._uptime_ms = uptime_ms
        self._offset = None if now_ms is None else now_ms - uptime_ms()
        self._rest = 0  # ms that are still to be added, or taken away,
        self._since = 0  # from this uptime on,
        self._pace = _GENTLY  # one in so many

    def now_ms(self) -> int | None:
        """Milliseconds since 1970, or None while the time is not known."""
        if self._offset is None:
            return None
        uptime = self._uptime_ms()
        if self._rest:
            due = min((uptime - self._since) // self._pace, abs(self._rest))
            self._since += due * self._pace
            if self._rest < 0:
                due = -due
            self._rest -= due
            self._offset += due
        return uptime + self._offset

    def doubts(self, offset: int) -> bool:
        """Whether one answer is not enough to correct() by it: it is the first one, or says that
        we are more than a minute off."""
        return (
            self.now_ms() is None
            or self._offset is None
            or abs(offset - self._offset) > _DOUBTFUL_MS
        )

    def correct(self, offset: int) -> int | None:
        """The time of day is uptime_ms() + offset, as somebody who knows says. Returns by how many
        ms we were late, None if we did not know the time.

        Late by more than a second, or early by more than an hour: corrected at once. Early by more
        than a second: the clock runs at half its speed. Anything less runs in at 500 ppm."""
        now = self.now_ms()
        if now is None or self._offset is None:
            self._offset = offset
            return None
        late = offset - self._offset
        self._rest = 0
        if late > _SMALL_MS or late < -_FAR_MS:
            self._offset = offset
        else:
            self._rest = late
            self._since = self._uptime_ms()
            self._pace = _GENTLY if late >= -_SMALL_MS else _QUICKLY
        return late
