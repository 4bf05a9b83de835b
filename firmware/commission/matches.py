"""Which of the grid's CTs sees what a circuit's CT sees: the same change of current, at the same
instant.

The currents themselves are compared, as phasors: that asks neither for a power factor nor for
what any phase is called. Owns of each point and each of the grid's CTs the log of how much
likelier what was seen is where the point's current goes through it than where it does not.
"""

from array import array

import micropython
from micropython import const

from measure.readings import UNKNOWN
from commission.currents import Currents

LINES = const(3)
CODES = const(2 * LINES)  # 2 g + 1 where it has the other sign
NONE = const(128)  # as fit() has what says nothing; one more is a log of 1
_FLOOR = const(80)  # currents.AMPERE, of 4 A rated: what changes by less is a CT's own noise
_RATED = const(4)
_OF_GRID = const(255)
_FIRST = const(10000)  # currents.AMPERE, of noise
_LEAST = const(1000)
_FASTER = const(3)  # the noise follows by an eighth in a report
_ERROR = const(9)  # two CTs differ by 1 / sqrt(2 ** 9) of a change, always in the same way
_SMALL = const(4)  # what changes by less than a quarter of the noise says nothing,
_LOUD = const(2)  # and what changes by more than twice the noise is judged alone
_BITS = const(12)  # of a change, scaled
_KNOWN = const(5300)  # 10 as logs are kept: it is known whose that change of the grid's is
_MOST = const(30000)  # then all of a point's are halved: a CT may be moved
_PER_LOG = const(31)  # of 2 ** 14: of base 2, in 256ths, with a trust of 0.7 in each
_BEHIND = const(1)
_OF_LINE = const(2)


@micropython.viper
def _gather(moved: ptr8, floors: ptr8, now: ptr32, before: ptr32, count: int) -> int:
    """Write 1 for each point whose current has changed, else 0; the largest part of a change."""
    sign = 1
    sign = sign << 31  # as a constant it would be an object
    word = (sign << 1) - 1
    most = 0
    while count:
        moved[0] = 0
        x = now[0] & word
        u = before[0] & word
        if x != sign and u != sign and floors[0] != _OF_GRID:
            x = (x ^ sign) - (u ^ sign)
            y = ((now[1] & word) ^ sign) - ((before[1] & word) ^ sign)
            x = 0 - x if x < 0 else x
            y = 0 - y if y < 0 else y
            if x + y > _FLOOR * floors[0]:
                moved[0] = 1
                most = x if x > most else most
                most = y if y > most else most
        moved = ptr8(int(moved) + 1)
        floors = ptr8(int(floors) + 1)
        now = ptr32(int(now) + 8)
        before = ptr32(int(before) + 8)
        count -= 1
    return most


@micropython.viper
def _explain(
    rest: ptr32, lines: int, moved: ptr8, shares: ptr8, now: ptr32, before: ptr32, count: int
):
    """Take from the grid's changes what is known to be points'."""
    sign = 1
    sign = sign << 31
    word = (sign << 1) - 1
    i = 0
    while i < count:
        g = 0
        while moved[i] and g < lines:
            share = shares[LINES * i + g]
            if share:
                share = 3 - 2 * share  # 1 or -1
                k = 0
                while k < 2:
                    x = ((now[2 * i + k] & word) ^ sign) - ((before[2 * i + k] & word) ^ sign)
                    rest[2 * g + k] = rest[2 * g + k] - share * x
                    k += 1
            g += 1
        i += 1


@micropython.viper
def _score(
    gains: ptr32,
    i: int,
    g: int,
    shift: int,
    noise: int,
    rest: ptr32,
    tops: ptr8,
    behind: int,
    moved: ptr8,
    shares: ptr8,
    now: ptr32,
    before: ptr32,
    count: int,
) -> int:
    """Write how much likelier the change of the grid's CT g is where point i's current goes
    through it, and where it does so with the other sign: logs of base 2, in 256ths. 0 where it
    says nothing, 2 where it is judged alone, else 1. noise: scaled by `shift`, squared."""
    sign = 1
    sign = sign << 31
    word = (sign << 1) - 1
    x = (((now[2 * i] & word) ^ sign) - ((before[2 * i] & word) ^ sign)) >> shift
    y = (((now[2 * i + 1] & word) ^ sign) - ((before[2 * i + 1] & word) ^ sign)) >> shift
    size = x * x + y * y
    if size << _SMALL < noise:
        return 0
    a = (((rest[2 * g] & word) ^ sign) - sign) >> shift
    b = (((rest[2 * g + 1] & word) ^ sign) - sign) >> shift
    j = 0
    while j < count:
        share = shares[LINES * j + g]
        if share and moved[j] and tops[j] == tops[i]:
            u = (((now[2 * j] & word) ^ sign) - ((before[2 * j] & word) ^ sign)) >> shift
            v = (((now[2 * j + 1] & word) ^ sign) - ((before[2 * j + 1] & word) ^ sign)) >> shift
            back = (u + x) * (u + x) + (v + y) * (v + y)
            forth = (u - x) * (u - x) + (v - y) * (v - y)
            if j == i or behind or back << 3 < size or forth << 3 < size:
                a += u * (3 - 2 * share)
                b += v * (3 - 2 * share)
        j += 1
    alone = noise + a * a + b * b
    common = 2 * (a * x + b * y)
    value = alone
    k = 0
    while k < 3:
        log = 0
        value = value if value > 0 else 1
        while value < 1 << 25:
            value <<= 4
            log -= 4
        while value < 1 << 29:
            value <<= 1
            log -= 1
        value = (value >> 17) - 4096
        log = (log << 12) + value + (((value * (4096 - value)) >> 12) * 1413 >> 12)
        gains[k] = log
        k += 1
        value = alone + size - common if k == 1 else alone + size + common
    log = ((gains[0] & word) ^ sign) - sign
    gains[0] = (log - (((gains[1] & word) ^ sign) - sign) + 8) >> 4
    gains[1] = (log - (((gains[2] & word) ^ sign) - sign) + 8) >> 4
    return 2 if size > noise << _LOUD else 1


@micropython.viper
def _fit(fits: ptr8, logs: ptr16, others: ptr16, of_line: int, wishes: ptr8, count: int):
    """Write how well what was seen of a point fits each wish: the grid's CTs that are to see it,
    as bits of codes. A log, with NONE added. of_line: the others may see what comes back."""
    while count:
        wanted = wishes[0]
        total = 0
        code = 0
        while code < CODES:
            if (wanted >> code) & 1:
                total += (logs[code] ^ 0x8000) - 0x8000
            elif of_line and wanted and code & 1 and not (wanted >> (code - 1)) & 1:
                total += (others[code >> 1] ^ 0x8000) - 0x8000
            code += 1
        total = ((total * _PER_LOG + 8192) >> 14) + NONE
        total = 0 if total < 0 else total
        fits[0] = 255 if total > 255 else total
        fits = ptr8(int(fits) + 1)
        wishes = ptr8(int(wishes) + 1)
        count -= 1


class Matches:
    """site: document.Site; kinds: the hypotheses.Kind of each point; grid: the points at its
    lines."""

    def __init__(self, site: Site, kinds: Sequence[Kind], grid: Sequence[int]):
        points = site.points
        loads = [site.loads[point.load] for point in points]
        self._grid = grid
        self._floors = bytearray(min(_OF_GRID - 1, point.rated // _RATED) for point in points)
        for i in grid:
            self._floors[i] = _OF_GRID
        self._tops = bytes(
            point.load if load.top is None else load.top for point, load in zip(points, loads)
        )
        self._flags = bytes(
            _BEHIND * load.behind + _OF_LINE * kind.of_line for kind, load in zip(kinds, loads)
        )
        self._logs = array("h", bytes(2 * CODES * len(points)))
        # Of a load with several CTs what one of the grid's CTs shows may be what comes back: the
        # log of how much likelier that is than nothing.
        self._others = array("h", bytes(2 * LINES * len(points)))
        self._shares = bytearray(LINES * len(points))  # 0; 1: known to be in it; 2: turned
        self._moved = bytearray(len(points))
        self._noise = array("i", [_FIRST] * (2 * LINES))  # of both kinds of changes
        self._rest = array("i", bytes(4 * 2 * LINES))
        self._gains = array("i", bytes(4 * 3))

    def note(self, currents: Currents, before: Words, slow: bool) -> Steps:
        """Compare what has changed since `before`; slow: over many reports. A generator."""
        grid, rest, now, count = self._grid, self._rest, currents.now, len(self._moved)
        if not grid:
            return
        for g, i in enumerate(grid):
            if now[2 * i] == UNKNOWN or before[2 * i] == UNKNOWN:
                return
            rest[2 * g] = now[2 * i] - before[2 * i]
            rest[2 * g + 1] = now[2 * i + 1] - before[2 * i + 1]
        most = _gather(self._moved, self._floors, now, before, count)
        _explain(rest, len(grid), self._moved, self._shares, now, before, count)
        noise = memoryview(self._noise)[LINES:] if slow else self._noise
        largest = max(most, max(rest), -min(rest), max(noise))
        shift = 0
        while largest >> shift + _BITS:
            shift += 1
        bases = []
        for g in range(len(grid)):
            base = (noise[g] >> shift) ** 2 + ((most >> shift) ** 2 >> _ERROR - 1) + 1
            louder = (rest[2 * g] >> shift) ** 2 + (rest[2 * g + 1] >> shift) ** 2 > base
            step = noise[g] >> _FASTER
            noise[g] = max(_LEAST, noise[g] + (step if louder else -step))
            bases.append(base)
        yield
        for i in range(count):
            if self._moved[i]:
                for g in range(len(grid)):
                    self._note(i, g, shift, bases[g], currents, before)
                self._know(i)
                yield

    def _note(self, i, g, shift, base, currents, before):
        logs, others, gains, k = self._logs, self._others, self._gains, CODES * i + 2 * g
        says = _score(
            gains,
            i,
            g,
            shift,
            base,
            self._rest,
            self._tops,
            self._flags[i] & _BEHIND,
            self._moved,
            self._shares,
            currents.now,
            before,
            len(self._moved),
        )
        if not says:
            return
        same, back = gains[0], gains[1]
        if says == 2:
            others[LINES * i + g] += max(0, same, back)
        elif max(logs[k], logs[k + 1]) > 0:
            others[LINES * i + g] += same if logs[k] > logs[k + 1] else back
        logs[k] += same
        logs[k + 1] += back
        if max(abs(logs[k]), abs(logs[k + 1]), abs(others[LINES * i + g])) > _MOST:
            for other in range(CODES * i, CODES * (i + 1)):
                logs[other] //= 2
            for other in range(LINES * i, LINES * (i + 1)):
                others[other] //= 2

    def _know(self, i):
        """Note which of the grid's CTs point i's current is known to go through by itself; of a
        load with several CTs one of them for each, the likeliest one that is left."""
        logs, shares, flags = self._logs, self._shares, self._flags[i]
        best = -1
        for g in range(LINES):
            shares[LINES * i + g] = 0
            k = CODES * i + 2 * g
            k = k if logs[k] > logs[k + 1] else k + 1
            if flags & _BEHIND or logs[k] < _KNOWN:
                continue
            if not flags & _OF_LINE:
                shares[LINES * i + g] = 1 + k % 2
            elif not self._is_taken(i, g) and (best < 0 or logs[k] > logs[best]):
                best = k
        if best >= 0:
            shares[best // 2] = 1 + best % 2

    def _is_taken(self, i, g):
        """Whether another CT of point i's load is known to be in the grid's CT g."""
        for j in range(len(self._moved)):
            if j != i and self._tops[j] == self._tops[i] and self._shares[LINES * j + g]:
                return True
        return False

    def fit(self, i: int, wishes: bytes, into: Bytes) -> None:
        """Write into `into` how well what was seen of point i fits each wish: see _fit."""
        logs = memoryview(self._logs)[CODES * i :]
        others = memoryview(self._others)[LINES * i :]
        _fit(into, logs, others, self._flags[i] & _OF_LINE, wishes, len(wishes))
