"""The animation of the status LED: solid, blinking, breathing. Owns the LED; knows no states."""

import time

from micropython import const

COLOURS = {  # red, green, blue: 0 to 255 each
    "off": 0x000000,
    "red": 0xFF0000,
    "yellow": 0xFFA000,
    "green": 0x00FF00,
    "cyan": 0x00FFFF,
    "blue": 0x0000FF,
    "purple": 0xFF00FF,
}

_BLINK_US = const(500000)  # on, then as long off
_BREATH_US = const(4000000)  # dark to bright to dark
_STEPS = const(100)  # of half a breath, one for each frame
_DARKEST = const(15)  # lightness; below, a level of 8 bits is a visible jump


def _light(lightness):
    """The light, 0 to 255, of a lightness of 0 to 100 as the eye sees it (CIE 1976 L*)."""
    if lightness <= 8:
        return round(255 * lightness / 903.3)
    return round(255 * ((lightness + 16) / 116) ** 3)


_BREATH = bytes(_light(_DARKEST + (100 - _DARKEST) * k / _STEPS) for k in range(_STEPS + 1))


class Animation:
    """set_colour: a function of three levels of light, 0 to 255; ticks_us: a clock as
    time.ticks_us."""

    def __init__(self, set_colour: Callable[[int, int, int], None], ticks_us: Ticks):
        self._set_colour = set_colour
        self._ticks_us = ticks_us
        self._last = ticks_us()
        self._at = 0  # us since the pattern began, modulo a breath
        self._colour = self._pattern = None
        self._rgb = 0
        self._shown = -1  # level

    def show(self, colour: str, pattern: str) -> None:
        """Show this from the next frame on; another one than before begins anew."""
        if colour != self._colour or pattern != self._pattern:
            self._rgb = COLOURS[colour]
            self._colour = colour
            self._pattern = pattern
            self._at = 0
            self._last = self._ticks_us()
            self._shown = -1

    def frame(self) -> None:
        """Set the colour that is due; call it 50 times a second. Allocates nothing."""
        now = self._ticks_us()
        self._at = (self._at + time.ticks_diff(now, self._last)) % _BREATH_US
        self._last = now
        level = 255
        if self._pattern == "blinking":
            level = 0 if self._at // _BLINK_US & 1 else 255
        elif self._pattern == "breathing":
            step = self._at // (_BREATH_US // (2 * _STEPS))
            level = _BREATH[step if step <= _STEPS else 2 * _STEPS - step]
        if level != self._shown:
            self._shown = level
            rgb = self._rgb
            self._set_colour(
                (rgb >> 16) * level // 255,
                (rgb >> 8 & 255) * level // 255,
                (rgb & 255) * level // 255,
            )
