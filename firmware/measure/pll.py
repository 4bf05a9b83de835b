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
_SILENT = const(11)
_MARKED = const(12)
_DRIFT = const(15)
_WINDOWS = const(18)
_FILL_PHASE = const(19)
_FILL_STEP = const(20)
_CUT = const(21)
_WORDS = const(24)
_PART = const(TURN - 1)  # of a turn

# Words of a row, see _fill(): for the currents, for the voltage.
_FIRST = const(0)
_SECOND = const(1)
_WAVE = const(2)
_V_FIRST = const(5)
_V_SECOND = const(6)
_V_WAVE = const(7)
_ROW_BYTES = const(4 * ROW_WORDS)
_PHASE_BYTES = const(PAIRS * _ROW_BYTES)
# The waves' table
_ENTRIES = const(1024)  # of a turn
_QUARTER = const(_ENTRIES // 4)
_ENTRY_SHIFT = const(20)  # from an angle to an entry
# A channel's sums, as metering.WORDS
_SUMS_BYTES = const(32)
_A = const(0)
_A_HIGH = const(1)
_B = const(2)
_B_HIGH = const(3)
_N = const(6)
# Of a window's sums: the least that a connected voltage has, for each sample.
_CONNECTED = const(21250)  # 20 V
_HALF_TURN = const(TURN // 2)
_SLOWEST = const(13421772)  # 40 Hz
_FASTEST = const(23488102)  # 70 Hz
_BEGIN = const(1491308)  # an error below half a degree begins long windows,
_LEAVE = const(44739243)  # 15 degrees end them

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
    phase = state[_PHASE]
    step = state[_STEP]
    cycles = state[_CYCLES]
    start = phase
    state[_FILL_PHASE] = phase
    state[_FILL_STEP] = step
    turn = 1
    turn = turn << 30  # as a constant it would be an object
    end = first
    while end < BLOCK:
        end += 1
        phase += step
        if phase >> 30:
            phase -= turn
            state[_TURNS] = state[_TURNS] + 1
            cycles -= 1
            if cycles <= 0:
                break
    state[_PHASE] = phase
    state[_CYCLES] = cycles
    state[_SAMPLES] = state[_SAMPLES] + end - first
    for p in range(3):
        angle = start + state[_OFFSET + p]
        at = where[p]
        v = silence
        if not at >> 31:
            v = ptr16(int(samples) + at + 2 * first)
        r = ptr32(int(references) + p * _PHASE_BYTES)
        left = end - first
        angle += step >> 1
        cut = 0
        while left > 0:
            if left == 1:
                angle -= step >> 1
            cut += angle & ((1 << _ENTRY_SHIFT) - 1)
            k = (angle >> _ENTRY_SHIFT) & (_ENTRIES - 1)
            x = wave[k] - UNIT
            r[_WAVE] = x
            r[_V_WAVE] = x
            x = UNIT - wave[k + _QUARTER]
            r[_V_FIRST] = x
            r[_V_SECOND] = x
            r[_FIRST] = 0x8000 - (v[0] ^ 0x8000)
            if left != 1:
                r[_SECOND] = 0x8000 - (v[1] ^ 0x8000)
            r = ptr32(int(r) + _ROW_BYTES)
            v = ptr16(int(v) + 4)
            angle += 2 * step
            left -= 2
        state[_CUT + p] = state[_CUT + p] + cut
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
    samples = state[_SAMPLES]
    state[_WINDOWS] = state[_WINDOWS] + state[_LOCKED]
    for p in range(3):
        cut = 2 * int(state[_CUT + p]) // samples  # a row is for two samples
        state[_CUT + p] = cut
        if state[_LOCKED]:
            angle = (state[_OFFSET + p] - cut - state[_MARKED + p]) & int(_PART)
            if angle >= _HALF_TURN:
                angle -= int(TURN)
            state[_DRIFT + p] = state[_DRIFT + p] + (angle >> 8)
    lead = 0
    led = 0
    cycles = 0  # 1 when the next window begins just before the phase's zero
    for p in range(3):
        w = ptr32(int(sums) + p * _SUMS_BYTES)
        if w[_N] * 2 <= samples:
            continue
        high = 0 - int(w[_A_HIGH] >> 31 != 0)
        x = ((w[_A_HIGH] | (high << 31)) << 20) | (w[_A] >> 4)
        high = 0 - int(w[_B_HIGH] >> 31 != 0)
        y = 0 - (((w[_B_HIGH] | (high << 31)) << 20) | (w[_B] >> 4))
        size = x if x > 0 else 0 - x
        size += y if y > 0 else 0 - y
        if size < w[_N] * _CONNECTED:
            continue
        angle = 0
        if x < 0:
            x = 0 - x
            y = 0 - y
            angle = _HALF_TURN
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
        if angle >= _HALF_TURN:
            angle -= int(TURN)
        angle -= state[_CUT + p]
        if led:
            state[_OFFSET + p] = (state[_OFFSET + p] + angle - lead) & int(_PART)
        else:
            lead = angle
            led = 1
    if led:
        phase = state[_PHASE] + lead
        if phase < 0:
            state[_TURNS] = state[_TURNS] - 1
            cycles = 1
        if phase >= int(TURN):
            state[_TURNS] = state[_TURNS] + 1
        state[_PHASE] = phase & int(_PART)
        step = state[_STEP] + lead // (2 * samples)
        if step < _SLOWEST:  # 40 Hz
            step = _SLOWEST
        if step > _FASTEST:  # 70 Hz
            step = _FASTEST
        state[_STEP] = step
        size = lead if lead > 0 else 0 - lead
        least = _BEGIN
        if state[_LOCKED]:
            least = _LEAVE
        state[_LOCKED] = int(size < least)
        state[_SILENT] = 0
    else:
        state[_LOCKED] = 0
        state[_SILENT] = state[_SILENT] + samples
        if int(state[_SILENT]) > SAMPLE_RATE:
            state[_STEP] = state[_NOMINAL]
            state[_SILENT] = 0
    state[_CYCLES] = cycles + (state[_WINDOW] if state[_LOCKED] else 1)
    state[_SAMPLES] = 0
    for p in range(3):
        state[_CUT + p] = 0


@micropython.viper
def _advance(state: ptr32, samples: int):
    """Let the oscillator run on over samples that nobody has."""
    phase = state[_PHASE]
    step = state[_STEP]
    state[_SAMPLES] = state[_SAMPLES] + samples
    while samples:
        phase += step
        if phase >= int(TURN):
            phase -= int(TURN)
            state[_TURNS] = state[_TURNS] + 1
            state[_CYCLES] = state[_CYCLES] - 1
        samples -= 1
    state[_PHASE] = phase
    if state[_CYCLES] == 0 or state[_CYCLES] >> 31:
        state[_CYCLES] = 0


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
