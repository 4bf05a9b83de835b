"""How often each message is sent (docs/cloud.md): by the link in use, as settings.json requests,
or once a second for somebody who watches.

Owns the defaults. A mobile network is paid for by the byte.
"""

from micropython import const

from site.limits import TOPICS

# Seconds from one message to the next, in the order of TOPICS; 0: never.
_DEFAULT = (1, 1, 1, 1, 10, 10, 10, 300, 60)
_LTE = (1800, 0, 3600, 300, 0, 3600, 3600, 900, 900)
_AT_THEIR_TIME = ("aggregated", "minutes")  # also for somebody who watches
_CHANGE_MS = const(1000)  # from one message because of a change to the next
_LTE_CHANGE_MS = const(900000)
_KEEPALIVE_S = const(30)
_LTE_KEEPALIVE_S = const(240)
_EARLY_MS = const(500)  # reports do not end at the same part of a second


class Rates:
    """requested: `publish` of settings.json, {topic: s, 0: never}. link: a function, the name of
    the link in use or None: the last one counts. uptime_ms: a function."""

    def __init__(
        self, requested: dict[str, int], link: Callable[[], str | None], uptime_ms: UptimeMs
    ):
        self._requested = requested
        self._link = link
        self._last = None
        self._uptime_ms = uptime_ms
        self._live_ms = 0  # until then somebody watches

    def every(self, topic: str) -> int | None:
        """Seconds from one message of a topic to the next; 0: none is sent; None: that is not
        known yet, as there was no link."""
        lte = self.is_lte()
        if self._last is None:
            return None
        if topic not in _AT_THEIR_TIME and self._uptime_ms() < self._live_ms:
            return 1
        return self._requested.get(topic, (_LTE if lte else _DEFAULT)[TOPICS.index(topic)])

    def change_ms(self) -> int:
        """From one message because of a change to the next, at least."""
        dear = self.is_lte() and self._uptime_ms() >= self._live_ms
        return _LTE_CHANGE_MS if dear else _CHANGE_MS

    def keepalive_s(self) -> int:
        """Of the next connection: half of it goes by between two pings."""
        return _LTE_KEEPALIVE_S if self.is_lte() else _KEEPALIVE_S

    def is_lte(self) -> bool:
        """Whether the link is paid for by the byte."""
        self._last = self._link() or self._last
        return self._last == "lte"

    def live(self, seconds: int) -> None:
        """All but `aggregated` and `minutes` once a second, for so long from now on; 0 ends it."""
        self._live_ms = self._uptime_ms() + 1000 * seconds


class Due:
    """When a topic was sent last, and is to be sent again."""

    def __init__(self, topic: str, rates: Rates):
        self._topic = topic
        self._rates = rates
        self._last_ms: int | None = None

    def at(self, now_ms: int, of_report: bool = True) -> bool:
        """Whether its next message is due at this uptime. of_report: once a second means of each
        report, however soon they follow each other."""
        every = self._rates.every(self._topic)
        if not every or self._last_ms is None or every == 1 and of_report:
            return bool(every)
        return now_ms - self._last_ms >= 1000 * every - _EARLY_MS

    def after_change(self, now_ms: int) -> bool:
        """Whether a message may be sent because something has changed."""
        if not self._rates.every(self._topic):
            return False
        return self._last_ms is None or now_ms - self._last_ms >= self._rates.change_ms()

    def sent(self, now_ms: int) -> None:
        """It is written, at this uptime."""
        self._last_ms = now_ms
