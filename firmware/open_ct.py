"""CTs that are not closed, told by what they see of a load's switching.

The air gap of an open split core leaves it a fraction k of its inductance's effect: it sees the
current k times as large and leading by an angle phi, and both come from the same ratio of
inductance to burden, so that k = cos(phi). A true current can be small, and can lead; but then the
grid changes by as much. So each step of a point is compared with the step of the grid on its phase
that no other point explains. Owns that comparison. Called once a report; allocates floats.
"""

from array import array
from math import sqrt

from micropython import const

_STEPS = const(4)  # that must agree
_OWN_VA = 1.0  # smaller steps of a point are not looked at,
_OWN = 0.2  # nor those of less than this share of its power: the voltage makes such,
_TRUE_VA = 100.0  # nor those of less than this on the grid,
_OTHERS = 0.1  # or than this share of all that changes on the phase
_MOST = 0.8  # of the current: from here on a CT's own errors would do
_CIRCLE = 0.15  # how far k may be from cos(phi)
_NAN = float("nan")


class OpenCts:
    """`share[i]`: how much point i sees of its current (0 to 1), when `is_open(i)`.

    Needs the grid measured on the point's phase, and phases that carry their own currents: tells
    nothing in a delta site, nor of Rogowski coils and Solid Cores, which have no core to open.
    """

    def __init__(self, site):
        count = len(site.points)
        self.share = array("f", [1.0] * count)
        self._points = site.points
        self._grid = bytes(site.loads[point.load].role == "grid" for point in site.points)
        self._phases = [
            point.phase
            for point, grid in zip(site.points, self._grid)
            if grid and site.phase_type != "THREE_DELTA"
        ]
        self._steps = bytearray(count)
        self._switched = bytearray(count)
        self._before = array("f", [_NAN] * (2 * count))  # W and var of the report before
        self._change = array("f", [0.0] * (2 * count))

    def is_open(self, i):
        """Whether point i's steps are those of a CT that is not closed."""
        return self._steps[i] >= _STEPS

    def update(self, readings):
        """Look at a report. What was not wholly measured is compared with nothing."""
        if not self._phases:
            return
        change, before = self._change, self._before
        rest = [0.0] * 9  # of each phase: W and var that nothing explains, VA of all changes
        for i in range(len(readings)):
            reading, at = readings[i], 3 * self._points[i].phase
            whole = not reading.missed and reading.reactive is not None
            sign = 1 if self._grid[i] else -1
            most = _OWN_VA
            for k in range(2):
                now = (reading.reactive if k else reading.power) if whole else _NAN
                most += _OWN * max(abs(now), abs(before[2 * i + k]))
                change[2 * i + k] = now - before[2 * i + k]
                before[2 * i + k] = now
                rest[at + k] += sign * change[2 * i + k]
            step = abs(change[2 * i]) + abs(change[2 * i + 1])
            rest[at + 2] += step
            self._switched[i] = step > most
        for i in range(len(readings)):
            if self._switched[i]:
                at = 3 * self._points[i].phase
                self._compare(i, rest[at], rest[at + 1], _OTHERS * rest[at + 2])

    def _compare(self, i, rest_power, rest_reactive, least):
        """Compare a step of point i with that of the grid which nothing else explains."""
        point = self._points[i]
        if point.type[:3] != "SCT" or point.phase not in self._phases:
            return
        sign = -1 if self._grid[i] else 1
        p, q = self._change[2 * i], self._change[2 * i + 1]
        true_p, true_q = p + sign * rest_power, q + sign * rest_reactive
        square = true_p * true_p + true_q * true_q
        if not square > max(_TRUE_VA, least) ** 2:  # not a number is not more
            return
        # The current's ratio to the true one: in phase with it, and leading it.
        in_phase = (p * true_p + q * true_q) / square
        leading = (p * true_q - q * true_p) / square
        share = sqrt(in_phase * in_phase + leading * leading)
        steps = self._steps[i]
        if share > _MOST:
            steps = 0
        elif leading > 0 and abs(in_phase / share - share) < _CIRCLE:
            if not steps:
                self.share[i] = share
            steps += 1 if 0.67 < share / self.share[i] < 1.5 else -1
        self._steps[i] = min(steps, 2 * _STEPS)
