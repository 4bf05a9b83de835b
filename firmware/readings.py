"""What a report says of each point: rates in SI units and exact sums, all points' in two arrays.

Owns the readings. As objects with attributes of their own they took three times as much heap.
"""

from array import array

from micropython import const

_RATES = const(7)
_SUMS = const(8)
_NONE = float("nan")  # in the array, for None


def _rate(k):
    def get(self):
        value = self._rates[self._i * _RATES + k]
        return value if value == value else None

    def put(self, value):
        self._rates[self._i * _RATES + k] = _NONE if value is None else value

    return property(get, put)


def _sum(k):
    def get(self):
        return self._sums[self._i * _SUMS + k]

    def put(self, value):
        self._sums[self._i * _SUMS + k] = value

    return property(get, put)


class Reading:
    """One point over a report: W, var, VA, power factor (-1 to 1), `angle` by which the current
    lags the voltage (of Q and P, degrees, -180 to 180), A, V. None: not measured (or, of `factor`
    and `angle`, no current).

    `imported` and `exported`: sums of voltage x current in counts, exact, both at least 0; the
    same of the fundamental's reactive power by the quadrants of IEC 62053-23: quadrant(0) to
    quadrant(3), import lagging, export lagging, export leading, import leading. All after a
    reversed CT and its phase error are put right. Of a metered point `imported` and `exported` are
    the Wh that its meter has counted since the last report. `count`: samples measured, `missed`:
    samples that did not arrive. `saturated`: the current was beyond what the CT's input can tell.
    """

    power = _rate(0)
    reactive = _rate(1)
    apparent = _rate(2)
    factor = _rate(3)
    angle = _rate(4)
    current = _rate(5)
    voltage = _rate(6)
    imported = _sum(0)
    exported = _sum(1)
    count = _sum(2)
    missed = _sum(3)

    def __init__(self, rates, sums, saturated, i):
        self._rates = rates
        self._sums = sums
        self._saturated = saturated
        self._i = i
        self.clear()

    def clear(self):
        for k in range(_RATES):
            self._rates[self._i * _RATES + k] = _NONE
        for k in range(_SUMS):
            self._sums[self._i * _SUMS + k] = 0

    @property
    def saturated(self):
        return self._saturated[self._i] != 0

    @saturated.setter
    def saturated(self, value):
        self._saturated[self._i] = value

    def quadrant(self, q):
        return self._sums[self._i * _SUMS + 4 + q]

    def add_quadrant(self, q, value):
        self._sums[self._i * _SUMS + 4 + q] += value


def make(count):
    """A list of so many readings."""
    rates = array("f", bytes(4 * _RATES * count))
    sums = array("q", bytes(8 * _SUMS * count))
    saturated = bytearray(count)
    return [Reading(rates, sums, saturated, i) for i in range(count)]
