"""The lock of the engineer's console: the device's password, as on its label. Owns `tries.0` and
`tries.1`, in which wrong tries are counted, also over a restart."""

import hashlib

from micropython import const

from system.durable import Durable

_TRIES = "tries"
_FREE = const(3)  # wrong tries without a wait
_MAX_WAIT_S = const(300)
_MAX_SHIFT = const(9)


class Lock:
    """password: a function; uptime_ms: a function."""

    def __init__(self, password: Callable[[], str], uptime_ms: UptimeMs):
        self._password = password
        self._uptime_ms = uptime_ms
        self._kept = kept = Durable(_TRIES)
        self._wrong = int(kept.value or 0)
        if kept.value is None and kept.damaged:
            self._wrong = _FREE + _MAX_SHIFT  # nobody knows how many there were
        self._wait()

    def wait_s(self) -> int:
        """s until the next try is looked at."""
        return max(0, self._next_ms - self._uptime_ms() + 999) // 1000

    def opens(self, given: str) -> bool:
        """Whether that is the password. Counted before it is compared, so that a power cut forgets
        no try; while a wait is due, or where a try cannot be kept, nothing is compared."""
        if self.wait_s():
            return False
        self._wrong += 1
        self._wait()
        try:
            self._kept.write(str(self._wrong).encode())
        except OSError:
            return False
        right = _same(given, self._password())
        if right:
            self._wrong = 0
            self._wait()
            try:
                self._kept.write(b"0")
            except OSError:
                pass  # it waits longer next time
        return right

    def _wait(self):
        """How long after so many wrong tries, from now on: a new start does not shorten it."""
        over = self._wrong - _FREE
        wait_s = min(1 << min(over, _MAX_SHIFT), _MAX_WAIT_S) if over >= 0 else 0
        self._next_ms = self._uptime_ms() + 1000 * wait_s


def _same(given, password):
    """Compared by what cannot be chosen, and to the end: the time says nothing."""
    one, other = [hashlib.sha256(text.encode()).digest() for text in (given, password)]
    different = 0
    for i in range(len(one)):
        different |= one[i] ^ other[i]
    return not different
