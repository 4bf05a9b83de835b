"""Dips, swells and interruptions of the voltage, as IEC 61000-4-30 has them.

Owns the half cycles and the events. Urms(1/2) is the root mean square over one cycle, refreshed
each half cycle, of every connected phase, whose cycles the oscillator of mains tells. A dip begins
when it falls below 90 % of the declared voltage on any phase and ends when it is at least 92 % on
all; a swell goes from 110 % to 108 %; an interruption is below 5 % on all phases, until one is at
least 7 %. Integers; allocates nothing but in date() and last().
"""

from array import array
from math import sqrt

import micropython
from micropython import const

from measure.pll import SAMPLE_RATE

KINDS = ("dip", "swell", "interruption")
_KEPT = const(8)  # events; of older ones only the number is known

# The state, 32-bit integers. Of each phase 7: the half of the cycle it is in, sum of v v / 128 and
# samples of this half and of the one before (0 samples: not known), mean square of the cycle, and
# where it is, 2^-30 turns. Then the time since start: seconds, and samples on top (they may be a
# second's and a block's), and of each kind 5: whether it goes on, when it began (2), the worst
# mean square, the phases (bits). Then how many events have ended.
_PHASE = const(7)
_SECONDS = const(21)
_SAMPLES = const(22)
_KIND = const(23)
_ENDED = const(38)
_UNKNOWN = const(0x3FFFFFFF)  # for a mean square
_EVENT = const(7)  # words of a kept event: kind, begin (2), end (2), worst mean square, phases


@micropython.viper
def _watch(
    x: int,
    s: ptr32,
    rows: ptr32,
    where: ptr32,
    count: int,
    state: ptr32,
    events: ptr32,
    limits: ptr32,
    mains: ptr32,
):
    """Take the `count` samples that metering has summed last. x, s: working registers, pass 0 and
    `state`.

    rows: the references; in their last words metering has left the squares of the voltages, two
    samples together. where: as metering's. limits: mean squares / 128 of 90, 92, 110, 108, 5 and 7
    %, phases. mains: its state.
    """
    phases = limits[6]
    step = 2 * mains[20]
    # Samples of a cycle, in 16ths: how many were counted depends on where the zero lies between
    # two of them, the sum does not.
    cycle = int(0x3FFFFFFF) // (step >> 5)
    for p in range(phases):
        state[7 * p + 6] = mains[19] + mains[3 + p]
    if state[22] >= 3200:
        state[22] = state[22] - 3200
        state[21] = state[21] + 1
    row = int(rows) + 36
    left = count
    while left > 0:
        taken = 2 if left > 1 else 1
        left -= 2
        state[22] = state[22] + taken
        fresh = 0
        s = state
        p = 0
        while p < phases:
            if where[p] >> 31:
                s[2] = 0
                s[4] = 0
                s[5] = 0x3FFFFFFF
            else:
                x = (s[6] >> 29) & 1
                if x != s[0]:
                    s[0] = x
                    x = (s[2] + s[4]) * 16 - cycle
                    if s[4] and x < 50 and x > -50:
                        s[5] = (s[1] + s[3]) // cycle << 4
                        fresh = 1
                    s[3] = s[1]
                    s[4] = s[2]
                    s[1] = 0
                    s[2] = 0
                s[6] = s[6] + step
                x = ptr32(row + 1280 * p)[0]
                s[1] = s[1] + ((x >> 7) & 0x1FFFFFF)
                s[2] = s[2] + taken
            s = ptr32(int(s) + 28)
            p += 1
        row += 40
        if not fresh:
            continue
        # The least and the greatest of the phases, and for each kind whether it begins, whether it
        # ends, and the worse of the two.
        least = 0x3FFFFFFF
        most = 0
        p = 0
        while p < phases:
            x = state[7 * p + 5]
            least = x if x < least else least
            most = x if x > most else most
            p += 1
        if most == 0x3FFFFFFF:
            continue
        kind = 0
        while kind < 3:
            s = ptr32(int(state) + 92 + 20 * kind)
            x = least if kind == 0 else most
            begins = int(x > limits[2]) if kind == 1 else int(x < limits[2 * kind])
            ends = int(x <= limits[3]) if kind == 1 else int(x >= limits[2 * kind + 1])
            if not s[0] and begins:
                s[0] = 1
                s[1] = state[21]
                s[2] = state[22]
                s[3] = x
                s[4] = 0
            if s[0] and ends:
                e = ptr32(int(events) + (state[38] & 7) * 28)
                e[0] = kind
                e[1] = s[1]
                e[2] = s[2]
                e[3] = state[21]
                e[4] = state[22]
                e[5] = s[3]
                e[6] = s[4]
                state[38] = state[38] + 1
                s[0] = 0
            if s[0]:
                if kind == 1:
                    s[3] = x if x > s[3] else s[3]
                else:
                    s[3] = x if x < s[3] else s[3]
                p = 0
                while p < phases:
                    y = state[7 * p + 5]
                    if (y > limits[2]) if kind == 1 else (y < limits[2 * kind]):
                        s[4] = s[4] | (1 << p)
                    p += 1
            kind += 1


class PowerEvents:
    """declared: the voltage that a phase should have, in counts rms. phases: how many, from the
    first on. `ended`: events since start."""

    def __init__(self, declared, phases):
        square = declared * declared / 128
        limits = [int(square * level * level / 10000) for level in (90, 92, 110, 108, 5, 7)]
        self._limits = array("i", limits + [phases])
        self._declared = declared
        self._state = array("i", bytes(4 * 39))
        self._events = array("i", bytes(4 * _EVENT * _KEPT))
        self._starts = [None] * _KEPT  # epoch s
        self._dated = 0  # of the events that have ended
        self._forget()

    def _forget(self):
        for p in range(3):
            for k in (2, 4):
                self._state[_PHASE * p + k] = 0
            self._state[_PHASE * p + 5] = _UNKNOWN

    def add(self, where, count, mains):
        """Look at the `count` samples that metering has summed last."""
        state, events, limits = self._state, self._events, self._limits
        rows = mains.references
        _watch(0, state, rows, where, count, state, events, limits, mains.state)

    def skip(self, samples):
        """Samples were lost on all channels."""
        samples += self._state[_SAMPLES]
        self._state[_SECONDS] += samples // SAMPLE_RATE
        self._state[_SAMPLES] = samples % SAMPLE_RATE
        self._forget()

    def date(self, now_ms):
        """The last sample was taken at `now_ms` (epoch milliseconds, or None): events that have
        ended, and have no time yet, get theirs, once and for all."""
        ended = self.ended
        if now_ms is not None and self._dated < ended:
            now = self._at(self._state, _SECONDS)
            for k in range(max(self._dated, ended - _KEPT), ended):
                age = now - self._at(self._events, k % _KEPT * _EVENT + 1)
                self._starts[k % _KEPT] = (now_ms - age * 1000 // SAMPLE_RATE) // 1000
            self._dated = ended

    @staticmethod
    def _at(words, place):
        """Samples since start; a whole number of any size."""
        return words[place] * SAMPLE_RATE + words[place + 1]

    @property
    def ended(self):
        return self._state[_ENDED]

    def active(self):
        """Names of the kinds that go on."""
        return [KINDS[k] for k in range(3) if self._state[_KIND + 5 * k]]

    def last(self):
        """Of the events that have ended, at most the last 8, oldest first: (kind, when it began
        in epoch s or None, the same in samples since start, its length in seconds, its worst
        voltage in % of the declared, phases)."""
        for k in range(max(0, self.ended - _KEPT), self.ended):
            at = k % _KEPT * _EVENT
            began = self._at(self._events, at + 1)
            worst, phases = self._events[at + 5], self._events[at + 6]
            yield (
                KINDS[self._events[at]],
                self._starts[k % _KEPT] if k < self._dated else None,
                began,
                (self._at(self._events, at + 3) - began) / SAMPLE_RATE,
                100 * sqrt(worst * 128) / self._declared,
                ["L%d" % (p + 1) for p in range(3) if phases >> p & 1],
            )
