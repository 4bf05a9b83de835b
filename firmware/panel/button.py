"""The button: presses become events. Pure: the caller polls the pin."""

from micropython import const

_STABLE_MS = const(60)  # longer than contacts bounce
_LONG_MS = const(1000)  # what is shorter is a short press
_TOLD_MS = const(2000)  # how long "nothing was reset" is shown
_LATE_MS = const(100)  # a poll that is later proves no more than this

SHORT = "short"
RESET = "reset"
LET_GO = "let go"  # held, and not until the reset
EARLY = "purple"


class Button:
    """`shown`: the colour that the LED is to show for the button, None for none.

    stages: the board's RESET, (colour, seconds held) in order; the last one is the reset. A button
    that is down at power-up does nothing before it was let go: it may be jammed.
    """

    def __init__(self, stages: Sequence[tuple[str, int]]):
        self._stages = stages
        self._down = self._done = True
        self._other_ms = -1  # how long the pin has been otherwise, by two samples or more
        self._ms = 0  # since the button went down or up
        self.shown = None

    def poll(self, pressed: bool, passed_ms: int) -> str | None:
        """Take whether the pin is pressed, and how long ago that was last said: every 20 ms or
        so. SHORT once for a short press, RESET once when it was held long enough, else None.
        Allocates nothing."""
        passed_ms = min(passed_ms, _LATE_MS)
        self._ms = min(self._ms + passed_ms, 1000000)
        if pressed == self._down:
            self._other_ms = -1
        else:
            self._other_ms = 0 if self._other_ms < 0 else self._other_ms + passed_ms
        if self._other_ms >= _STABLE_MS:
            held_ms = self._ms - self._other_ms
            self._ms = self._other_ms
            self._other_ms = -1
            self._down = pressed
            if not pressed:
                return self._released(held_ms)
        if self._down:
            return self._held()
        if self.shown == EARLY and self._ms >= _TOLD_MS:
            self.shown = None
        return None

    def refuse(self) -> None:
        """The reset that it stands for could not begin: that is shown, as of one let go early."""
        self.shown = EARLY

    def _held(self):
        if self._done or self._ms < _LONG_MS:
            return None
        for colour, seconds in self._stages:
            if self._ms >= seconds * 1000:
                self.shown = colour
        if self._ms < self._stages[-1][1] * 1000:
            return None
        self._done = True
        return RESET

    def _released(self, held_ms):
        if self._done:
            self._done = False  # the reset goes on: its colour stays
            return None
        if held_ms < _LONG_MS:
            return SHORT
        self.shown = EARLY
        return LET_GO
