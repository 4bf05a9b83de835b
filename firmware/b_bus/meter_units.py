"""Whether what a meter says can be: a unit or a scale of its profile that is wrong by a factor
gives values that cannot be, or not beside each other; a converter that answers from its memory
gives the same ones for ever (docs/b-bus.md section 8).

Owns for how many reads something has not fitted. Allocates a few floats a read.
"""

from math import sqrt

from micropython import const

_READS = const(5)  # in a row that must say the same: a load may switch between two requests
_LEAST_VOLTS = 40  # less is no nominal voltage (57.7 to 690 V), more than 1000 V is never taken
_THOUSANDTH = (0.05, 1.0)  # V: what a nominal voltage is in kV
_LEAST_HERTZ, _LINE_HERTZ = 10, (15, 100)
_WATTS = 100  # what the steps of small currents and powers may come to
_LOAD = 300  # VA that say something of a power that is too small
_FACTOR = 20  # by which S, or P and Q together, are no part of V x I any more,
_ALONE = 300  # and P alone: a capacitor's is small too
_MAX_ALIKE = const(10)  # a counter and the power differ by no more
_STEPS = const(20)  # of a counter, that say something of the power;
WATT_HOUR = const(9000000)  # of what energies are counted in here
_SLOW = const(10000 * WATT_HOUR)  # so much power says something of a counter: 10 kWh
_KEPT = const(40000 * WATT_HOUR)  # from so much on, or from so many steps, the past counts half
_KEPT_STEPS = const(200)
_UNITS = {"voltage": "V", "current": "A", "power": "W", "reactive": "var", "apparent": "VA"}
_UNITS["frequency"] = "Hz"
_WORDS = {"reactive": "reactive power", "apparent": "apparent power", "factor": "power factor"}


# So long, and while so much flows, some value changes: a coarse meter's counter at least.
_FROZEN_S = const(300)
_FROZEN_J = const(1800000)
_FROZEN = (
    "its values do not change at all, though power flows: does the converter before it answer "
    "from its memory? see the meter's supply and cable"
)


class Units:
    """phases: of the meter; wanted: those that points are measured with."""

    def __init__(self, phases: int, wanted: Iterable[int]):
        self._phases = phases
        self._wanted = {phase for phase in wanted if phase}
        self._same = self._since_s = 0  # what was read, and since when
        self._frozen = False
        self._reads = 0
        self._what = None  # (what does not fit, phase) of the last reads
        self._text = ""

    def watch(
        self, answers: Sequence[bytes], values: dict[tuple[str, int], float], now_s: int
    ) -> None:
        """Take the bytes of a read, before note()."""
        same = 0
        for answer in answers:
            same = same * 31 + hash(answer) & 0x3FFFFFFF
        if same != self._same:
            self._same, self._since_s = same, now_s
        passed = now_s - self._since_s
        watts = sum([abs(values.get(("power", phase), 0)) for phase in self._wanted])
        self._frozen = passed >= _FROZEN_S and passed * watts >= _FROZEN_J

    def note(
        self, values: dict[tuple[str, int], float], beyond: tuple[str, int, float] | None
    ) -> None:
        """Take a read: values as Meter.values, as they were read; beyond: (quantity, phase, value)
        of one that cannot be."""
        found = beyond and self._beyond(beyond)
        for phase in self._wanted:
            if not found and ("power", phase) not in values:
                say = "its power%s is not available: is that phase connected, and the register "
                say += "right in the profile?"
                found = (("none", phase), say % self._of(phase))
        said = False  # whether this read says that something fits
        if not found:
            found, said = self._frequency(values)
        for phase in range(1, self._phases + 1):
            if found:
                break
            found, fits = self._phase(values, phase)
            said = said or fits
        if found:
            what, self._text = found
            self._reads = min(self._reads + 1, _READS) if what == self._what else 1
            self._what = what
        elif said:
            self._reads = 0

    def doubt(self) -> str | None:
        """What does not fit, in words with the remedy; None when nothing is known of it."""
        if self._reads == _READS:
            return self._text
        return _FROZEN if self._frozen else None

    def _of(self, phase):
        return " of L%d" % phase if phase and self._phases > 1 else ""

    def _beyond(self, beyond):
        quantity, phase, value = beyond
        say = "its %s%s cannot be %g%s: see its type, word_order, unit and scale in the profile"
        name, unit = _WORDS.get(quantity, quantity), _UNITS.get(quantity)
        text = say % (name, self._of(phase), value, " " + unit if unit else "")
        return (quantity, phase), text

    def _frequency(self, values):
        """(what does not fit or None, whether something fits)"""
        for phase in range(self._phases + 1):
            hertz = values.get(("frequency", phase))
            if hertz is None:
                continue
            if 0 < hertz < _LEAST_HERTZ:
                return self._beyond(("frequency", phase, hertz)), False
            if _LINE_HERTZ[0] <= hertz <= _LINE_HERTZ[1]:
                low, high = _THOUSANDTH
                volts = [values.get(("voltage", 1 + k)) for k in range(self._phases)]
                if all(one is not None and low < one < high for one in volts):
                    return self._beyond(("voltage", 1, volts[0])), False
        return None, False

    def _phase(self, values, phase):
        """As _frequency()."""
        volts, amperes = values.get(("voltage", phase)), values.get(("current", phase))
        watts = values.get(("power", phase))
        if volts is None or amperes is None or watts is None:
            return None, False
        product, power = abs(volts * amperes), abs(watts)
        apparent, vars_ = values.get(("apparent", phase)), values.get(("reactive", phase))
        if power > 2 * product + _WATTS:
            if abs(volts) < _LEAST_VOLTS:
                return self._beyond(("voltage", phase, volts)), False
            alone = apparent is not None and apparent <= 2 * product + _WATTS
            return self._unlike("power" if alone else "power or current", phase, values), False
        for name, value in (("apparent", apparent), ("reactive", vars_)):
            if value is not None and abs(value) > 2 * product + _WATTS:
                return self._unlike(name, phase, values), False
        if product < _LOAD:
            return None, False
        if apparent is not None and apparent * _FACTOR < product:
            return self._unlike("power or current" if power <= 2 * apparent else "apparent",
                                phase, values), False  # fmt: skip
        if vars_ is not None:
            if sqrt(power * power + vars_ * vars_) * _FACTOR < product:
                return self._unlike("power or current", phase, values), False
        elif apparent is None and power * _ALONE < product:
            return self._unlike("power or current", phase, values), False
        factor = values.get(("factor", phase))
        if factor is not None and abs(factor) * product > _FACTOR * power + _WATTS:
            return self._unlike("power or current", phase, values), False
        return None, True

    def _unlike(self, name, phase, values):
        said = [values["voltage", phase], values["current", phase]]
        shown = name if name in ("apparent", "reactive") else "power"
        said += [values[shown, phase], _UNITS[shown]]
        say = "%g V, %g A and %g %s%s cannot be together: see unit and scale of its %s in the "
        say += "profile, and the transformers' ratio if it has some"
        word = _WORDS.get(name, name)
        return (name, phase), say % (said[0], said[1], said[2], said[3], self._of(phase), word)


class Pace:
    """Whether a counter advances as the powers say. Energies: whole numbers, as WATT_HOUR."""

    def __init__(self, name: str):
        self._name = name
        self._counted = self._least = self._most = 0

    def note(self, more: int, step: int, least: float, most: float) -> None:
        """It has advanced by `more` while the powers came to something between `least`, their
        balance, and `most`; all at least 0. step: of its last digit."""
        self._counted += more
        self._least += int(least)
        self._most += int(most)
        much = _KEPT_STEPS * step
        if self._counted > much and self._most > much or self._least > _KEPT:
            self._counted >>= 1
            self._least >>= 1
            self._most >>= 1

    def doubt(self, step: int) -> str | None:
        """As Units.doubt()."""
        counted = self._counted
        if counted > _STEPS * step + _MAX_ALIKE * self._most:
            how = "far more"
        elif self._least > max(_SLOW, _MAX_ALIKE * counted + _STEPS * step):
            how = "far less"
        else:
            return None
        say = "its counter of %s counts %s than its power comes to: see unit, scale and sign of "
        return (say + "%s and power in the profile") % (self._name, how, self._name)
