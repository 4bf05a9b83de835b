"""The mains as a clock: an oscillator locked to the voltage, which cuts the windows and gives the
sums their references.

A window ends with the sample in which the oscillator completes its last cycle, so windows hold
whole cycles from 40 to 70 Hz and every sample belongs to exactly one. Owns nothing else: the sums
are metering's. Allocates nothing after it is made.
"""

from array import array
from math import pi

from micropython import const

from site.sampling import SAMPLE_RATE
from measure import oscillator
from measure.oscillator import (
    ARCTAN,
    CYCLES,
    DRIFT,
    FOLLOWED,
    LOCKED,
    MARKED,
    NOMINAL,
    OFFSET,
    PAIRS,
    PHASE,
    ROW_WORDS,
    SAMPLES,
    SILENCE,
    STEADY,
    STEP,
    TURN,
    TURNS,
    WAVE,
    WINDOW,
    WINDOWS,
    WORDS,
)

# Of the report that has ended: samples in which turns were counted (0: none), these turns and the
# part of one (2^-30), the step then, the mean offset of each phase.
_SPAN_SAMPLES, _SPAN_TURNS, _SPAN_PHASE, _SPAN_STEP, _SPAN_OFFSET = 0, 1, 2, 3, 4
_SPAN = const(7)
_FOUND = const(25)  # short windows after which the frequency is found, even if it swings


class Pll:
    """The oscillator. `frequency`: the nominal one, 50 or 60 Hz, where it starts and what it falls
    back to without any voltage. `state`: see oscillator.py; for others to read."""

    def __init__(self, frequency: int):
        step = frequency * (TURN // SAMPLE_RATE)
        self.references = array("i", [0] * (3 * PAIRS * ROW_WORDS))
        self.state = array("i", [0] * WORDS)
        state = self.state
        state[NOMINAL] = state[STEP] = step
        state[CYCLES] = 1
        state[WINDOW] = frequency // 5  # 200 ms, as IEC 61000-4-30 has it
        state[OFFSET + 1] = TURN // 3 * 2
        state[OFFSET + 2] = TURN // 3
        self._from = -1
        self._span = array("i", [0] * _SPAN)
        self._found = 0  # windows, see note()
        self._turns = self._phase = 0  # set amid measuring: they take heap once
        self.mark()

    def fill(self, samples: Samples, where: Words, first: int) -> int:
        """Write the references from sample `first` of a block on; returns the sample before which
        to stop (64, or the window's end)."""
        references = self.references
        return oscillator.fill(
            references, 0, references, samples, where, self.state, WAVE, SILENCE, first
        )

    def ended(self) -> bool:
        """Whether the window is complete: call follow() before the next fill()."""
        return self.state[CYCLES] == 0

    def samples(self) -> int:
        """Samples in the window so far."""
        return self.state[SAMPLES]

    def follow(self, sums: Words) -> None:
        """Learn from a complete window's sums; begins the next window."""
        oscillator.follow(self.state, sums, ARCTAN)

    def advance(self, samples: int) -> None:
        """Go on over samples that were lost on all channels."""
        oscillator.advance(self.state, samples)

    def step(self) -> int:
        """What the oscillator advances from sample to sample, 2^-30 turns."""
        return self.state[STEP]

    def locked(self) -> bool:
        """Whether windows are long."""
        return self.state[LOCKED] == 1

    def follows(self) -> bool:
        """Whether the oscillator is at the voltage's phase, to 15 degrees: what it gives the sums
        is right, once the rest of the angle is."""
        return self.state[FOLLOWED] == 1

    def mark(self, samples: int = 0) -> None:
        """A report ends, `samples` after the last mark: microhertz() and offset() are then about
        it. The next one begins."""
        state, span = self.state, self._span
        span[_SPAN_SAMPLES] = samples - self._from if self._from >= 0 else 0
        span[_SPAN_TURNS] = state[TURNS] - self._turns
        span[_SPAN_PHASE] = state[PHASE] - self._phase
        span[_SPAN_STEP] = state[STEP]
        for p in range(3):
            drift = state[DRIFT + p] * 256 // max(1, state[WINDOWS])
            span[_SPAN_OFFSET + p] = state[MARKED + p] + drift
            state[MARKED + p] = state[OFFSET + p]
            state[DRIFT + p] = 0
        state[WINDOWS] = 0
        self._from = -1  # samples after mark() from which turns are counted
        if self.follows():
            self._count_from(0)

    def note(self, samples: int) -> None:
        """follow() was called, `samples` after mark(): turns are counted from the first window on
        in which the voltage was followed; while its frequency is still being found, from the
        last."""
        if not self.follows():
            self._found = 0
        elif self._found < _FOUND:
            found = self.state[STEADY] or self.locked()
            self._found = _FOUND if found else self._found + 1
            self._count_from(samples)
        elif self._from < 0:
            self._count_from(samples)

    def _count_from(self, samples):
        self._from = samples
        self._turns = self.state[TURNS]
        self._phase = self.state[PHASE]

    def microhertz(self) -> int:
        """Mean frequency over the report that has ended last, in millionths of a hertz: turns
        counted by the oscillator, or its speed at the end when it did not follow."""
        span = self._span
        samples = span[_SPAN_SAMPLES]
        if not samples:
            return span[_SPAN_STEP] * (SAMPLE_RATE * 1000000) // TURN
        turn = span[_SPAN_TURNS] * TURN + span[_SPAN_PHASE]
        return turn * (SAMPLE_RATE * 1000000) // (samples * TURN)

    def offset(self, phase: int) -> float:
        """Angle by which this phase's reference was ahead of the oscillator in that report, the
        mean over the windows, radians."""
        return self._span[_SPAN_OFFSET + phase] * (2 * pi / TURN)
