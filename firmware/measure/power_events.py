"""Dips, swells and interruptions of the voltage, as IEC 61000-4-30 has them.

Owns the half cycles and the events. Urms(1/2) is the root mean square over one cycle, refreshed
each half cycle, of every connected phase, whose cycles the oscillator tells. A dip begins
when it falls below 90 % of the declared voltage on any phase and ends when it is at least 92 % on
all; a swell goes from 110 % to 108 %; an interruption is below 5 % on all phases, until one is at
least 7 %. Integers; allocates nothing but in date() and last().
"""

from array import array
from math import sqrt

import micropython
from micropython import const

from site.sampling import SAMPLE_RATE

KINDS = ("dip", "swell", "interruption")
_KEPT = const(8)  # events; of older ones only the number is known

# The state, 32-bit integers. Of each phase 7: the half of the cycle it is in, sum of v v / 128 and
# samples of this half and of the one before (0 samples: not known), mean square of the cycle, and
# where it is, 2^-30 turns. Then the time since start: seconds, and samples on top (they may be a
# second's and a block's), and of each kind 5: whether it goes on, when it began (2), the worst
# mean square, the phases (bits). Then how many events have ended, how many samples of the block
# at hand are left, and how many kinds go on.
_PHASE = const(7)
_PHASE_BYTES = const(4 * _PHASE)
_HALF = const(0)
_SUM = const(1)
_COUNT = const(2)
_SUM_BEFORE = const(3)
_COUNT_BEFORE = const(4)
_SQUARE = const(5)
_ANGLE = const(6)
_SECONDS = const(21)
_SAMPLES = const(22)
_KIND = const(23)
_KIND_WORDS = const(5)
_GOES_ON = const(0)
_BEGAN = const(1)
_WORST = const(3)
_PHASES = const(4)
_ENDED = const(38)
_LEFT = const(39)
_GOING_ON = const(40)
_STATE = const(41)
_UNKNOWN = const(0x3FFFFFFF)  # for a mean square
_DIP = const(0)
_SWELL = const(1)
# Of the limits: begin and end of each kind, then how many phases there are.
_BEGIN_DIP = const(0)
_BEGIN_SWELL = const(2)
_LIMIT_PHASES = const(6)
# As in oscillator.py
_RATE = const(3200)
_OFFSET = const(3)
_FILL_PHASE = const(19)
_FILL_STEP = const(20)
_ROW_BYTES = const(40)
_ROWS_BYTES = const(32 * _ROW_BYTES)  # of a phase
_LAST_BYTES = const(36)  # the last word of a row
_PART = const((1 << 30) - 1)
_EVENT = const(7)  # words of a kept event: kind, begin (2), end (2), worst mean square, phases
_E_KIND = const(0)
_E_BEGAN = const(1)
_E_ENDED = const(3)
_E_WORST = const(5)
_E_PHASES = const(6)


@micropython.viper
def _watch(
    x: int,
    s: ptr32,
    rows: ptr32,
    where: ptr32,
    count: int,
    begins: int,
    state: ptr32,
    limits: ptr32,
    pll: ptr32,
) -> int:
    """Take the `count` samples that metering has summed last, up to the half cycle of which _judge
    has to know; then it returns 1, and is to be called again, with `begins` 0. x, s: working
    registers, pass 0 and `state`.

    rows: the references; in their last words metering has left the squares of the voltages, two
    samples together. where: as metering's. limits: mean squares / 128 of 90, 92, 110, 108, 5 and 7
    %, phases. pll: its state.
    """
    phases = limits[_LIMIT_PHASES]
    step = 2 * pll[_FILL_STEP]
    # Samples of a cycle, in 16ths: how many were counted depends on where the zero lies between
    # two of them, the sum does not.
    cycle = int(_PART) // (step >> 5)
    if begins:
        state[_LEFT] = count
        for p in range(phases):
            state[_PHASE * p + _ANGLE] = pll[_FILL_PHASE] + pll[_OFFSET + p]
        if state[_SAMPLES] >= _RATE:
            state[_SAMPLES] = state[_SAMPLES] - _RATE
            state[_SECONDS] = state[_SECONDS] + 1
    left = int(state[_LEFT])
    row = int(rows) + _LAST_BYTES + ((count - left) >> 1) * _ROW_BYTES
    while left > 0:
        taken = 2 if left > 1 else 1
        left -= 2
        state[_SAMPLES] = state[_SAMPLES] + taken
        fresh = 0
        s = state
        p = 0
        while p < phases:
            if where[p] >> 31:
                s[_COUNT] = 0
                s[_COUNT_BEFORE] = 0
                s[_SQUARE] = _UNKNOWN
            else:
                x = (s[_ANGLE] >> 29) & 1
                if x != s[_HALF]:
                    s[_HALF] = x
                    x = (s[_COUNT] + s[_COUNT_BEFORE]) * 16 - cycle
                    if s[_COUNT_BEFORE] and x < 50 and x > -50:
                        s[_SQUARE] = (s[_SUM] + s[_SUM_BEFORE]) // cycle << 4
                        fresh = 1
                    s[_SUM_BEFORE] = s[_SUM]
                    s[_COUNT_BEFORE] = s[_COUNT]
                    s[_SUM] = 0
                    s[_COUNT] = 0
                s[_ANGLE] = s[_ANGLE] + step
                x = ptr32(row + _ROWS_BYTES * p)[0]
                s[_SUM] = s[_SUM] + ((x >> 7) & 0x1FFFFFF)
                s[_COUNT] = s[_COUNT] + taken
            s = ptr32(int(s) + _PHASE_BYTES)
            p += 1
        row += _ROW_BYTES
        if not fresh:
            continue
        fresh = state[_GOING_ON]
        p = 0
        while p < phases:
            x = state[_PHASE * p + _SQUARE]
            if x < limits[_BEGIN_DIP] or (x > limits[_BEGIN_SWELL] and x != _UNKNOWN):
                fresh = 2
            p += 1
        if fresh:
            state[_LEFT] = left if left > 0 else 0
            return 1
    return 0


class PowerEvents:
    """declared: the voltage that a phase should have, in counts rms. phases: how many, from the
    first on. `ended`: events since start."""

    def __init__(self, declared: float, phases: int):
        square = declared * declared / 128
        limits = [int(square * level * level / 10000) for level in (90, 92, 110, 108, 5, 7)]
        self._limits = array("i", limits + [phases])
        self._declared = declared
        self._state = array("i", bytes(4 * _STATE))
        self._events = array("i", bytes(4 * _EVENT * _KEPT))
        self._starts = [None] * _KEPT  # epoch s
        self._dated = 0  # of the events that have ended
        self._forget()

    def _forget(self):
        for p in range(3):
            for k in (2, 4):
                self._state[_PHASE * p + k] = 0
            self._state[_PHASE * p + 5] = _UNKNOWN

    def add(self, where: Words, count: int, pll: Pll) -> None:
        """Look at the `count` samples that metering has summed last."""
        state, limits, rows = self._state, self._limits, pll.references
        begins = 1
        while _watch(0, state, rows, where, count, begins, state, limits, pll.state):
            self._judge()
            begins = 0

    def _judge(self):
        """A half cycle has ended in which a phase is beyond its limits, or something goes on."""
        state, limits = self._state, self._limits
        phases = limits[_LIMIT_PHASES]
        least, most = _UNKNOWN, 0
        for p in range(phases):
            x = state[_PHASE * p + _SQUARE]
            least, most = min(least, x), max(most, x)
        if most == _UNKNOWN:
            return
        for kind in range(3):
            at = _KIND + _KIND_WORDS * kind
            x = least if kind == _DIP else most
            begin, end = limits[2 * kind], limits[2 * kind + 1]
            if kind == _SWELL:
                begins, ends = x > begin, x <= end
            else:
                begins, ends = x < begin, x >= end
            if begins and not state[at + _GOES_ON]:
                state[_GOING_ON] += 1
                state[at + _GOES_ON] = 1
                state[at + _BEGAN] = state[_SECONDS]
                state[at + _BEGAN + 1] = state[_SAMPLES]
                state[at + _WORST] = x
                state[at + _PHASES] = 0
            if state[at + _GOES_ON] and ends:
                self._end(kind, at)
            if state[at + _GOES_ON]:
                worst = state[at + _WORST]
                state[at + _WORST] = max(x, worst) if kind == _SWELL else min(x, worst)
                for p in range(phases):
                    y = state[_PHASE * p + _SQUARE]
                    if y > begin if kind == _SWELL else y < begin:
                        state[at + _PHASES] |= 1 << p

    def _end(self, kind, at):
        """What goes on in the state from `at` on has ended."""
        state, events = self._state, self._events
        e = state[_ENDED] % _KEPT * _EVENT
        events[e + _E_KIND] = kind
        events[e + _E_BEGAN] = state[at + _BEGAN]
        events[e + _E_BEGAN + 1] = state[at + _BEGAN + 1]
        events[e + _E_ENDED] = state[_SECONDS]
        events[e + _E_ENDED + 1] = state[_SAMPLES]
        events[e + _E_WORST] = state[at + _WORST]
        events[e + _E_PHASES] = state[at + _PHASES]
        state[_ENDED] += 1
        state[_GOING_ON] -= 1
        state[at + _GOES_ON] = 0

    def skip(self, samples: int) -> None:
        """Samples were lost on all channels."""
        samples += self._state[_SAMPLES]
        self._state[_SECONDS] += samples // SAMPLE_RATE
        self._state[_SAMPLES] = samples % SAMPLE_RATE
        self._forget()

    def date(self, now_ms: int | None) -> None:
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
    def ended(self) -> int:
        return self._state[_ENDED]

    def active(self) -> list[str]:
        """Names of the kinds that go on."""
        return [KINDS[k] for k in range(3) if self._state[_KIND + 5 * k]]

    def last(self) -> Iterator[PowerEvent]:
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
