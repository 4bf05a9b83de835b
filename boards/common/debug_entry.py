"""The engineer's way in, at the start of a gateway (docs/device.md, "The console")."""

import json
import os
import select
import sys
import time

from micropython import const

from update.key import MODULUS

_HELD_MS = const(1000)
_JAMMED_MS = const(10000)  # a button that is down for longer means nothing
_LOOK_MS = const(20)
_ASKED_MS = const(60000)
_MAX_LINE = const(80)


def wanted(pressed: Callable[[], bool], set_led: Callable[[int, int, int], None]) -> bool:
    """Whether the console is to be an engineer's: one asks for it, and in an image that has its
    maker's key, as those that are delivered have, knows the password on the label."""
    if not _asked(pressed, set_led):
        return False
    if MODULUS is None:
        return True
    set_led(255, 255, 255)
    known = _knows_password()
    set_led(0, 0, 0)
    return known


def _knows_password():
    """Whether somebody types it within a minute; nobody can, where there is none on the label."""
    from panel.lock import Lock

    begun = time.ticks_ms()

    def passed_ms():
        return time.ticks_diff(time.ticks_ms(), begun)

    lock = Lock(_label, passed_ms)
    while passed_ms() < _ASKED_MS:
        print("password: ", end="")
        given = _typed(lambda: _ASKED_MS - passed_ms())
        if given is None:
            break
        wait_s = lock.wait_s()
        if _label() and not wait_s and lock.opens(given):
            return True
        print("\nlocked" + (": wait %d s" % wait_s if wait_s else ""))
    return False


def _label():
    """The password in factory.json, "" where there is none."""
    try:
        with open("factory.json") as file:
            key = json.load(file)["hotspot_key"]
        return key if isinstance(key, str) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _typed(left_ms):
    """A line from the console, not echoed; None where there is none in time."""
    poll = select.poll()
    poll.register(sys.stdin, select.POLLIN)
    line = b""
    while left_ms() > 0:
        if not poll.poll(min(left_ms(), _LOOK_MS)):
            continue
        letter = sys.stdin.buffer.read(1)
        if not letter:
            return None
        if letter in b"\r\n":
            return "".join([chr(byte) for byte in line])
        line = (line + letter)[-_MAX_LINE:]
    return None


def _asked(pressed, set_led):
    """Whether somebody asks for it: there is a file `debug`, or the button is held
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
