"""Signs of life of the broker: asks for them by MQTT's ping, and counts what is answered.

Owns the pings of one connection: when the next one is due, and which ones wait for their answer.
Seconds are counted by `second`, not measured: a time in which the whole program stands still is
one second at most.
"""

import asyncio
from errno import ENOTCONN

from micropython import const

_AGAIN_S = const(10)  # from a ping without an answer to the next one
_MAX_UNANSWERED = const(3)  # pings
_PATIENCE_S = const(10)  # with the answer that somebody waits for
_LOOK_MS = const(100)  # until it is tried again to send one


class Pings:
    """ping: a function that asks the broker, and says whether the line was free for it; OSError
    where the connection is broken."""

    def __init__(self, ping: Callable[[], bool]):
        self._ping = ping
        self._news = asyncio.Event()
        self.begin(0)

    def begin(self, keepalive_s: int) -> None:
        """A new connection: a ping goes out in half of its keep-alive."""
        self._pause_s = keepalive_s // 2
        self._since_ping = 0  # s
        self._unanswered = 0  # since the broker was last heard
        self._sent = self._answered = 0
        self._waited_s = 0  # for the answer to behind(); 0: nobody waits
        self._ended = False

    def heard(self) -> None:
        """The broker has said something."""
        self._unanswered = 0

    def answered(self) -> None:
        """The broker has answered a ping: it does so in their order."""
        self._answered += 1
        self._news.set()

    def end(self) -> None:
        """The connection has ended."""
        self._ended = True
        self._news.set()

    def is_awaited(self) -> bool:
        """Whether somebody waits for the answer to behind()."""
        return self._waited_s > 0

    def second(self, free: bool) -> bool:
        """A second has gone: ping where it is due. Whether the broker is silent for too long.
        free: nobody sends a message now."""
        if self._waited_s:
            self._waited_s += 1
            if self._waited_s > _PATIENCE_S:
                return True
        if not free:
            return False
        self._since_ping += 1
        pause = min(_AGAIN_S, self._pause_s) if self._unanswered else self._pause_s
        if self._since_ping < pause:
            return False
        if self._unanswered == _MAX_UNANSWERED:
            return True
        self._since_ping = 0
        self._unanswered += 1
        self._sent += self._ping()
        return False

    async def behind(self) -> None:
        """Ping, and wait for the answer: then the broker has taken what was sent before. OSError
        when the connection ends meanwhile."""
        self._waited_s = 1
        try:
            while not self._ping():
                await asyncio.sleep_ms(_LOOK_MS)
            self._sent += 1
            wanted = self._sent
            while self._answered < wanted:
                if self._ended:
                    raise OSError(ENOTCONN)
                self._news.clear()
                await self._news.wait()
        finally:
            self._waited_s = 0
