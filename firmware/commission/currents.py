"""Each point's current as a phasor, of this report, the one before and one a while ago, and which
of them have switched in between.

Owns these. They are integers, so that native code goes through all points in some tens of
microseconds and leaves nothing on the heap.
"""

from array import array

import micropython
from micropython import const

from measure.readings import MISSED, POWER, UNKNOWN

AMPERE = 100000  # 0.01 mA
_SWITCHED_VA = 25.0  # what changes by less has not switched; nor has, in _look, what changes by
# less than 5/64 of its current.
_FLOOR = const(80)  # of AMPERE, of 4 A rated: what changes by less is a CT's own noise
_RATED_PPM = const(4000000)
MIDDLE = const(32768)  # of 16 bits: what is nothing in scale()
NOT_COMPARED = const(255)  # as a floor
# Bits of what a current has done, in `moves`.
_SWITCHED = const(1)
_CHANGED = const(2)
_INVERSE = AMPERE / 100 * (1 << 12)  # of 1 / U: powers are in 0.01 W, and see _take
_LEAST_VOLT = 20.0  # with less, _INVERSE / U times 12 bits is beyond 32
_RATES_BYTES = const(4 * 7)  # of a point in readings.Readings
_SUMS_BYTES = const(8 * 8)
# Words of a phasor, and of a point's rates from its power on.
_X = const(0)
_Y = const(1)
_P = const(0)
_Q = const(1)


@micropython.viper
def _take(now: ptr32, rates: ptr32, missed: ptr32, phases: ptr8, inverse: ptr32, count: int):
    """Write the currents: of each point (P + jQ) / U. `rates` and `missed` lie at those of the
    first point; inverse: of each phase 1 / U."""
    sign = 1
    sign = sign << 31  # as a constant it would be an object
    word = (sign << 1) - 1
    while count:
        p = rates[_P] & word
        q = rates[_Q] & word
        if p == sign or q == sign or missed[0]:
            now[_X] = sign
        else:
            # Where words have 64 bits, loads are not sign-extended.
            p = (p ^ sign) - sign
            q = (q ^ sign) - sign
            at = ptr32(int(inverse) + 8 * phases[0])
            x = ((at[_X] & word) ^ sign) - sign
            y = ((at[_Y] & word) ^ sign) - sign
            now[_X] = (p >> 12) * x - (q >> 12) * y + (((p & 4095) * x - (q & 4095) * y) >> 12)
            now[_Y] = (p >> 12) * y + (q >> 12) * x + (((p & 4095) * y + (q & 4095) * x) >> 12)
        now = ptr32(int(now) + 8)
        rates = ptr32(int(rates) + _RATES_BYTES)
        missed = ptr32(int(missed) + _SUMS_BYTES)
        phases = ptr8(int(phases) + 1)
        count -= 1


@micropython.viper
def _look(
    moves: ptr8, floors: ptr8, now: ptr32, before: ptr32, most: ptr32, least: int, count: int
) -> int:
    """Write what each point's current has done; whether any has switched. most: the largest part
    of a change."""
    sign = 1
    sign = sign << 31
    word = (sign << 1) - 1
    found = 0
    largest = 0
    while count:
        move = 0
        x = now[_X] & word
        u = before[_X] & word
        if x != sign and u != sign:
            u = ((u - x & word) ^ sign) - sign
            v = ((before[_Y] - now[_Y] & word) ^ sign) - sign
            u = 0 - u if u < 0 else u
            v = 0 - v if v < 0 else v
            if u + v > _FLOOR * floors[0] and floors[0] != NOT_COMPARED:
                move = _CHANGED
                largest = u if u > largest else largest
                largest = v if v > largest else largest
            x = (x ^ sign) - sign
            y = ((now[_Y] & word) ^ sign) - sign
            x = (0 - x if x < 0 else x) + (0 - y if y < 0 else y)
            if u + v > least and u + v > (x >> 4) + (x >> 6):
                move += _SWITCHED
                found = 1
        moves[0] = move
        moves = ptr8(int(moves) + 1)
        floors = ptr8(int(floors) + 1)
        now = ptr32(int(now) + 8)
        before = ptr32(int(before) + 8)
        count -= 1
    most[0] = largest
    return found


@micropython.viper
def _scale(
    into: ptr16, moves: ptr8, floors: ptr8, now: ptr32, before: ptr32, shift: int, count: int
):
    """Write by how much each has changed since `before`, shifted, with MIDDLE added: those that
    are not compared too, but no other one that has not changed."""
    sign = 1
    sign = sign << 31
    word = (sign << 1) - 1
    while count:
        into[_X] = MIDDLE
        into[_Y] = MIDDLE
        if moves[0] & _CHANGED or floors[0] == NOT_COMPARED:
            into[_X] = MIDDLE + ((((now[_X] - before[_X] & word) ^ sign) - sign) >> shift)
            into[_Y] = MIDDLE + ((((now[_Y] - before[_Y] & word) ^ sign) - sign) >> shift)
        into = ptr16(int(into) + 4)
        moves = ptr8(int(moves) + 1)
        floors = ptr8(int(floors) + 1)
        now = ptr32(int(now) + 8)
        before = ptr32(int(before) + 8)
        count -= 1


def floor(point: Point) -> int:
    """Below which change (_FLOOR) a point's current has not changed; NOT_COMPARED where it is
    measured elsewhere, at other instants."""
    if point.metered:
        return NOT_COMPARED
    return min(NOT_COMPARED - 1, point.rated * point.ratio_ppm // _RATED_PPM)


class Currents:
    """Conjugated, as they follow from P + jQ and the voltage of the point's phase: they are
    compared with each other alone. phases: of each point; floors: below which change a point's
    current has not changed, see floor().

    `now`, `before`, `ago`: of each point two words, real and imaginary, in 1 / AMPERE; the first
    is UNKNOWN where the point was not wholly measured. `most`: the largest part of a change that
    look() has seen."""

    def __init__(self, phases: bytes, floors: Bytes):
        self._phases = phases
        self._floors = floors
        self.now = array("i", [UNKNOWN] * (2 * len(phases)))
        self.before = array("i", self.now)
        self.ago = array("i", self.now)
        self._moves = bytearray(len(phases))
        self._most = array("i", [0])
        self._inverse = array("i", bytes(4 * 2 * 3))
        self._least = 0

    def take(self, values: Readings, volts: Sequence[complex]) -> bool:
        """Take a report; False: with such voltages nothing can be said. volts: their phasors,
        V rms."""
        for k in range(len(volts)):
            if abs(volts[k]) < _LEAST_VOLT:
                return False
            one = _INVERSE / volts[k]
            self._inverse[2 * k], self._inverse[2 * k + 1] = round(one.real), round(one.imag)
        self._least = int(AMPERE * _SWITCHED_VA / abs(volts[0]))
        self.now, self.before = self.before, self.now
        rates, missed = memoryview(values.rates)[POWER:], memoryview(values.sums)[MISSED:]
        _take(self.now, rates, missed, self._phases, self._inverse, len(self._phases))
        return True

    def keep(self) -> None:
        """This report is the one of a while ago from now on."""
        self.ago[:] = self.now

    def look(self, before: Words) -> bool:
        """Find what has switched, and what has changed, since `before`, which is `before` or
        `ago`; whether any has switched."""
        count = len(self._phases)
        return bool(
            _look(self._moves, self._floors, self.now, before, self._most, self._least, count)
        )

    def has_switched(self, i: int) -> bool:
        """By look()."""
        return bool(self._moves[i] & _SWITCHED)

    def has_changed(self, i: int) -> bool:
        """The same, by more than a CT's own noise; never where it is not compared."""
        return bool(self._moves[i] & _CHANGED)

    def scale(self, into: Words, before: Words, shift: int) -> None:
        """Write into `into` (two halfwords a point) by how much each current has changed since
        `before`, of which look() was asked: in 2 ** shift of `now`'s, with MIDDLE added. MIDDLE
        where it has not; where it is not compared, whatever it has done."""
        count = len(self._phases)
        _scale(into, self._moves, self._floors, self.now, before, shift, count)

    @property
    def most(self) -> int:
        return self._most[0]

    def knows(self, i: int) -> bool:
        return self.now[2 * i] != UNKNOWN and self.before[2 * i] != UNKNOWN

    def of(self, points: Sequence[int], least: float) -> list[complex]:
        """Their currents, A; empty where one is not known or is below `least`."""
        found = []
        for i in points:
            x = self.now[2 * i]
            one = complex(x, self.now[2 * i + 1]) / AMPERE
            if x == UNKNOWN or abs(one) < least:
                return []
            found.append(one)
        return found

    def change(self, i: int, before: Words) -> complex | None:
        """By how much it has changed since `before`, A; None: not known."""
        x, u = self.now[2 * i], before[2 * i]
        if x == UNKNOWN or u == UNKNOWN:
            return None
        return complex(x - u, self.now[2 * i + 1] - before[2 * i + 1]) / AMPERE
