"""The engineer's way in, at the start of a gateway (docs/device.md, "The console")."""

import os
import time

from micropython import const

_HELD_MS = const(1000)
_JAMMED_MS = const(10000)  # a button that is down for longer means nothing
_LOOK_MS = const(20)


def wanted(pressed: Callable[[], bool], set_led: Callable[[int, int, int], None]) -> bool:
    """Whether the console is to be an engineer's: there is a file `debug`, or the button is held
    for a second and then let go. The LED is white from that second on. Waits while the button is
    down, 10 s at most. pressed, set_led: as Hardware's."""
    try:
        os.stat("debug")
        return True
    except OSError:
        pass
    held_ms = 0
    while pressed() and held_ms < _JAMMED_MS:
        if held_ms == _HELD_MS:
            set_led(255, 255, 255)
        time.sleep_ms(_LOOK_MS)
        held_ms += _LOOK_MS
    if held_ms >= _HELD_MS:
        set_led(0, 0, 0)
    return _HELD_MS <= held_ms < _JAMMED_MS
