"""At which angles each point's current has been seen, and how well these fit its role.

Owns a count of each ten degrees. A load that runs for years says no more than one that ran for
some minutes: each angle counts once.
"""

from array import array
from math import atan2, log, pi

from micropython import const

BINS = const(36)
_PER_RADIAN = BINS / (2 * pi)
_ENOUGH = const(2)  # reports at an angle until it counts
_FULL = const(250)
# How often a load's current lags its voltage so far, by tens of degrees from 0 on, and leads it:
# heating, electronics with and without correction of the power factor, motors, an idle filter.
_LAG = (0.55, 0.14, 0.07, 0.045, 0.035, 0.03, 0.015, 0.008, 0.004, 0.0005)
_LEAD = (0.55, 0.14, 0.06, 0.03, 0.015, 0.008, 0.005, 0.004, 0.003, 0.0005)
# Of a load that takes the same from three phases. Where it leads, or lags much, another phase and
# all turned fits nearly as well; a substation's lines lead by 18 to 38 degrees.
_LAG_ALIKE = (0.5, 0.15, 0.07, 0.06, 0.06, 0.04, 0.015, 0.004, 0.002, 0.0001)
_LEAD_ALIKE = (0.5, 0.12, 0.03, 0.02, 0.02, 0.005, 0.002, 0.0003, 0.0001, 0.0001)
# A circuit gives: a plant that is not in the site may be behind it. Solar takes: its inverter
# idles, or charges a battery.
_SELDOM = 0.001
_SELDOM_ALIKE = 0.0001
_TRUST = 0.6  # in angles after the first: those of one load are not independent


def _table(lag, lead, seldom):
    logs = array("f", [log(seldom)] * BINS)
    for k in range(len(lag)):
        logs[k] = max(logs[k], log(lag[k]))
        logs[-k] = max(logs[-k], log(lead[k]))
    return logs


def _both(logs):
    """Either way."""
    half = BINS // 2
    return array("f", [max(logs[k], logs[(k + half) % BINS]) for k in range(BINS)])


class Angles:
    """count: of points."""

    def __init__(self, count: int):
        self._seen = bytearray(BINS * count)
        self._consumes = _table(_LAG, _LEAD, _SELDOM)
        self._alike = _table(_LAG_ALIKE, _LEAD_ALIKE, _SELDOM_ALIKE)
        self._battery = _both(self._consumes)
        self._peaks: list[int] = []

    def note(self, i: int, power: complex) -> None:
        """Point i has this power (real: active; imaginary: reactive), steadily."""
        k = i * BINS + round(atan2(power.imag, power.real) * _PER_RADIAN) % BINS
        seen = self._seen
        if seen[k] == _FULL:
            for other in range(i * BINS, (i + 1) * BINS):
                seen[other] >>= 1
        seen[k] += 1

    def look_at(self, i: int) -> None:
        """likelihood() is point i's from now on: of its angles that were seen more often than
        those beside them."""
        seen, first = self._seen, BINS * i
        self._peaks = []
        before = seen[first + BINS - 1]
        for k in range(BINS):
            here = seen[first + k]
            if here >= _ENOUGH and here >= before and here > seen[first + (k + 1) % BINS]:
                self._peaks.append(k)
            before = here

    def likelihood(self, role: str, turn: int, blur: int, alike: bool) -> float:
        """Log of how well what was seen of the point fits its role where its power is turned by
        `turn` bins; 0 where nothing was seen. blur: bins by which it may be off;
        alike: it takes the same from three phases."""
        seldom = self._consumes[BINS // 2]
        logs = self._alike if alike and role == "circuit" else self._consumes
        if role == "battery":
            logs = self._battery
        if role == "solar":
            turn += BINS // 2
        total = least = 0.0
        for peak in self._peaks:
            k = peak + turn
            log_ = max([logs[(k + off) % BINS] for off in range(-blur, blur + 1)])
            if alike and log_ == seldom:
                log_ = log(_SELDOM_ALIKE)
            total += log_
            least = min(least, log_)
        return _TRUST * total + (1 - _TRUST) * least

    def is_empty(self, i: int) -> bool:
        """Whether no current was seen of point i."""
        return not any(self._seen[i * BINS : (i + 1) * BINS])
