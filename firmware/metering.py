"""The measuring kernel: exact sums over sample blocks, cut into windows of whole mains cycles.

For every channel and window it keeps, as integers without any rounding:

    a = sum of voltage x current      (of a voltage channel: voltage x unit wave in phase with it)
    b = sum of quadrature x current   (quadrature: the unit wave a quarter turn behind)
    s = sum of current squared
    n = samples that were summed, and how many are missing

Samples are signed 16-bit integers, all 65536 values of them. A product needs 31 bits, a block's
sum 37, but a viper integer is a 32-bit word. So the voltage is split once per phase into 8 low
bits and the signed rest, squares are added in pairs with their high half beside, and the loop runs
on words that cannot overflow within 64 samples; limbs of 24 bits collect them.
`host_tests/device/test_metering.py` compares with big integers at the extremes.

Nothing here allocates after a Meter is made, and nothing here knows volts: quantities.py does.
"""

from array import array

import micropython
from mains import BLOCK, ROW_WORDS, SAMPLE_RATE, Mains
from micropython import const

# A channel's sums, WORDS 32-bit integers: a, b and s as pairs of limbs (the low one 0 to 2^24 - 1,
# the high one signed: value = high * 2^24 + low), then n and missing.
WORDS = const(8)
N = const(6)

# A channel's report, REPORT_WORDS 32-bit integers, limbs as above: a of the windows in which it
# was positive, a of those in which it was negative (import and export), b, s, n, missing, and n of
# the windows in which the voltage was followed, which alone count in b (and in a of a voltage).
REPORT_WORDS = const(11)
IMPORT, EXPORT, QUADRATURE, SQUARE, COUNT, MISSED, FOLLOWED = 0, 2, 4, 6, 8, 9, 10


@micropython.viper
def accumulate(
    x: int,
    r: ptr32,
    references: ptr32,
    samples: ptr8,
    where: ptr32,
    plan: ptr32,
    channels: int,
    first: int,
    end: int,
    sums: ptr32,
):
    """Add samples first to end - 1 (0 <= first < end <= 64) of every channel to its sums.

    x, r: working registers, pass 0 and `references` (only the first two names of a viper function
    live in registers: they are the ones that every sample touches).

    references: as mains writes them, 3 x 64 rows of 6 words. samples: the receive buffer.
    where[i]: byte offset of channel i's 64 samples in it, even, or negative when there are none.
    plan[2 i]: the word where channel i's references begin; plan[2 i + 1]: the voltage channel that
    it needs. sums[8 i ...]: see WORDS. `where` and `plan` are trusted.
    """
    sign = 1
    sign = sign << 31  # as a constant it would be an object
    word = (sign << 1) - 1  # all 32 bits
    count = end - first
    i = 0
    while i < channels:
        w = ptr32(int(sums) + i * 32)
        at = where[i]
        v = where[plan[2 * i + 1]]
        if (at | v) >> 31:
            w[7] = w[7] + count
            i += 1
            continue
        c = ptr16(int(samples) + at + 2 * first)
        r = ptr32(int(references) + 4 * plan[2 * i] + 24 * first)
        a0 = 0  # voltage's low 8 bits x current: below 2^30
        a1 = 0  # voltage's high bits x current: below 2^29
        b0 = 0  # quadrature x current: below 2^30
        s0 = 0  # current squared, modulo 2^32
        s1 = 0  # its high halves, two samples at a time: below 2^22
        left = count
        while left >= 8:
            x = (c[0] ^ 0x8000) - 0x8000
            a0 = r[0] * x + a0
            a1 = r[1] * x + a1
            b0 = r[2] * x + b0
            y = x * x
            x = (c[1] ^ 0x8000) - 0x8000
            a0 = r[6] * x + a0
            a1 = r[7] * x + a1
            b0 = r[8] * x + b0
            x = x * x + y
            s0 = x + s0
            s1 = ((x >> 16) & 0xFFFF) + s1
            x = (c[2] ^ 0x8000) - 0x8000
            a0 = r[12] * x + a0
            a1 = r[13] * x + a1
            b0 = r[14] * x + b0
            y = x * x
            x = (c[3] ^ 0x8000) - 0x8000
            a0 = r[18] * x + a0
            a1 = r[19] * x + a1
            b0 = r[20] * x + b0
            x = x * x + y
            s0 = x + s0
            s1 = ((x >> 16) & 0xFFFF) + s1
            x = (c[4] ^ 0x8000) - 0x8000
            a0 = r[24] * x + a0
            a1 = r[25] * x + a1
            b0 = r[26] * x + b0
            y = x * x
            x = (c[5] ^ 0x8000) - 0x8000
            a0 = r[30] * x + a0
            a1 = r[31] * x + a1
            b0 = r[32] * x + b0
            x = x * x + y
            s0 = x + s0
            s1 = ((x >> 16) & 0xFFFF) + s1
            x = (c[6] ^ 0x8000) - 0x8000
            a0 = r[36] * x + a0
            a1 = r[37] * x + a1
            b0 = r[38] * x + b0
            y = x * x
            x = (c[7] ^ 0x8000) - 0x8000
            a0 = r[42] * x + a0
            a1 = r[43] * x + a1
            b0 = r[44] * x + b0
            x = x * x + y
            s0 = x + s0
            s1 = ((x >> 16) & 0xFFFF) + s1
            c = ptr16(int(c) + 16)
            r = ptr32(int(r) + 192)
            left -= 8
        while left:
            x = (c[0] ^ 0x8000) - 0x8000
            a0 = r[0] * x + a0
            a1 = r[1] * x + a1
            b0 = r[2] * x + b0
            x = x * x
            s0 = x + s0
            s1 = ((x >> 16) & 0xFFFF) + s1
            c = ptr16(int(c) + 2)
            r = ptr32(int(r) + 24)
            left -= 1
        # Where words have 64 bits, loads from ptr32 are not sign-extended: do it here. (Changes
        # nothing on 32 bits.)
        a0 = ((a0 & word) ^ sign) - sign
        a1 = ((a1 & word) ^ sign) - sign
        b0 = ((b0 & word) ^ sign) - sign
        # a0 + 2^8 a1, b0, and the square (whose low 24 bits s0 and s1 give, whose rest s1 gives)
        # into limbs.
        y = w[0] + (a0 & 0xFFFFFF) + ((a1 & 0xFFFF) << 8)
        w[0] = y & 0xFFFFFF
        w[1] = w[1] + (a0 >> 24) + (a1 >> 16) + (y >> 24)
        y = w[2] + (b0 & 0xFFFFFF)
        w[2] = y & 0xFFFFFF
        w[3] = w[3] + (b0 >> 24) + (y >> 24)
        y = w[4] + ((s0 - (s1 << 16)) & 0xFFFFFF) + ((s1 & 0xFF) << 16)
        w[4] = y & 0xFFFFFF
        w[5] = w[5] + (s1 >> 8) + (y >> 24)
        w[6] = w[6] + count
        i += 1


@micropython.viper
def _fold(channels: int, sums: ptr32, report: ptr32, followed: int):
    """Add the window's sums to the report, a to import or export by its sign, and clear them.

    The fundamental (b of every channel, a of the voltages) counts only in windows in which the
    voltage was `followed`: means of the rest would not belong together.
    """
    i = 0
    while i < channels:
        w = ptr32(int(sums) + i * 32)
        r = ptr32(int(report) + i * 44)
        k = 0
        while k < 3:
            to = 2 * k + 2
            if k == 0 and not w[1] >> 31:
                to = 0
            if (k == 1 or (k == 0 and i < 3)) and not followed:
                k += 1
                continue
            low = r[to] + w[2 * k]
            r[to] = low & 0xFFFFFF
            r[to + 1] = r[to + 1] + w[2 * k + 1] + (low >> 24)
            k += 1
        r[8] = r[8] + w[6]
        r[9] = r[9] + w[7]
        if followed:
            r[10] = r[10] + w[6]
        for k in range(8):
            w[k] = 0
        i += 1


class Meter:
    """Sums of all channels: the three voltages (channels 0 to 2), then the points.

    phases: of each point, 0 to 2. frequency: nominal, Hz. report_samples: a report is due at the
    end of the window that brings it nearest to so many samples; 0 makes every window a report.
    """

    def __init__(self, phases, frequency, report_samples=SAMPLE_RATE):
        plan = []
        for p in range(3):
            plan += (p * BLOCK * ROW_WORDS + 3, p)
        for phase in phases:
            plan += (phase * BLOCK * ROW_WORDS, phase)
        self.channels = len(plan) // 2
        self.report = array("i", [0] * (self.channels * REPORT_WORDS))
        self.due = False  # a report is complete: read it and call begin() before the next add()
        self.windows = 0  # since start
        self.lost = 0  # samples since start that no channel has
        self.mains = Mains(frequency)
        self._plan = array("i", plan)
        self._sums = array("i", [0] * (self.channels * WORDS))
        self._report_samples = report_samples
        self.samples = 0  # in the report: its length in 1/3200 s

    def add(self, samples, where, first):
        """Add a block from sample `first` on, up to its end or until a report is due; returns how
        far it came (64 at the end)."""
        while first < BLOCK and not self.due:
            end = self.mains.fill(samples, where, first)
            accumulate(
                0,
                self.mains.references,
                self.mains.references,
                samples,
                where,
                self._plan,
                self.channels,
                first,
                end,
                self._sums,
            )
            first = end
            if self.mains.ended():
                self._close()
        return first

    def skip(self, blocks):
        """Account for blocks that were lost on all channels: time and the oscillator go on, every
        channel misses them."""
        samples = blocks * BLOCK
        self.lost += samples
        for i in range(self.channels):
            self._sums[i * WORDS + N + 1] += samples
        self.mains.advance(samples)
        if self.mains.ended():
            self._close()

    def _close(self):
        length = self.mains.samples()
        self.samples += length
        self.windows += 1
        followed = self.mains.locked()
        self.mains.follow(self._sums)
        followed = followed and self.mains.locked()
        _fold(self.channels, self._sums, self.report, followed)
        self.due = self.samples + length // 2 >= self._report_samples

    def begin(self):
        """Clear the report and begin the next."""
        for i in range(len(self.report)):
            self.report[i] = 0
        self.samples = 0
        self.due = False
        self.mains.mark()
