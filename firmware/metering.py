"""The meter: sums of every channel over windows of whole mains cycles, and reports of windows.

For every channel and window it keeps, as integers without any rounding:

    a = sum of voltage x current (of a voltage channel: unit wave in phase with it x voltage)
    b = sum over pairs of samples of the quadrature wave between the two x their sum (quadrature:
        the unit wave a quarter turn behind)
    s = sum of current squared
    n = samples that were summed, and how many are missing

Samples are signed 16-bit integers. Nothing here allocates after a Meter is made, and nothing here
knows volts: measure/quantities.py does.
"""

from array import array

import micropython
from micropython import const

from site.sampling import SAMPLE_RATE
from measure.kernel import accumulate
from measure.offsets import Offsets, clear
from measure.oscillator import PAIRS, ROW_WORDS
from measure.pll import Pll
from measure.products import cross
from measure.saturation import Saturation

# A channel's sums, WORDS 32-bit integers: a, b and s as pairs of limbs (the low one 0 to 2^24 - 1,
# the high one signed: value = high * 2^24 + low), then n and missing.
WORDS = const(8)
N = const(6)

_PLAN = const(3)  # words of a channel's plan, see measure/kernel.py

# A channel's report, REPORT_WORDS 32-bit integers, limbs as above: a of the windows in which it
# was positive, a of those in which it was negative (import and export); b of the windows by the
# signs of a and b: (+, +), (-, +), (-, -), (+, -), as the quadrants I to IV of IEC 62053-23; s, n,
# missing, and n of the windows in which the voltage was followed, which alone count in b (and in a
# of a voltage).
REPORT_WORDS = const(17)
_SUMS_BYTES = const(4 * WORDS)
_REPORT_BYTES = const(4 * REPORT_WORDS)
_PART = const((1 << 30) - 1)  # of a turn
_ALLOWED = const(_PART // 400)
_A_HIGH = const(1)
_B_HIGH = const(3)
_MISSING = const(7)
_IMPORT = const(0)
_EXPORT = const(2)
_QUADRANT = const(4)
_QUADRANT_II = const(_QUADRANT + 2)
_QUADRANT_IV = const(_QUADRANT + 6)
_SQUARE = const(12)
_COUNT = const(14)
_MISSED = const(15)
_FOLLOWED = const(16)
IMPORT, EXPORT, QUADRANT, SQUARE, COUNT, MISSED, FOLLOWED = 0, 2, 4, 12, 14, 15, 16

# Of the products of two voltages: L1 x L2, L2 x L3, L3 x L1; limbs and number of samples each.
CROSS_WORDS = const(3)


@micropython.viper
def _fold(channels: int, sums: ptr32, report: ptr32, followed: int, step: int):
    """Add the window's sums to the report, a to import or export by its sign, b to its quadrant,
    and clear them.

    The fundamental (b of every channel, a of the voltages) counts only in windows in which the
    voltage was `followed`: means of the rest would not belong together. A channel of which samples
    are missing counts where the others are half of the window or more, and whole cycles to 1/400:
    step is the oscillator's. Else the window is missing as a whole: a mean over a part of a cycle
    is none.
    """
    cycle = _PART // step  # samples
    i = 0
    while i < channels:
        w = ptr32(int(sums) + i * _SUMS_BYTES)
        r = ptr32(int(report) + i * _REPORT_BYTES)
        if w[_MISSING] and w[N]:
            off = int(w[N]) // cycle * _ALLOWED
            k = (w[N] * step + off) & _PART  # the product's low bits are right
            if k > 2 * off or int(w[N]) < int(w[_MISSING]):
                w[_MISSING] = w[_MISSING] + w[N]
                for k in range(_MISSING):
                    w[k] = 0
        k = 0
        while k < 3:
            to = _SQUARE
            if k == 0:
                to = _EXPORT if w[_A_HIGH] >> 31 else _IMPORT
            if k == 1:
                to = _QUADRANT_II if w[_A_HIGH] >> 31 else _QUADRANT
                if w[_B_HIGH] >> 31:
                    to = (_QUADRANT + _QUADRANT_IV) - to
            if k == 2 or followed or (k == 0 and i >= 3):
                low = r[to] + w[2 * k]
                r[to] = low & 0xFFFFFF
                r[to + 1] = r[to + 1] + w[2 * k + 1] + (low >> 24)
            k += 1
        r[_COUNT] = r[_COUNT] + w[N]
        r[_MISSED] = r[_MISSED] + w[_MISSING]
        if followed:
            r[_FOLLOWED] = r[_FOLLOWED] + w[N]
        for k in range(WORDS):
            w[k] = 0
        i += 1


def _fold_cross(window, report, length):
    """Add the window's products of voltages, where they are whole, to the report, and clear
    them."""
    for at in range(0, 3 * CROSS_WORDS, CROSS_WORDS):
        if window[at + 2] == length:
            low = report[at] + window[at]
            report[at] = low & 0xFFFFFF
            report[at + 1] += window[at + 1] + (low >> 24)
            report[at + 2] += length
        for k in range(CROSS_WORDS):
            window[at + k] = 0


class Meter:
    """Sums of all channels: the three voltages (channels 0 to 2), then the points.

    phases: of each point, 0 to 2. frequency: nominal, Hz. report_samples: a report is due at the
    end of the window that brings it nearest to so many samples; 0 makes every window a report.
    """

    def __init__(self, phases: Sequence[int], frequency: int, report_samples: int = SAMPLE_RATE):
        plan = []
        for p in range(3):
            plan += (p * PAIRS * ROW_WORDS + ROW_WORDS // 2, p, 0)
        for phase in phases:
            plan += (phase * PAIRS * ROW_WORDS, phase, 0)
        self.channels = len(plan) // _PLAN
        # Of the report that finish() has ended: sums, products of the voltages, its length.
        self.finished = array("i", [0] * (self.channels * REPORT_WORDS))
        self.finished_cross = array("i", [0] * (3 * CROSS_WORDS))
        self.finished_samples = 0
        self.due = False  # a report is complete: finish() it before the next add(), or put it off
        self.windows = 0  # since start
        self.lost = 0  # samples since start that no channel has
        self.pll = Pll(frequency)
        self.saturation = Saturation(self.channels)
        self.offsets = Offsets(self.channels)
        self._report = array("i", self.finished)
        self._cross = array("i", self.finished_cross)
        self._window_cross = array("i", self.finished_cross)
        self._plan = array("i", plan)
        self._sums = array("i", [0] * (self.channels * WORDS))
        self._report_samples = report_samples
        self.samples = 0  # in the report at hand

    def go_on(self, other: Meter, with_pll: bool) -> None:
        """Go on where another site's has ended a report. with_pll: with the same supply, so that
        its oscillator goes on too."""
        self.windows, self.lost = other.windows, other.lost
        self._report_samples = other._report_samples
        self.offsets.go_on(other.offsets)
        if with_pll:
            self.pll = other.pll

    def add(self, samples: Samples, where: Words, first: int) -> int:
        """Add a block from sample `first` on, up to its end or that of the window; returns how far
        it came (64 at the end)."""
        pll = self.pll
        end = pll.fill(samples, where, first)
        rows = pll.references
        cross(rows, rows, rows, where, end - first, self._window_cross)
        plan, sums = self._plan, self._sums
        accumulate(0, rows, rows, samples, where, plan, self.channels, first, end, sums)
        self.saturation.add(samples, where, plan, first, end)
        self.offsets.add(samples, where, first, end)
        if pll.ended():
            self._close()
        return end

    def skip(self, samples: int) -> None:
        """Account for samples that were lost on all channels: time and the oscillator go on, every
        channel misses them."""
        self.lost += samples
        for i in range(self.channels):
            self._sums[i * WORDS + N + 1] += samples
        self.pll.advance(samples)
        if self.pll.ended():
            self._close()

    def _close(self):
        length = self.pll.samples()
        self.samples += length
        self.windows += 1
        followed, step = self.pll.follows(), self.pll.step()
        self.pll.follow(self._sums)
        self.pll.note(self.samples)
        followed = followed and self.pll.follows()
        _fold_cross(self._window_cross, self._cross, length)
        _fold(self.channels, self._sums, self._report, followed, step)
        self.due = self.samples + length // 2 >= self._report_samples

    def aim(self, samples: int) -> None:
        """Let the next report end with the window that brings it nearest to so many samples,
        unless every window is one."""
        if self._report_samples:
            self._report_samples = samples

    def put_off(self) -> None:
        """Let the report that is due go on for another window; nothing is lost."""
        self.due = False

    def finish(self) -> None:
        """End the report: its sums are set aside until the next one ends. Takes some 100 us,
        whatever is done with them afterwards."""
        self.pll.mark(self.samples)  # the only one that may want heap
        self.finished, self._report = self._report, self.finished
        self.finished_cross, self._cross = self._cross, self.finished_cross
        self.finished_samples = self.samples
        clear(self._report, len(self._report))
        clear(self._cross, len(self._cross))
        self.saturation.end()
        self.offsets.end()
        self.samples = 0
        self.due = False
