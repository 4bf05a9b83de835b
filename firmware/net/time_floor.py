"""The earliest that the time can be: no answer of a time server is believed that is before it, and
no certificate that had expired by then is taken while the time is unknown.

Owns the files `time.0` and `time.1`: the last time that was known, a day ago at most.
"""

from micropython import const

from system.durable import Durable

FIRMWARE_MS = const(1763942400000)  # 2025-11-24: it is no older; see system/version.py
_DAY_MS = const(86400000)
_SLACK_MS = const(60000)  # of a clock that nobody has corrected for half an hour


class TimeFloor:
    """signed_s: from when on our own certificate is valid, 0 where there is none: whoever has
    issued it knew the time. count: counts an error by name."""

    def __init__(self, signed_s: int, count: Count):
        self._count = count
        self._store = Durable("time")
        self._last_ms = signed_s * 1000
        self._earlier_since_ms: int | None = None  # uptime: since then all say so
        try:
            self._last_ms = max(self._last_ms, int(self._store.value or b"0"))
        except ValueError:
            count("sntp.forgotten")  # of another version

    def earliest_ms(self) -> int:
        """Epoch ms."""
        return max(FIRMWARE_MS, self._last_ms)

    def allows(self, now_ms: int, uptime_ms: int) -> bool:
        """Whether it can be that late, or early, now. What the gateway knew last was wrong when
        for a day nobody says anything else: whoever has set the clock ahead for an hour has not
        set it ahead for good."""
        if now_ms >= self._last_ms - _SLACK_MS:
            self._earlier_since_ms = None
            return True
        if self._earlier_since_ms is None:
            self._earlier_since_ms = uptime_ms
        return uptime_ms - self._earlier_since_ms >= _DAY_MS

    def set_known(self, now_ms: int) -> None:
        """That is the time. It is kept once a day."""
        self._earlier_since_ms = None
        if self._last_ms - _SLACK_MS <= now_ms < self._last_ms + _DAY_MS:
            return
        self._last_ms = now_ms
        try:
            self._store.write(b"%d" % now_ms)
        except (OSError, MemoryError):
            self._count("sntp.unkept")
