"""CTs that are not closed, recognised by what they see of a load's switching.

The air gap of an open split core leaves it a fraction k of its inductance's effect: it sees the
current k times as large and leading by an angle phi, and both come from the same ratio of
inductance to burden, so that k = cos(phi). A true current can be small, and can lead; but then the
grid changes by as much. So each step of a point is compared with the step of the grid on its phase
that no other point explains. Owns that comparison. Called once a report; allocates little
where nothing has switched.
"""

from array import array
from math import sqrt

from micropython import const

from measure.readings import MISSED, POWER, RATES, SUMS, UNKNOWN

_STEPS = const(4)  # that must agree
_OWN_VA = const(100)  # 0.01 VA: smaller steps of a point are not looked at,
_OWN = const(5)  # nor those of less than a fifth of its power: the voltage makes such,
_TRUE_VA = 100.0  # nor those of less than this on the grid,
_OTHERS = 0.1  # or than this share of all that changes on the phase
_MAX_SHARE = 0.8  # of the current: from here on a CT's own errors would do
_CIRCLE = 0.15  # how far k may be from cos(phi)
_MAX = const(0x7FFFFFFF)
_POINTS_AT_ONCE = const(6)


class UnclosedCores:
    """`share[i]`: how much point i sees of its current (0 to 1), when `is_open(i)`.

    Needs the grid measured on the point's phase, and phases that carry their own currents: says
    nothing in a delta site, nor of Rogowski coils and Solid Cores, which have no core to open, nor
    of points of another gateway, which come later and are judged there.
    """

    def __init__(self, site: Site):
        count = len(site.points)
        self.share = array("f", [1.0] * count)
        self._points = site.points
        self._grid = bytes(site.loads[point.load].role == "grid" for point in site.points)
        self._phases = [
            point.phase
            for point, grid in zip(site.points, self._grid)
            if grid and not point.gateway and site.phase_type != "THREE_DELTA"
        ]
        self._steps = bytearray(count)
        self._switched = bytearray(count)
        # 0.01 W and 0.01 var: of the report before, and what has changed since.
        self._before = array("i", [UNKNOWN] * (2 * count))
        self._change = array("i", [0] * (2 * count))

    def is_open(self, i: int) -> bool:
        """Whether point i's steps are those of a CT that is not closed."""
        return self._steps[i] >= _STEPS

    def update(self, values: Readings) -> Steps:
        """Look at a report's readings.Readings: a generator that yields after some points. What
        was not wholly measured is compared with nothing."""
        if not self._phases:
            return
        rest = [0] * 9  # of each phase: W and var that nothing explains, VA of all changes
        unknown = 0  # phases of which something was not measured, as bits
        for i in range(len(self._points)):
            if i % _POINTS_AT_ONCE == _POINTS_AT_ONCE - 1:
                yield
            phase = self._points[i].phase
            step = self._note(i, values, rest, 3 * phase)
            if step is None:
                unknown |= 1 << phase
            else:
                rest[3 * phase + 2] += step
        for i in range(len(self._points)):
            phase = self._points[i].phase
            if self._switched[i] and not unknown >> phase & 1:
                yield
                self._compare(i, *(value / 100 for value in rest[3 * phase : 3 * phase + 3]))

    def _note(self, i, values, rest, at):
        """Note a point's change, and in `rest` from `at` on what it leaves; returns how large it
        is, 0.01 VA, or None when it is not known."""
        change, before, rates = self._change, self._before, values.rates
        whole = not values.sums[SUMS * i + MISSED]
        known = whole
        most = _OWN_VA
        step = 0
        for k in range(2):
            now = rates[RATES * i + POWER + k] if whole else UNKNOWN  # REACTIVE is behind it
            last, before[2 * i + k] = before[2 * i + k], now
            if now == UNKNOWN or last == UNKNOWN:
                # Of a meter that reads no reactive power none has changed while its power has not.
                known = known and k == 1 and self._points[i].metered and step <= most
                change[2 * i + k] = 0
                continue
            most += max(abs(now), abs(last)) // _OWN
            change[2 * i + k] = moved = max(-_MAX, min(_MAX, now - last))
            step += abs(moved)
            rest[at + k] += moved if self._grid[i] else -moved
        self._switched[i] = known and step > most
        return step if known else None

    def _compare(self, i, rest_power, rest_reactive, all_changes):
        """Compare a step of point i with that of the grid which nothing else explains; W, var,
        VA."""
        point = self._points[i]
        if point.type[:3] != "SCT" or point.gateway or point.phase not in self._phases:
            return
        sign = -1 if self._grid[i] else 1
        p, q = self._change[2 * i] / 100, self._change[2 * i + 1] / 100
        true_p, true_q = p + sign * rest_power, q + sign * rest_reactive
        square = true_p * true_p + true_q * true_q
        if square <= max(_TRUE_VA, _OTHERS * all_changes) ** 2:
            return
        # The current's ratio to the true one: in phase with it, and leading it.
        in_phase = (p * true_p + q * true_q) / square
        leading = (p * true_q - q * true_p) / square
        share = sqrt(in_phase * in_phase + leading * leading)
        steps = self._steps[i]
        if share > _MAX_SHARE:
            steps = 0
        elif leading > 0 and abs(in_phase / share - share) < _CIRCLE:
            if not steps:
                self.share[i] = share
            steps += 1 if 0.67 < share / self.share[i] < 1.5 else -1
        self._steps[i] = min(steps, 2 * _STEPS)
