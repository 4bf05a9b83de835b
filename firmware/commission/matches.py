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
from commission.currents import MIDDLE, Currents

LINES = const(3)
CODES = const(2 * LINES)  # 2 g + 1 where it has the other sign
NONE = const(128)  # as fit() has what says nothing; one more is a log of 1
_FIRST = const(10000)  # currents.AMPERE, of noise
_LEAST = const(1000)
_FASTER = const(3)  # the noise follows by an eighth in a report
_ERROR = const(9)  # two CTs differ by 1 / sqrt(2 ** 9) of a change, always in the same way
_SMALL = const(4)  # what changes by less than a quarter of the noise says nothing,
_LOUD = const(2)  # and what changes by more than twice the noise is judged alone
_CLEAR = const(6)  # and where it is 8 times all that is not known, so is its size at the grid
_BITS = const(12)  # of a change, scaled
_FAR = const(16000)  # more is not left, so that no square is beyond 32 bits
_KNOWN = const(5300)  # 10 as logs are kept: it is known whose that change of the grid's is
_MAX_LOG = const(30000)  # then all of a point's are halved: a CT may be moved
_PER_LOG = const(31)  # of 2 ** 14: of base 2, in 256ths, with a trust of 0.7 in each
_LOUDEST = const(1 << 26)
_BEHIND = const(1)
_OF_LINE = const(2)
_MIDDLE = const(32768)
# What a change says: nothing, something, that by itself.
_NOTHING = const(0)
_SAYS = const(1)
_ALONE = const(2)
# Words of the gains: the logs of both signs, and what is left of the change of the grid's CT.
_SAME = const(0)
_BACK = const(1)
_LEFT_X = const(2)
_LEFT_Y = const(3)

assert MIDDLE == _MIDDLE


@micropython.viper
def _score(
    gains: ptr32,
    i: int,
    line: int,
    noise: int,
    tops: ptr8,
    behind: int,
    shares: ptr8,
    changes: ptr16,
    count: int,
) -> int:
    """Write how much likelier the change of the grid's CT at point `line` is where point i's
    current goes through it, and where it does so with the other sign: logs of base 2, in 256ths.
    What is known to be other points' is taken from it before: what is left stands behind the
    logs. What that says is returned, one of the above. noise: squared; shares: of each point in
    that CT; changes: see Currents.scale."""
    x = changes[2 * i] - _MIDDLE
    y = changes[2 * i + 1] - _MIDDLE
    a = changes[2 * line] - _MIDDLE
    b = changes[2 * line + 1] - _MIDDLE
    size = x * x + y * y
    j = 0
    while j < count:
        share = int(shares[j])
        if share:
            u = changes[2 * j] - _MIDDLE
            v = changes[2 * j + 1] - _MIDDLE
            put_back = 0
            if tops[j] == tops[i]:
                back = (u + x) * (u + x) + (v + y) * (v + y)
                forth = (u - x) * (u - x) + (v - y) * (v - y)
                if j == i or behind or back << 3 < size or forth << 3 < size:
                    put_back = 1
            if not put_back:
                share = 2 * share - 3  # -1, or 1 where it is turned
                a += share * u
                b += share * v
        j += 1
    a = _FAR if a > _FAR else a
    b = _FAR if b > _FAR else b
    a = 0 - _FAR if a < 0 - _FAR else a
    b = 0 - _FAR if b < 0 - _FAR else b
    gains[_LEFT_X] = a
    gains[_LEFT_Y] = b
    if size << _SMALL < noise:
        return _NOTHING
    common = 2 * (a * x + b * y)
    value = noise + a * a + b * b
    seen = value + size
    alone = 0
    k = 0
    while k < 3:
        log = 0
        value = value if value > 0 else 1
        while value < 1 << 29:
            value <<= 1
            log -= 1
        value = (value >> 17) - 4096
        log = (log << 12) + value + (((value * (4096 - value)) >> 12) * 1413 >> 12)
        if k:
            gains[k - 1] = (alone - log + 8) >> 4
        else:
            alone = log
        common = 0 - common
        value = seen + common
        k += 1
    return _ALONE if size > noise << _LOUD else _SAYS


class Matches:
    """site: document.Site; kinds: the hypotheses.Kind of each point; grid: the points at its
    lines; ratios: ratios.Ratios, which it shows all clear steps."""

    def __init__(self, site: Site, kinds: Sequence[Kind], grid: Sequence[int], ratios: Ratios):
        points = site.points
        loads = [site.loads[point.load] for point in points]
        self._grid = grid
        self._ratios = ratios
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
        # Of each line, and of each point in it: 0; 1: known to go through it; 2: turned.
        self._shares = [bytearray(len(points)) for _ in range(LINES)]
        self._changes = array("H", bytes(2 * 2 * len(points)))
        self._noise = array("i", [_FIRST] * (2 * LINES))  # of both kinds of changes
        self._gains = array("i", bytes(4 * 4))

    def note(self, currents: Currents, before: Words, slow: bool) -> Steps:
        """Compare what has changed since `before`, of which `currents` was asked before; slow:
        over many reports. A generator. A CT of the grid that is not known has no part in it."""
        now, largest = currents.now, currents.most
        lines = []
        for g, i in enumerate(self._grid):
            if now[2 * i] != UNKNOWN and before[2 * i] != UNKNOWN:
                lines.append(g)
                for k in (2 * i, 2 * i + 1):
                    largest = max(largest, abs(now[k] - before[k]))
        if not lines:
            return
        noise = memoryview(self._noise)[LINES:] if slow else self._noise
        largest = max(largest, max(noise))
        shift = 0
        while largest >> shift + _BITS:
            shift += 1
        currents.scale(self._changes, before, shift)
        bases = self._follow(lines, noise, shift, currents.most >> shift)
        yield
        changed = [i for i in range(len(self._flags)) if currents.has_changed(i)]
        unknown = [i for i in changed if not self._is_known(i)]
        for i in changed:
            others, size = self._sum(unknown, i), 0
            for g in lines:
                if self._note(i, g, bases[g] + others) != _ALONE:
                    continue
                x, y = self._changes[2 * i] - MIDDLE, self._changes[2 * i + 1] - MIDDLE
                loud = noise[g] >> shift
                if (x * x + y * y) >> _CLEAR > loud * loud + others:
                    size = x * x + y * y
                    a, b = self._gains[_LEFT_X], self._gains[_LEFT_Y]
                    self._ratios.compare(g, loud, a, b, x, y)
            if size:
                self._ratios.end(i, size, shift, slow)
            yield
        for i in changed:  # together: what is known of one counts for all in the same way
            self._know(i)
        yield

    def _follow(self, lines, noise, shift, most):
        """Follow the noise; what the changes of each of the grid's CTs are compared with."""
        bases = [0] * LINES
        gains = self._gains
        for g in lines:
            self._score(self._grid[g], g, 1)
            base = (noise[g] >> shift) ** 2 + (most**2 >> _ERROR - 1) + 1
            step = noise[g] >> _FASTER
            louder = gains[_LEFT_X] ** 2 + gains[_LEFT_Y] ** 2 > base
            noise[g] = max(_LEAST, noise[g] + (step if louder else -step))
            bases[g] = base
        return bases

    def _is_known(self, i):
        return self._shares[0][i] or self._shares[1][i] or self._shares[2][i]

    def _sum(self, unknown, i):
        """The squares of what other loads change by, of which it is not known where they are."""
        changes, tops, total = self._changes, self._tops, 0
        for j in unknown:
            if tops[j] != tops[i]:
                total += (changes[2 * j] - MIDDLE) ** 2 + (changes[2 * j + 1] - MIDDLE) ** 2
        return min(total, _LOUDEST)

    def _score(self, i, g, base):
        return _score(
            self._gains,
            i,
            self._grid[g],
            base,
            self._tops,
            self._flags[i] & _BEHIND,
            self._shares[g],
            self._changes,
            len(self._flags),
        )

    def _note(self, i, g, base):
        logs, others, gains, k = self._logs, self._others, self._gains, CODES * i + 2 * g
        says = self._score(i, g, base)
        if says == _NOTHING:
            return says
        same, back = gains[_SAME], gains[_BACK]
        if says == _ALONE:
            others[LINES * i + g] += max(0, same, back)
        elif max(logs[k], logs[k + 1]) > 0:
            others[LINES * i + g] += same if logs[k] > logs[k + 1] else back
        logs[k] += same
        logs[k + 1] += back
        if max(abs(logs[k]), abs(logs[k + 1]), abs(others[LINES * i + g])) > _MAX_LOG:
            for other in range(CODES * i, CODES * (i + 1)):
                logs[other] //= 2
            for other in range(LINES * i, LINES * (i + 1)):
                others[other] //= 2
        return says

    def _know(self, i):
        """Note which of the grid's CTs point i's current is known to go through by itself; of a
        load with several CTs one of them for each, the likeliest one that is left."""
        logs, shares, flags = self._logs, self._shares, self._flags[i]
        best = -1
        for g in range(LINES):
            shares[g][i] = 0
            k = CODES * i + 2 * g
            k = k if logs[k] > logs[k + 1] else k + 1
            if flags & _BEHIND or logs[k] < _KNOWN:
                continue
            if not flags & _OF_LINE:
                shares[g][i] = 1 + k % 2
            elif not self._is_taken(i, g) and (best < 0 or logs[k] > logs[best]):
                best = k
        if best >= 0:
            shares[(best - CODES * i) // 2][i] = 1 + best % 2

    def _is_taken(self, i, g):
        """Whether another CT of point i's load is known to be in the grid's CT g."""
        for j, share in enumerate(self._shares[g]):
            if share and j != i and self._tops[j] == self._tops[i]:
                return True
        return False

    def fit(self, i: int, code_sets: bytes, into: bytearray | memoryview) -> None:
        """Write into `into` how well what was seen of point i fits each set: the grid's CTs that
        are to see it, a bit for each code. A log, with NONE added. The others of a load with
        several CTs may see what comes back."""
        logs, others, of_line = self._logs, self._others, self._flags[i] & _OF_LINE
        for at in range(len(code_sets)):
            wanted = code_sets[at]
            total = 0
            for g in range(LINES):
                if wanted & 3:
                    for code in range(2):
                        if wanted >> code & 1:
                            total += logs[CODES * i + 2 * g + code]
                elif of_line and code_sets[at]:
                    total += others[LINES * i + g]
                wanted >>= 2
            into[at] = max(0, min(255, (total * _PER_LOG + 8192 >> 14) + NONE))
