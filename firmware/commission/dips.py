"""What each point's current takes from the voltages when it changes.

A supply has an impedance, so a load pulls down the voltage of its own phase, whatever its power
factor is, and that of others less. Owns the sums of that.
"""

from array import array

from micropython import const

REACTIVE = 0.4  # what reactive power takes, compared with active power
_SLOW = 0.02  # of the noise's mean
_OUTLIER = 4.0
_FIRST_NOISE = 0.001  # of the voltage
_TRUST = 0.3  # the noise is not that of a textbook
_MAX_AGAINST = 14.0  # a log: less likely than the best one no hypothesis gets
_ENOUGH = const(6)  # changes: something else may have switched with some of them
FULL = 30000.0  # A x A; then all are halved: a CT may be moved


class Dips:
    """count: of points. `noise`: of each voltage the mean size of a change while nothing
    switches, V."""

    def __init__(self, count: int):
        # Of each point and voltage: changes of the voltage times those of the current, and the
        # latter's squares.
        self._products = array("f", [0.0] * (3 * count))
        self._squares = array("f", [0.0] * (3 * count))
        self._events = bytearray(count)
        self.noise = array("f", [0.0] * 3)

    def calm(self, changes: Sequence[float], volts: Sequence[complex]) -> None:
        """Nothing has switched, and the voltages have changed so."""
        for j in range(len(volts)):
            noise = self.noise[j] or _FIRST_NOISE * abs(volts[j])
            noise += _SLOW * (min(abs(changes[j]), _OUTLIER * noise) - noise)
            self.noise[j] = noise

    def note(
        self,
        i: int,
        current: complex,
        changes: Sequence[float],
        volts: Sequence[complex],
        share: float,
    ) -> None:
        """Point i's current, conjugated, has changed by `current` (A, as its CT sees it) and the
        voltages by `changes` (V). share: by which both are taken."""
        self._events[i] = min(_ENOUGH, self._events[i] + 1)
        for j in range(len(volts)):
            volt = volts[j]
            power = volt * current
            size = abs(volt)
            x = share * (power.real + REACTIVE * power.imag) / size
            self._products[3 * i + j] -= share * changes[j] * x
            self._squares[3 * i + j] += x * x
        if max(self._squares[3 * i : 3 * i + 3]) > FULL:
            for k in range(3 * i, 3 * i + 3):
                self._products[k] /= 2
                self._squares[k] /= 2

    def write_likelihoods(
        self, i: int, weights: Sequence[Sequence[float]], into: Floats, first: int
    ) -> None:
        """Add to `into`, from `first` on, the logs of how well point i's dips fit each
        hypothesis. weights: see hypotheses.Kind."""
        gains = []
        for row in weights:
            over, under = 0.0, 0.0
            for j in range(len(row)):
                noise = self.noise[j]
                if noise:
                    weight = row[j] / (noise * noise)
                    over += weight * self._products[3 * i + j]
                    under += weight * row[j] * self._squares[3 * i + j]
            gain = _TRUST * over * over / (2 * under) if under else 0.0
            gains.append(gain if over > 0 else 0.0)
            gains.append(gain if over < 0 else 0.0)
        most = max(gains)
        limit = _MAX_AGAINST * self._events[i] / _ENOUGH
        for h in range(len(gains)):
            into[first + h] += max(-limit, gains[h] - most)
