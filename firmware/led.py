"""The status LED: which state the gateway is in, and the animation of its colour.

Owns the LED. Gets a function that sets a colour (three levels of 0 to 255) and the board's table:
state -> (colour, pattern).
"""

from math import cos, pi

from micropython import const

COLOURS = {
    "off": (0, 0, 0),
    "red": (255, 0, 0),
    "yellow": (255, 160, 0),
    "green": (0, 255, 0),
    "cyan": (0, 255, 255),
    "blue": (0, 0, 255),
    "purple": (255, 0, 255),
}

_BLINK_MS = const(500)  # on, then as long off
_BREATH_MS = const(4000)  # dark to bright to dark
# Half a breath in 32 levels: a raised cosine, squared because the eye sees brightness by its root.
_BREATH = bytes(max(2, round(255 * ((1 - cos(pi * k / 31)) / 2) ** 2)) for k in range(32))


def state_of(measuring, connected, was_connected):
    """The gateway's state by what really happens.

    measuring: something has been measured since start (that a bus device is in trouble, its own
    LED shows); connected: the broker has accepted us; was_connected: it ever
    had since start.
    """
    if was_connected and not connected:
        return "lost"
    if not measuring:
        return "booting"
    return "well" if connected else "connecting"


def level(pattern, ms):
    """Brightness, 0 to 255, `ms` after the state began. Patterns: solid, blinking, breathing."""
    if pattern == "solid":
        return 255
    if pattern == "blinking":
        return 0 if ms // _BLINK_MS & 1 else 255
    step = ms % _BREATH_MS * 64 // _BREATH_MS
    return _BREATH[step if step < 32 else 63 - step]


class Led:
    """The LED. `state`: a key of the board's table; begins as `booting`."""

    def __init__(self, set_colour, table):
        self._set_colour = set_colour
        self._table = table
        self._shown = None
        self._since = 0
        self.state = None
        self.colour = self.pattern = None
        self.enter("booting", 0)

    def enter(self, state, now_ms):
        """Show `state` from now on; returns whether that is a change."""
        if state == self.state:
            return False
        self.state = state
        self.colour, self.pattern = self._table[state]
        self._since = now_ms
        return True

    def animate(self, now_ms):
        """Set the colour that is due; call it every 50 ms or so. `now_ms`: any steady clock that
        counts up."""
        light = level(self.pattern, now_ms - self._since)
        r, g, b = COLOURS[self.colour]
        colour = (r * light // 255, g * light // 255, b * light // 255)
        if colour != self._shown:
            self._shown = colour
            self._set_colour(*colour)
