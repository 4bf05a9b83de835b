"""The mains as a clock: a phase-locked oscillator that follows the voltage, gives the references for the sums and cuts the windows.

A 30-bit phase accumulator (2^30 is one turn) runs at the mains frequency. Sample by sample it gives, for each of the three phases, the unit wave in phase with the
fundamental of the voltage (c) and the one a quarter turn later (q), each with amplitude UNIT. At the end of a window the sums of voltage times c and q tell how far the
oscillator was off; it is then set right. A window ends where the oscillator completes its last cycle, so windows hold whole cycles at any frequency
from 40 to 70 Hz, and every sample belongs to exactly one.
"""

from array import array
from math import atan, pi, sin

import micropython
from micropython import const

from limbs import LIMB_BITS

SAMPLE_RATE = const(3200)
BLOCK = const(64)
TURN = const(1 << 30)
UNIT = const(511)  # amplitude of c and q: 511 * 32768 * 64 stays below 2^31
WORDS = const(3)  # of a reference for one sample: see fill()

_PHASE, _STEP, _CYCLES, _OFFSET = range(4)
_SLOWEST = const(40 * TURN // SAMPLE_RATE)
_FASTEST = const(70 * TURN // SAMPLE_RATE)
_LOCKED = const(TURN // 720)  # half a degree
_PRESENT = const(20000)  # least sum per sample of a voltage that counts as connected: about 20 V peak
_SUM_SHIFT = const(4)  # sums are divided by 2^4 so that CORDIC fits in 32 bits

_SINE = array("h", [round(UNIT * sin(2 * pi * k / 1024)) for k in range(1024)])
_ARCTAN = array("i", [round(atan(1 / (1 << k)) / (2 * pi) * TURN) for k in range(20)])


@micropython.viper
def _fill(refs: ptr32, samples: ptr16, where: ptr32, state: ptr32, sine: ptr16, first: int) -> int:
    """Write the references of samples first..end-1 of a block and return end: 64, or where the window ends.

    Six references of 64 x 3 words. Reference p (0 to 2) is for the currents of phase p: low 8 bits of the voltage, the rest of it (signed), q. Reference 3 + p is for
    the voltage of phase p itself: c, 0, q. A voltage that is missing counts as 0. Allocates nothing.
    """
    step = state[1]
    cycles = state[2]
    start = state[0]
    phase = start
    end = first
    while end < 64:
        end += 1
        phase += step
        if phase >= 0x40000000:
            phase -= 0x40000000
            cycles -= 1
            if cycles == 0:
                break
    state[0] = phase
    state[2] = cycles
    for p in range(3):
        angle = start + state[3 + p]
        at = where[p]
        v = ptr16(int(samples) + at)
        r = ptr32(int(refs) + (p * 64 + first) * 12)
        u = ptr32(int(r) + 3 * 64 * 12)
        k = first
        while k < end:
            turn = angle >> 20
            q = (sine[(turn + 768) & 1023] ^ 0x8000) - 0x8000
            x = 0
            if at >= 0:
                x = (v[k] ^ 0x8000) - 0x8000
            r[0] = x & 255
            r[1] = x >> 8
            r[2] = q
            u[0] = (sine[turn & 1023] ^ 0x8000) - 0x8000
            u[1] = 0
            u[2] = q
            r = ptr32(int(r) + 12)
            u = ptr32(int(u) + 12)
            angle += step
            k += 1
    return end


@micropython.viper
def _angle(sums: ptr32, at: int, least: int, arctan: ptr32) -> int:
    """Angle of the sums (c, q) at word `at` by which the voltage leads the oscillator, in 2^-30 turns; TURN when there is no voltage.

    CORDIC vectoring (Volder 1959), 20 steps: exact to about 2^-20 turn. Allocates nothing.
    """
    high = 0 - int(sums[at + 1] & 0x80000000 != 0)
    x = ((sums[at + 1] | (high << 31)) << 20) | (sums[at] >> 4)
    high = 0 - int(sums[at + 3] & 0x80000000 != 0)
    y = 0 - (((sums[at + 3] | (high << 31)) << 20) | (sums[at + 2] >> 4))
    size = x if x > 0 else 0 - x
    size += y if y > 0 else 0 - y
    if size < least:
        return 0x40000000
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
        angle -= 0x40000000
    return angle
