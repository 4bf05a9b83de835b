"""The mains as a clock: an oscillator locked to the voltage, which cuts the windows and gives the
sums their references.

A phase accumulator in 2^-30 turns follows the fundamental of the first connected phase, the other
phases by their offsets. A window ends with the sample in which the oscillator completes its last
cycle, so windows hold whole cycles from 40 to 70 Hz and every sample belongs to exactly one. Owns
nothing else: the sums are metering's. Allocates nothing after it is made.
"""

from array import array
from math import atan, cos, pi

import micropython
from micropython import const

SAMPLE_RATE = const(3200)
BLOCK = const(64)
TURN = const(1 << 30)
PAIRS = const(32)  # of a block
ROW_WORDS = const(10)  # of the references, see _fill()
UNIT = const(511)  # amplitude of a reference wave: metering's sums allow no more than 9 bits

# The state, an array of 32-bit integers: phase and step of the oscillator, cycles until the window
# ends, offset of each phase, turns since start, samples in the window, whether the voltage is
# followed closely, cycles of a window and step to begin with, samples without any voltage; since
# mark(): offsets then, the sum of what they were off from that in each window, windows; of the
# last fill(): phase at its first sample, step; of each phase the sum over the window's rows of
# what was cut off the angle to look it up, and at the window's end the mean.
_PHASE = const(0)
_STEP = const(1)
_CYCLES = const(2)
_OFFSET = const(3)
_TURNS = const(6)
_SAMPLES = const(7)
_LOCKED = const(8)
_WINDOW = const(9)
_NOMINAL = const(10)
_MARKED = const(12)
_DRIFT = const(15)
_WINDOWS = const(18)
_WORDS = const(24)

# Of the report that has ended: samples in which turns were counted (0: none), these turns and the
# part of one (2^-30), the step then, the mean offset of each phase.
_SPAN_SAMPLES, _SPAN_TURNS, _SPAN_PHASE, _SPAN_STEP, _SPAN_OFFSET = 0, 1, 2, 3, 4
_SPAN = const(7)

# A turn and a quarter of -cos, plus UNIT (never negative): entry k is the quadrature wave at
# k / 1024 turns, entry k + 256 the wave in phase.
WAVE = array("H", [UNIT + round(UNIT * -cos(2 * pi * k / 1024)) for k in range(1280)])
_SILENCE = array("h", [0] * BLOCK)
_ARCTAN = array("i", [round(atan(1 / (1 << k)) / (2 * pi) * TURN) for k in range(20)])


@micropython.viper
def _fill(
    r: ptr32,
    angle: int,
    references: ptr32,
    samples: ptr8,
    where: ptr32,
    state: ptr32,
    wave: ptr16,
    silence: ptr16,
    first: int,
) -> int:
    """Write the references of a block's samples first to end - 1; returns end: 64, or where the
    window ends.

    r, angle: working registers, pass `references` and 0. Layout: for each phase PAIRS rows of
    ROW_WORDS, a row for two samples, the first row for samples first and first + 1; when their
    number is odd the last row is for one. Words 0 to 4 serve the currents of the phase: minus the
    voltage at the first and the second sample, the unit wave a quarter turn behind it midway
    between them, and two words that metering writes. Words 5 to 9 serve the voltage itself: minus
    the unit wave in phase with it midway, twice, then as above. A voltage that is missing (where <
    0) counts as 0.
    """
    phase = state[0]
    step = state[1]
    cycles = state[2]
    start = phase
    state[19] = phase
    state[20] = step
    turn = 1
    turn = turn << 30  # as a constant it would be an object
    end = first
    while end < 64:
        end += 1
        phase += step
        if phase >> 30:
            phase -= turn
            state[6] = state[6] + 1
            cycles -= 1
            if cycles <= 0:
                break
    state[0] = phase
    state[2] = cycles
    state[7] = state[7] + end - first
    for p in range(3):
        angle = start + state[3 + p]
        at = where[p]
        v = silence
        if not at >> 31:
            v = ptr16(int(samples) + at + 2 * first)
        r = ptr32(int(references) + p * 1280)  # PAIRS * ROW_WORDS * 4
        left = end - first
        angle += step >> 1
        cut = 0
        while left > 0:
            if left == 1:
                angle -= step >> 1
            cut += angle & 0xFFFFF
            k = (angle >> 20) & 1023
            x = wave[k] - 511
            r[2] = x
            r[7] = x
            x = 511 - wave[k + 256]
            r[5] = x
            r[6] = x
            r[0] = 0x8000 - (v[0] ^ 0x8000)
            if left != 1:
                r[1] = 0x8000 - (v[1] ^ 0x8000)
            r = ptr32(int(r) + 40)
            v = ptr16(int(v) + 4)
            angle += 2 * step
            left -= 2
        state[21 + p] = state[21 + p] + cut
    return end


@micropython.viper
def _follow(state: ptr32, sums: ptr32, arctan: ptr32):
    """At a window's end: set phase, step and offsets right from the sums (metering's layout) of
    the three voltages.

    The angle by which a voltage leads its reference comes from its sums with the two unit waves by
    CORDIC vectoring (Volder 1959), 20 steps: exact to 2^-20 turn. The reference is behind the
    oscillator by what was cut off its angle, on average over the window: where the frequency is a
    simple fraction of the sample rate that is not half a step of the table. The loop (phase by
    the whole error, step by half of what the error tells of it) has both poles at half the unit
    circle: ten windows take it from 50 to 65 Hz. Under 20 V a phase counts as not connected;
    without any the oscillator runs free.
    """
    samples = state[7]
    state[18] = state[18] + state[8]
    for p in range(3):
        cut = 2 * int(state[21 + p]) // samples  # a row is for two samples
        state[21 + p] = cut
        if state[8]:
            angle = (state[3 + p] - cut - state[12 + p]) & int(0x3FFFFFFF)
            if angle >= 0x20000000:
                angle -= int(0x40000000)
            state[15 + p] = state[15 + p] + (angle >> 8)
    lead = 0
    led = 0
    cycles = 0  # 1 when the next window begins just before the phase's zero
    for p in range(3):
        w = ptr32(int(sums) + p * 32)
        if w[6] * 2 <= samples:
            continue
        high = 0 - int(w[1] >> 31 != 0)
        x = ((w[1] | (high << 31)) << 20) | (w[0] >> 4)
        high = 0 - int(w[3] >> 31 != 0)
        y = 0 - (((w[3] | (high << 31)) << 20) | (w[2] >> 4))
        size = x if x > 0 else 0 - x
        size += y if y > 0 else 0 - y
        if size < w[6] * 21250:
            continue
        angle = 0
        if x < 0:
            x = 0 - x
            y = 0 - y
            angle = 0x20000000
        for k in range(20):
            t = x
            if y > 0:
                x += y >> k
                y -= t >> k
                angle += arctan[k]
            else:
                x -= y >> k
                y += t >> k
                angle -= arctan[k]
        if angle >= 0x20000000:
            angle -= int(0x40000000)
        angle -= state[21 + p]
        if led:
            state[3 + p] = (state[3 + p] + angle - lead) & int(0x3FFFFFFF)
        else:
            lead = angle
            led = 1
    if led:
        phase = state[0] + lead
        if phase < 0:
            state[6] = state[6] - 1
            cycles = 1
        if phase >= int(0x40000000):
            state[6] = state[6] + 1
        state[0] = phase & int(0x3FFFFFFF)
        step = state[1] + lead // (2 * samples)
        if step < 13421772:  # 40 Hz
            step = 13421772
        if step > 23488102:  # 70 Hz
            step = 23488102
        state[1] = step
        size = lead if lead > 0 else 0 - lead
        least = 1491308  # half a degree to begin long windows,
        if state[8]:
            least = 44739243  # 15 degrees to leave them
        state[8] = int(size < least)
        state[11] = 0
    else:
        state[8] = 0
        state[11] = state[11] + samples
        if int(state[11]) > 3200:
            state[1] = state[10]
            state[11] = 0
    state[2] = cycles + (state[9] if state[8] else 1)
    state[7] = 0
    for p in range(3):
        state[21 + p] = 0


@micropython.viper
def _advance(state: ptr32, samples: int):
    """Let the oscillator run on over samples that nobody has."""
    phase = state[0]
    step = state[1]
    state[7] = state[7] + samples
    while samples:
        phase += step
        if phase >= int(0x40000000):
            phase -= int(0x40000000)
            state[6] = state[6] + 1
            state[2] = state[2] - 1
        samples -= 1
    state[0] = phase
    if state[2] == 0 or state[2] >> 31:
        state[2] = 0


class Mains:
    """The oscillator. `frequency`: the nominal one, 50 or 60 Hz, where it starts and what it falls
    back to without any voltage. `state`: see above; for others to read."""

    def __init__(self, frequency):
        step = frequency * (TURN // SAMPLE_RATE)
        self.references = array("i", [0] * (3 * PAIRS * ROW_WORDS))
        self.state = array("i", [0] * _WORDS)
        state = self.state
        state[_NOMINAL] = state[_STEP] = step
        state[_CYCLES] = 1
        state[_WINDOW] = frequency // 5  # 200 ms, as IEC 61000-4-30 has it
        state[_OFFSET + 1] = TURN // 3 * 2
        state[_OFFSET + 2] = TURN // 3
        self._from = -1
        self._span = array("i", [0] * _SPAN)
        self._turns = self._phase = 0  # set by count_from(), amid measuring: they take heap once
        self.mark()

    def fill(self, samples, where, first):
        """Write the references from sample `first` of a block on; returns the sample before which
        to stop (64, or the window's end)."""
        references = self.references
        return _fill(references, 0, references, samples, where, self.state, WAVE, _SILENCE, first)

    def ended(self):
        """Whether the window is complete: call follow() before the next fill()."""
        return self.state[_CYCLES] == 0

    def samples(self):
        """Samples in the window so far."""
        return self.state[_SAMPLES]

    def follow(self, sums):
        """Learn from a complete window's sums; begins the next window."""
        _follow(self.state, sums, _ARCTAN)

    def advance(self, samples):
        """Go on over samples that were lost on all channels."""
        _advance(self.state, samples)

    def locked(self):
        return self.state[_LOCKED] == 1

    def mark(self, samples=0):
        """A report ends, `samples` after the last mark: microhertz() and offset() are then about
        it. The next one begins."""
        state, span = self.state, self._span
        span[_SPAN_SAMPLES] = samples - self._from if self._from >= 0 else 0
        span[_SPAN_TURNS] = state[_TURNS] - self._turns
        span[_SPAN_PHASE] = state[_PHASE] - self._phase
        span[_SPAN_STEP] = state[_STEP]
        for p in range(3):
            drift = state[_DRIFT + p] * 256 // max(1, state[_WINDOWS])
            span[_SPAN_OFFSET + p] = state[_MARKED + p] + drift
            state[_MARKED + p] = state[_OFFSET + p]
            state[_DRIFT + p] = 0
        state[_WINDOWS] = 0
        self._from = -1  # samples after mark() from which turns are counted
        if self.locked():
            self.count_from(0)

    def count_from(self, samples):
        """Turns are counted from here, `samples` after mark(), unless they are counted already."""
        if self._from < 0:
            self._from = samples
            self._turns = self.state[_TURNS]
            self._phase = self.state[_PHASE]

    def microhertz(self):
        """Mean frequency over the report that has ended last, in millionths of a hertz: turns
        counted by the oscillator, or its speed at the end when it was not locked."""
        span = self._span
        samples = span[_SPAN_SAMPLES]
        if not samples:
            return span[_SPAN_STEP] * (SAMPLE_RATE * 1000000) // TURN
        turn = span[_SPAN_TURNS] * TURN + span[_SPAN_PHASE]
        return turn * (SAMPLE_RATE * 1000000) // (samples * TURN)

    def offset(self, phase):
        """Angle by which this phase's reference was ahead of the oscillator in that report, the
        mean over the windows, radians."""
        return self._span[_SPAN_OFFSET + phase] * (2 * pi / TURN)
