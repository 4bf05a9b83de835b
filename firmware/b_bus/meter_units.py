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
_ANY_VOLTS = (100, 40000)  # where a meter says none: those of a house to those of a transformer
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
_WORDS["power or apparent"] = "power or apparent power"


# So long, and while so much flows, some value changes: a coarse meter's counter at least.
_FROZEN_S = const(300)
_FROZEN_J = const(1800000)
_FROZEN = (
    "its values do not change at all, though power flows: does the converter before it answer "
    "from its memory? see the meter's supply and cable"
)


class Units:
    """phases: of the meter."""

    def __init__(self, phases: int):
        self._phases = phases
        self._wanted = set()
        self._most = 0
        self._same = self._since_s = 0  # what was read, and since when
        self._frozen = False
        self._reads = 0
        self._what = None  # (what does not fit, phase) of the last reads
        self._text = ""
        self._of_load = False  # whether it was found beside a load

    def want(self, wanted: Iterable[int], most: int) -> None:
        """wanted: the phases that points are measured with; most: W, more than the site's
        connection can carry, 0 where that is not known."""
        wanted = {phase for phase in wanted if phase}
        if wanted != self._wanted:
            self._reads = 0  # what it has said may be of a phase that nobody wants any more
        self._wanted = wanted
        self._most = most

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
        of_load = False
        for phase in range(1, self._phases + 1):
            if found:
                break
            found, fits = self._phase(values, phase)
            of_load = bool(found)
            found = found or self._much(values, phase)
            said = said or fits
        if found:
            what, self._text = found
            self._reads = min(self._reads + 1, _READS) if what == self._what else 1
            self._what, self._of_load = what, of_load
        elif said or not self._of_load:
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
        apparent, vars_ = values.get(("apparent", phase)), values.get(("reactive", phase))
        if watts is None:
            return None, False
        if apparent is not None:
            apparent = abs(apparent)  # some give it the sign of the power
        power = abs(watts)
        if amperes is not None:
            least, most = _ANY_VOLTS if volts is None else (abs(volts), abs(volts))
            product, greatest = abs(amperes) * least, abs(amperes) * most
        elif apparent is not None:
            product = greatest = apparent
        else:
            return None, False
        if power > 2 * greatest + _WATTS:
            if amperes is None:
                return self._unlike("power or apparent", phase, values), False
            if volts is not None and abs(volts) < _LEAST_VOLTS:
                return self._beyond(("voltage", phase, volts)), False
            alone = apparent is not None and apparent <= 2 * greatest + _WATTS
            return self._unlike("power" if alone else "power or current", phase, values), False
        for name, value in (("apparent", apparent), ("reactive", vars_)):
            if value is not None and abs(value) > 2 * greatest + _WATTS:
                return self._unlike(name, phase, values), False
        if product < _LOAD:
            return None, False
        doubtful = "power or apparent" if amperes is None else "power or current"
        if apparent is not None and apparent * _FACTOR < product:
            return self._unlike("power or current" if power <= 2 * apparent else "apparent",
                                phase, values), False  # fmt: skip
        if vars_ is not None:
            if sqrt(power * power + vars_ * vars_) * _FACTOR < product:
                return self._unlike(doubtful, phase, values), False
        elif (apparent is None or amperes is None) and power * _ALONE < product:
            return self._unlike(doubtful, phase, values), False
        factor = values.get(("factor", phase))
        if factor is not None and abs(factor) * product > _FACTOR * power + _WATTS:
            return self._unlike(doubtful, phase, values), False
        return None, True

    def _much(self, values, phase):
        """What does not fit the site, or None."""
        watts = values.get(("power", phase), 0)
        if not self._most or abs(watts) <= self._most:
            return None
        say = "its power%s of %g W is more than the grid's CTs are for: see unit and scale of its "
        say += "power in the profile"
        return ("most", phase), say % (self._of(phase), watts)

    def _unlike(self, name, phase, values):
        shown = name if name in ("apparent", "reactive") else "power"
        beside = [one for one in ("voltage", "current") if (one, phase) in values]
        if "current" not in beside:
            beside = ["apparent"]
        beside = ", ".join(["%g %s" % (values[one, phase], _UNITS[one]) for one in beside])
        say = "%s and %g %s%s cannot be together: see unit and scale of its %s in the "
        say += "profile, and the transformers' ratio if it has some"
        said = (beside, values[shown, phase], _UNITS[shown], self._of(phase))
        return (name, phase), say % (said + (_WORDS.get(name, name),))


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
