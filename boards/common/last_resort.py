"""What is left where the program cannot begin: a module that does not load, hardware that is not
there. The LED is red, the reason is kept for the next start, which reports it, and the chip starts
anew after a while. Imports as little as can be, and each step of it may fail."""

import os
import sys
import time

import machine
from micropython import const

_SHOWN_S = const(30)
_TRIAL_S = const(1)  # the program before has its turn


class _Kept:
    """What system.ends.Ends needs of the hardware."""

    reset_cause = "unknown"

    def uptime_ms(self) -> int:
        return 0  # nothing has run

    def end_kept(self) -> bytes:
        return machine.RTC().memory()

    def keep_end(self, data: bytes) -> None:
        machine.RTC().memory(data)


def _show():
    from lamps import lamps

    lamps(__import__("board").PINS)(255, 0, 0)


def _keep(error):
    from system.ends import Ends

    Ends(_Kept()).note(error)


def _is_engineers():
    """Not in an image that is delivered: nobody is there to ask for the password."""
    try:
        os.stat("debug")
    except OSError:
        return False
    try:
        from update.key import MODULUS
    except Exception:
        return True
    return MODULUS is None


def _is_on_trial():
    from update.slots import is_on_trial

    return is_on_trial()


def fail(error: Exception) -> NoReturn:
    """The program cannot begin because of `error`. Does not return; with a file `debug`, where the
    image is none that is delivered, it raises the error, and an engineer has the prompt."""
    if _is_engineers():
        raise error
    sys.print_exception(error)
    trial = False
    for step in (_show, lambda: _keep(error), _is_on_trial):
        try:
            trial = step()
        except Exception as other:
            sys.print_exception(other)
    time.sleep(_TRIAL_S if trial else _SHOWN_S)
    machine.reset()
