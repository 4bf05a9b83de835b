"""The oscillator's steps: the references of a block's samples, what a window's end teaches, time
without samples.

A phase accumulator in 2^-30 turns follows the fundamental of the first connected phase, the other
phases by their offsets. pll.Pll owns its state; nothing here allocates.
"""

from array import array
from math import atan, cos, pi

import micropython
from micropython import const

_SAMPLE_RATE = const(3200)
_BLOCK = const(64)
TURN = const(1 << 30)
PAIRS = const(32)  # of a block
ROW_WORDS = const(10)  # of the references, see fill()
UNIT = const(511)  # amplitude of a reference wave: metering's sums allow no more than 9 bits

# The state, an array of 32-bit integers: phase and step of the oscillator, cycles until the window
# ends, offset of each phase, turns since start, samples in the window, whether windows are long
# (locked), cycles of a long window and step to begin with, samples without any voltage; since
# mark(): offsets then, the sum of what they were off from that in each window, windows; of the
# last fill(): phase at its first sample, step; of each phase the sum over the window's rows of
# what was cut off the angle to look it up, and at the window's end the mean; whether the voltage
# is followed; short windows in a row with a small error, the sum of the last errors.
PHASE = const(0)
STEP = const(1)
CYCLES = const(2)
OFFSET = const(3)
TURNS = const(6)
SAMPLES = const(7)
LOCKED = const(8)
WINDOW = const(9)
NOMINAL = const(10)
SILENT = const(11)
MARKED = const(12)
DRIFT = const(15)
WINDOWS = const(18)
FILL_PHASE = const(19)
FILL_STEP = const(20)
CUT = const(21)
FOLLOWED = const(24)
STEADY = const(25)
_LEAN = const(26)
WORDS = const(27)
_PART = const(TURN - 1)  # of a turn

# Words of a row, see fill(): for the currents, for the voltage.
_FIRST = const(0)
_SECOND = const(1)
_WAVE = const(2)
_V_FIRST = const(5)
_V_SECOND = const(6)
_V_WAVE = const(7)
_ROW_BYTES = const(4 * ROW_WORDS)
_PHASE_BYTES = const(PAIRS * _ROW_BYTES)
_ENTRIES = const(1024)  # of the waves' table, a turn
_QUARTER = const(_ENTRIES // 4)
_ENTRY_SHIFT = const(20)  # from an angle to an entry
# A channel's sums, as metering.WORDS
_SUMS = const(8)
_SUMS_BYTES = const(32)
_A = const(0)
_A_HIGH = const(1)
_B = const(2)
_B_HIGH = const(3)
_N = const(6)
_SIZES = const(3)  # where they begin in what _angles() finds, behind the angles
_CONNECTED = const(10625)  # 20 V: half of what a window's sums have for each sample
_HALF_TURN = const(TURN // 2)
_SLOWEST = const(13421772)  # 40 Hz
_FASTEST = const(23488102)  # 70 Hz
_FOLLOWS = const(44739243)  # an error below 15 degrees: the voltage is followed
# Long windows begin after so many short ones with an error below half a degree, when the last of
# these leaned to no side by more than 0.06 degrees: the frequency stands still. They end at 5.
_SHORT_WINDOWS = const(10)
_LAST_WINDOWS = const(5)
_SMALL = const(1491308)
_LEANS = const(_LAST_WINDOWS * 178957)
_LEAVE = const(14913081)
_STRIDE = const(16)  # samples, less than a cycle

# A turn and a quarter of -cos, plus UNIT (never negative): entry k is the quadrature wave at
# k / 1024 turns, entry k + 256 the wave in phase.
WAVE = array("H", [UNIT + round(UNIT * -cos(2 * pi * k / 1024)) for k in range(1280)])
SILENCE = array("h", [0] * _BLOCK)
_found = array("i", [0] * 6)  # see _angles()
ARCTAN = array("i", [round(atan(1 / (1 << k)) / (2 * pi) * TURN) for k in range(20)])


@micropython.viper
def fill(
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
    phase = state[PHASE]
    step = state[STEP]
    cycles = state[CYCLES]
    start = phase
    state[FILL_PHASE] = phase
    state[FILL_STEP] = step
    turn = 1
    turn = turn << 30  # as a constant it would be an object
    end = first
    while end < _BLOCK:
        end += 1
        phase += step
        if phase >> 30:
            phase -= turn
            state[TURNS] = state[TURNS] + 1
            cycles -= 1
            if cycles <= 0:
                break
    state[PHASE] = phase
    state[CYCLES] = cycles
    state[SAMPLES] = state[SAMPLES] + end - first
    for p in range(3):
        angle = start + state[OFFSET + p]
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
        state[CUT + p] = state[CUT + p] + cut
    return end


@micropython.viper
def _angles(sums: ptr32, arctan: ptr32, found: ptr32):
    """Into `found` of each phase the angle by which its voltage leads its reference, then of each
    half its size."""
    for p in range(3):
        w = ptr32(int(sums) + p * _SUMS_BYTES)
        # Where words have 64 bits, loads are not sign-extended.
        high = 0 - int(w[_A_HIGH] >> 31 != 0)
        x = ((w[_A_HIGH] | (high << 31)) << 20) | (w[_A] >> 4)
        high = 0 - int(w[_B_HIGH] >> 31 != 0)
        y = 0 - (((w[_B_HIGH] | (high << 31)) << 20) | (w[_B] >> 4))
        angle = 0
        size = y if y > 0 else 0 - y
        if x < 0:
            x = 0 - x
            y = 0 - y
            angle = _HALF_TURN
        found[_SIZES + p] = (size >> 1) + (x >> 1)
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
        found[p] = angle


def follow(state: Words, sums: Words, arctan: Words) -> None:
    """At a window's end: set phase, step and offsets right from the sums (metering's layout) of
    the three voltages. Bytecode, as native code takes internal memory; no number is larger than
    2^30, which would allocate.

    The angle by which a voltage leads its reference comes from its sums with the two unit waves by
    CORDIC vectoring (Volder 1959), 20 steps: exact to 2^-20 turn. The reference is behind the
    oscillator by what was cut off its angle, on average over the window: where the frequency is a
    simple fraction of the sample rate that is not half a step of the table. The loop (phase by
    the whole error, step by half of what the error tells of it) has both poles at half the unit
    circle: ten windows take it from 50 to 65 Hz. Under 20 V a phase counts as not connected;
    without any the oscillator runs free. It follows the first phase that has a third of the
    largest voltage: what a wire that hangs free picks up is less.
    """
    samples = state[SAMPLES]
    found = _found
    _angles(sums, arctan, found)
    state[WINDOWS] += state[FOLLOWED]
    most = 0
    for p in range(3):
        cut = 2 * state[CUT + p] // samples  # a row is for two samples
        state[CUT + p] = cut
        if state[FOLLOWED]:
            angle = ((state[OFFSET + p] - state[MARKED + p] & _PART) - cut) & _PART
            if angle >= _HALF_TURN:
                angle = angle - _HALF_TURN - _HALF_TURN
            state[DRIFT + p] += angle >> 8
        most = max(most, found[_SIZES + p]) if sums[_SUMS * p + _N] * 2 > samples else most
    lead = 0
    led = False
    cycles = 0  # 1 when the next window begins just before the phase's zero
    for p in range(3):
        count = sums[_SUMS * p + _N]
        size = found[_SIZES + p]
        if count * 2 <= samples or size < count * _CONNECTED or (not led and size < most // 3):
            continue
        angle = found[p] - state[CUT + p]
        if led:
            turned = (angle - lead) & _PART
            state[OFFSET + p] = (state[OFFSET + p] - _PART + turned - 1) & _PART
        else:
            lead = angle
            led = True
    if led:
        cycles = int(_turn(state, lead) < 0)
        _judge(state, lead, samples)
    else:
        state[LOCKED] = state[FOLLOWED] = 0
        state[SILENT] += samples
        if state[SILENT] > _SAMPLE_RATE:
            state[STEP] = state[NOMINAL]
            state[SILENT] = 0
    state[CYCLES] = cycles + (state[WINDOW] if state[LOCKED] else 1)
    state[SAMPLES] = 0
    state[CUT] = state[CUT + 1] = state[CUT + 2] = 0


def _turn(state, angle):
    """Move the phase by less than a turn; how many turns that completes: -1, 0 or 1."""
    left = _PART - state[PHASE]
    turns = 0
    if angle > left:
        state[PHASE] = angle - left - 1
        turns = 1
    else:
        state[PHASE] += angle
        if state[PHASE] < 0:
            state[PHASE] = state[PHASE] + _HALF_TURN + _HALF_TURN
            turns = -1
    state[TURNS] += turns
    return turns


def _judge(state, lead, samples):
    """Set the step right, and judge whether the voltage is followed and windows are long."""
    state[STEP] = min(max(state[STEP] + lead // (2 * samples), _SLOWEST), _FASTEST)
    size = abs(lead)
    state[FOLLOWED] = size < _FOLLOWS
    state[SILENT] = 0
    if not state[LOCKED] and size < _SMALL:
        state[STEADY] += 1
        if state[STEADY] > _SHORT_WINDOWS - _LAST_WINDOWS:
            state[_LEAN] += lead
        if state[STEADY] < _SHORT_WINDOWS:
            return
        state[LOCKED] = abs(state[_LEAN]) < _LEANS
    elif state[LOCKED]:
        state[LOCKED] = size < _LEAVE
    state[STEADY] = state[_LEAN] = 0


def advance(state: Words, samples: int) -> None:
    """Let the oscillator run on over samples that nobody has. Bytecode, as follow()."""
    state[SAMPLES] += samples
    while samples > 0:
        some = min(samples, _STRIDE)
        state[CYCLES] -= _turn(state, some * state[STEP])
        samples -= some
    state[CYCLES] = max(0, state[CYCLES])
