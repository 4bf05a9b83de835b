"""The last things that have happened, for whoever asks from afar: the console is seldom seen.

Owns the lines, in memory alone: a restart forgets them."""

from micropython import const

ERRORS, ALL = "errors", "all"
_LINES = const(32)
_AGAIN_S = const(60)


class Log:
    """`level`: ERRORS, or ALL: also what is no error. uptime_ms: a function."""

    def __init__(self, uptime_ms: UptimeMs):
        self.level = ERRORS
        self._uptime_ms = uptime_ms
        self._lines: list[tuple[int, str] | None] = [None] * _LINES
        self._next = 0

    def set_level(self, level: str) -> None:
        """ERRORS or ALL."""
        self.level = level

    def error(self, text: str) -> None:
        """Something went wrong. The same again within a minute is not said: what comes in numbers,
        as what a stranger in the network causes, leaves the others in place."""
        now_s = self._uptime_ms() // 1000
        for line in self._lines:
            if line and line[1] == text and now_s - line[0] < _AGAIN_S:
                return
        self._put(now_s, text)

    def note(self, text: str) -> None:
        """Something has happened."""
        if self.level == ALL:
            self._put(self._uptime_ms() // 1000, text)

    def _put(self, now_s, text):
        self._lines[self._next] = (now_s, text)
        self._next = (self._next + 1) % _LINES

    def lines(self) -> list[tuple[int, str]]:
        """[(s since start, text)], the oldest first."""
        lines = self._lines[self._next :] + self._lines[: self._next]
        return [line for line in lines if line]
