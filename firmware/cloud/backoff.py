"""How long to wait before the next try to reach the broker: twice as long each time, shortened by
chance to anything from 0 on (full jitter), so that not all gateways come at once when their broker
is back.

Chance is the gateway's own: SHA-256 of its serial number and of the try. So no two gateways have
the same sequence, and nobody needs a generator that was seeded well.
"""

import hashlib

_FIRST_MS = 1000


class Backoff:
    """serial: the gateway's."""

    def __init__(self, serial: str):
        self._serial = serial
        self._draws = 0
        self._most_ms = _FIRST_MS
        self._retry_s = 0

    def retry(self, seconds: int) -> None:
        """The broker's side asks for this pause behind the connection that is there, once; 0: as
        always. It becomes longer by chance, up to twice as long."""
        self._retry_s = seconds

    def reset(self) -> None:
        """The connection was a good one, or there was no network: begin with short pauses."""
        self._most_ms = _FIRST_MS

    def pause_ms(self, max_s: int) -> int:
        """The next pause, whose longest is never more than max_s; but for retry()."""
        if self._retry_s:
            asked_ms, self._retry_s = 1000 * self._retry_s, 0
            return asked_ms + self._by_chance(asked_ms)
        most_ms = min(self._most_ms, 1000 * max_s)
        self._most_ms = 2 * most_ms
        return self._by_chance(most_ms)

    def _by_chance(self, most_ms):
        self._draws += 1
        digest = hashlib.sha256(("%s %d" % (self._serial, self._draws)).encode()).digest()
        return most_ms * (digest[0] << 8 | digest[1]) >> 16
