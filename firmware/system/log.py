"""The last things that have happened, for whoever asks from afar: the console is seldom seen.

Owns the lines. They are in memory alone; the last ones, whatever the level is, are kept over a
restart (system/ends.py)."""

from micropython import const

ERRORS, ALL = "errors", "all"
_LINES = const(32)
_RECENT = const(16)
_AGAIN_S = const(60)


class Log:
    """`level`: ERRORS, or ALL: also what is no error; `recent`: the last lines of either kind,
    the oldest first; `fresh`: whether there are others since they were kept; `before`:
    those of the run before. uptime_ms: a function."""

    def __init__(self, uptime_ms: UptimeMs):
        self.level = ERRORS
        self._uptime_ms = uptime_ms
        self._lines: list[tuple[int, str] | None] = [None] * _LINES
        self._next = 0
        self.recent: list[tuple[int, str]] = []
        self.before: list[tuple[int, str]] = []
        self.fresh = False

    def set_level(self, level: str) -> None:
        """ERRORS or ALL."""
        self.level = level

    def take_before(self, lines: list[tuple[int, str]]) -> None:
        """What the run before has said last."""
        self.before = lines

    def are_kept(self) -> None:
        """The last lines have been kept."""
        self.fresh = False

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
        now_s = self._uptime_ms() // 1000
        if self.level == ALL:
            self._put(now_s, text)
        else:
            self._remember(now_s, text)

    def _remember(self, now_s, text):
        self.recent.append((now_s, text))
        if len(self.recent) > _RECENT:
            del self.recent[0]
        self.fresh = True

    def _put(self, now_s, text):
        self._remember(now_s, text)
        self._lines[self._next] = (now_s, text)
        self._next = (self._next + 1) % _LINES

    def lines(self) -> list[tuple[int, str]]:
        """[(s since start, text)], the oldest first."""
        lines = self._lines[self._next :] + self._lines[: self._next]
        return [line for line in lines if line]
