"""Harmonics of one voltage or current at a time, in turn: orders 2 to 15 and the total distortion.

Owns the turns. As IEC 61000-4-7 has it, a window is 10 (at 60 Hz 12) cycles in step with the
mains; here the oscillator tells where in them a sample is. A raised cosine over the
window takes the place of the standard's rectangle: its bins are as wide as the standard's harmonic
subgroups (the harmonic and 5 Hz to either side), and a window that ends between two samples leaks
nothing to other orders. One window after each report is looked at, so the cost is bounded.
Allocates nothing but in take().
"""

from array import array
from math import sqrt

import micropython
from micropython import const

from measure.oscillator import WAVE

_FEWEST = const(400)  # samples of a window: 10 cycles at 70 Hz have 457

# Working words: the weighted samples of a piece; of each order the sums with cosine and sine, in
# 64ths; where in the window the next sample is, 2^-30.
_SUMS = const(64)
_AT = const(94)
_WORDS = const(95)
_ORDER_BYTES = const(8)
_REAL = const(0)  # words of an order
_IMAGINARY = const(1)
ORDERS = const(15)
# Of the oscillator's state, and of the waves' table: as in oscillator.py
_WINDOW = const(9)
_FILL_PHASE = const(19)
_FILL_STEP = const(20)
_ENTRIES = const(1024)
_QUARTER = const(256)
_ENTRY_SHIFT = const(20)
_UNIT = const(511)
_PART = const((1 << 30) - 1)


@micropython.viper
def _collect(
    r: ptr32,
    x: int,
    work: ptr32,
    samples: ptr8,
    where: int,
    first: int,
    end: int,
    pll: ptr32,
    wave: ptr16,
):
    """Add samples first to end - 1 of the channel at byte `where` to the sums of all orders.

    r, x: working registers, pass `work` and 0 (x must not be an index: MicroPython's emitter for
    RV32 shifts an index where it is). pll: its state; wave: its table. A weighted sample has at
    most 16 bits, a wave 9: 64 products stay below 2^30.
    """
    sign = 1
    sign = sign << 31
    word = (sign << 1) - 1
    step = pll[_FILL_STEP]
    stride = step // pll[_WINDOW]
    at = work[_AT]
    c = ptr16(int(samples) + where + 2 * first)
    r = work
    left = end - first
    while left:
        x = (c[0] ^ 0x8000) - 0x8000
        r[0] = (wave[(at >> _ENTRY_SHIFT) & (_ENTRIES - 1)] * x) >> 10
        at += stride
        c = ptr16(int(c) + 2)
        r = ptr32(int(r) + 4)
        left -= 1
    work[_AT] = at & _PART
    order = 1
    while order <= ORDERS:
        angle = pll[_FILL_PHASE] * order
        turn = step * order
        real = 0
        imaginary = 0
        r = work
        left = end - first
        while left:
            k = (angle >> _ENTRY_SHIFT) & (_ENTRIES - 1)
            x = r[0]
            real = (wave[k] - _UNIT) * x + real
            imaginary = (wave[k + _QUARTER] - _UNIT) * x + imaginary
            angle += turn
            r = ptr32(int(r) + 4)
            left -= 1
        real = ((real & word) ^ sign) - sign
        imaginary = ((imaginary & word) ^ sign) - sign
        w = ptr32(int(work) + (4 * _SUMS - _ORDER_BYTES) + _ORDER_BYTES * order)
        w[_REAL] = w[_REAL] + (real >> 6)
        w[_IMAGINARY] = w[_IMAGINARY] + (imaginary >> 6)
        order += 1


class Harmonics:
    """channels: which take turns (0 to 2: voltages; from 3 on: points)."""

    def __init__(self, channels: Sequence[int]):
        self._channels = channels
        self._turn = 0
        self._taken = True  # the next channel's turn has come
        self._collecting = False
        self._complete = False
        self._samples = 0
        self._work = array("i", bytes(4 * _WORDS))
        # The last complete window: its channel, None when there is none; samples; words
        self._of: int | None = None
        self._count = 0
        self._kept = array("i", bytes(4 * _WORDS))

    def begin(self) -> None:
        """A window begins: the next channel's, when the last one was taken or came to nothing."""
        if self._complete:
            self._work, self._kept = self._kept, self._work
            self._of, self._count = self._channels[self._turn], self._samples
        if self._taken or not self._complete:
            self._turn = (self._turn + 1) % len(self._channels)
            self._taken = False
        for k in range(_SUMS, _WORDS):
            self._work[k] = 0
        self._samples = 0
        self._collecting = True
        self._complete = False

    def add(self, samples: Samples, where: Words, first: int, end: int, pll: Pll) -> None:
        """Look at samples first to end - 1 of a block, which pll has just followed. `pll` has
        begun its next window when one was complete."""
        if not self._collecting:
            return
        begin = where[self._channels[self._turn]]
        if begin < 0 or not pll.locked():
            self._collecting = False
            return
        work = self._work
        _collect(work, 0, work, samples, begin, first, end, pll.state, WAVE)
        self._samples += end - first
        if pll.samples() == 0:
            self._collecting = False
            self._complete = self._samples >= _FEWEST

    def skip(self) -> None:
        """Samples were lost."""
        self._collecting = False

    def take(self) -> HarmonicsWindow | None:
        """The last window that was complete when another one began, once: (channel, distortion,
        [percent of orders 2 to 15]), or None when there is none, or no fundamental. In % of the
        fundamental; distortion: root sum square of these orders."""
        channel, self._of = self._of, None
        if channel is None:
            return None
        self._taken = True
        sizes = []
        for k in range(_SUMS, _AT, 2):
            real, imaginary = float(self._kept[k]), float(self._kept[k + 1])
            sizes.append(sqrt(real * real + imaginary * imaginary))
        # A wave of one count gives 511 x 511 / 1024 / 2 / 64 = 2 for each sample; below four
        # counts the fundamental is noise.
        if sizes[0] < 8 * self._count:
            return None
        percent = [100 * size / sizes[0] for size in sizes[1:]]
        distortion = sqrt(sum(one * one for one in percent))
        return channel, distortion, percent
