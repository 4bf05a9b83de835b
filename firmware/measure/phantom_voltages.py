"""Voltages that are not connected, made of a connected one where the site says so: written in
place of the head's samples, a block at a time. Everything after that takes them for measured ones.

A phase that leads or lags another one by 120 degrees is that one some samples ago. A sine between
two samples follows exactly from both: v(n - f) = (sin((1 - f) w) v(n) + sin(f w) v(n - 1)) / sin
w, with w the angle from sample to sample. Harmonics come along, late by the same time.
"""

from array import array
from math import pi, sin

import micropython
from micropython import const

from site.sampling import BLOCK, SAMPLE_RATE
from a_bus.cycle import GAP

_KEPT = const(32)  # samples before the block: a third of a turn at 40 Hz, and two
_BLOCK = const(64)
_UNIT = const(1 << 14)
_MAX = const(0x7FFF)
_MIN = const(-0x8000)
# How a voltage is made, three 16-bit words: samples of delay, weight of the sample that late and
# of the one before, in 2^-14.
_DELAY = const(0)
_LATE = const(1)
_LATER = const(2)


@micropython.viper
def _remember(history: ptr16, samples: ptr8, at: int):
    """The block at `at` moves in behind the end of the one before it."""
    new = ptr16(int(samples) + at)
    for k in range(_KEPT):
        history[k] = history[_BLOCK + k]
    for k in range(_BLOCK):
        history[_KEPT + k] = new[k]


@micropython.viper
def _write(history: ptr16, samples: ptr8, at: int, how: ptr16):
    to = ptr16(int(samples) + at)
    late = ptr16(int(history) + 2 * (_KEPT - how[_DELAY]))
    later = ptr16(int(late) - 2)
    c = (how[_LATE] ^ 0x8000) - 0x8000
    d = (how[_LATER] ^ 0x8000) - 0x8000
    for k in range(_BLOCK):
        x = (late[k] ^ 0x8000) - 0x8000
        y = (later[k] ^ 0x8000) - 0x8000
        x = (c * x + d * y + _UNIT // 2) >> 14  # below 2^30
        x = x if x < _MAX else _MAX
        to[k] = x if x > _MIN else _MIN


class PhantomVoltages:
    """made: {phase: (phase that it is made of, degrees that it leads it: -120, 120 or 180)}, all
    of the same one. hertz: the nominal frequency."""

    def __init__(self, made: dict[int, tuple[int, int]], hertz: float):
        self._source = list(made.values())[0][0]
        self._phases = [(phase, made[phase][1], array("h", [0, 0, 0])) for phase in made]
        self._history = array("h", [0] * (_KEPT + BLOCK))
        self._known = False  # what was before this block
        self.tune(hertz)

    def tune(self, hertz: float) -> None:
        """From now on the mains have this frequency."""
        for _, degrees, how in self._phases:
            # Half a turn is the other sign; a sixth late with the other sign is a third early.
            turns, sign = {-120: (1 / 3, 1), 120: (1 / 6, -1), 180: (0, -1)}[degrees]
            delay = turns * SAMPLE_RATE / hertz
            how[0] = whole = int(delay)
            angle = 2 * pi * hertz / SAMPLE_RATE
            part = (delay - whole) * angle
            how[1] = int(round(sign * _UNIT * sin(angle - part) / sin(angle)))
            how[2] = int(round(sign * _UNIT * sin(part) / sin(angle)))

    def skip(self) -> None:
        """Blocks were lost."""
        self._known = False

    def make(self, samples: Samples, where: Words) -> None:
        """where[p]: byte offset of voltage p in `samples`, negative when it is missing. What would
        be made of missing samples is missing. Allocates nothing."""
        at = where[self._source]
        if at >= 0:
            _remember(self._history, samples, at)
        for phase, _, how in self._phases:
            if at >= 0 and where[phase] >= 0 and self._known:
                _write(self._history, samples, where[phase], how)
            else:
                where[phase] = GAP
        self._known = at >= 0
