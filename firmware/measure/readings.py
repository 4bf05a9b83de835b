"""What a report says of each point: rates as scaled integers and exact sums, all points' in two
arrays.

Owns the readings. Messages are written from the arrays, so that a number costs no heap; a Reading
shows one point's as floats, each of which takes 16 bytes.
"""

from array import array

import micropython
from micropython import const

# `rates` has RATES words for each point, in these units. UNKNOWN stands for None.
RATES = const(7)
POWER = const(0)  # 0.01 W
REACTIVE = const(1)  # 0.01 var
APPARENT = const(2)  # 0.01 VA
FACTOR = const(3)  # 0.0001
ANGLE = const(4)  # 0.1 degree
CURRENT = const(5)  # 0.01 mA: 21 kA at most, the peak of the largest coil
VOLTAGE = const(6)  # 0.01 V
UNKNOWN = -(1 << 31)
SCALES = (100, 100, 100, 10000, 10, 100000, 100)

# `sums` has SUMS values of 64 bits for each point.
SUMS = const(8)
IMPORTED, EXPORTED, COUNT, MISSED, QUADRANT = 0, 1, 2, 3, 4

_MAX = const(0x7FFFFFFF)


def scaled(value: float | None, scale: float) -> int:
    """A float, or None, as the arrays have it."""
    return UNKNOWN if value is None else whole(value * scale)


def whole(value: float) -> int:
    """The nearest integer; UNKNOWN where it has more than 32 bits: a wrong number would not be
    seen."""
    value = round(value)
    return value if -_MAX <= value <= _MAX else UNKNOWN


def real(value: int, scale: float) -> float | None:
    """The float, or None, of an item of the arrays."""
    return None if value == UNKNOWN else value / scale


def _rate(k):
    def get(self):
        return real(self._rates[self._i * RATES + k], SCALES[k])

    def put(self, value):
        self._rates[self._i * RATES + k] = scaled(value, SCALES[k])

    return property(get, put)


def _sum(k):
    def get(self):
        return self._sums[self._i * SUMS + k]

    def put(self, value):
        self._sums[self._i * SUMS + k] = value

    return property(get, put)


class Reading:
    """One point over a report: W, var, VA, power factor (-1 to 1), `angle` by which the current
    lags the voltage (of Q and P, degrees, -180 to 180), A, V. None: not measured (or, of `factor`
    and `angle`, no current).

    `imported` and `exported`: sums of voltage x current in counts, exact, both at least 0; the
    same of the fundamental's reactive power by the quadrants of IEC 62053-23: quadrant(0) to
    quadrant(3), import lagging, export lagging, export leading, import leading. All after a
    reversed CT and its phase error are put right. Of a metered point `imported` and `exported` are
    the J that its meter has counted since the last report. `count`: samples measured, `missed`:
    samples that did not arrive. `saturated`: the current was beyond its input's range.
    """

    power = _rate(POWER)
    reactive = _rate(REACTIVE)
    apparent = _rate(APPARENT)
    factor = _rate(FACTOR)
    angle = _rate(ANGLE)
    current = _rate(CURRENT)
    voltage = _rate(VOLTAGE)
    imported = _sum(IMPORTED)
    exported = _sum(EXPORTED)
    count = _sum(COUNT)
    missed = _sum(MISSED)

    def __init__(self, rates: Words, sums: Words, saturated: bytearray, i: int):
        self._rates = rates
        self._sums = sums
        self._saturated = saturated
        self._i = i

    def clear(self) -> None:
        """Nothing was measured."""
        for k in range(self._i * RATES, (self._i + 1) * RATES):
            self._rates[k] = UNKNOWN
        for k in range(self._i * SUMS, (self._i + 1) * SUMS):
            self._sums[k] = 0

    @property
    def saturated(self) -> bool:
        return self._saturated[self._i] != 0

    @saturated.setter
    def saturated(self, value: bool) -> None:
        self._saturated[self._i] = value

    def quadrant(self, q: int) -> int:
        return self._sums[self._i * SUMS + QUADRANT + q]


@micropython.viper
def _fill(words: ptr32, count: int, value: int):
    while count:
        words[0] = value
        words = ptr32(int(words) + 4)
        count -= 1


class Readings:
    """Of `count` points: `rates`, `sums` as above, `saturated` (1 or 0 each); `points`: a Reading
    of each."""

    def __init__(self, count: int):
        self.rates = array("i", [UNKNOWN] * (RATES * count))
        self.sums = array("q", bytes(8 * SUMS * count))
        self.saturated = bytearray(count)
        self.points = [Reading(self.rates, self.sums, self.saturated, i) for i in range(count)]

    def clear(self) -> None:
        """Nothing was measured of any point."""
        _fill(self.rates, len(self.rates), UNKNOWN)
        _fill(self.sums, 2 * len(self.sums), 0)
