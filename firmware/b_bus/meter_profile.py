"""Profiles of meters of other makers (docs/b-bus.md section 8): where their registers are, what
they mean, and how the meter is spoken to.

Owns the reading of profiles and the grouping of their registers into requests.
"""

import json
import sys

from micropython import const

from system.refused import one_line
from b_bus.manner import EVEN, NONE, ODD, Manner
from b_bus.registers import TYPES

# Unit by quantity: its factor to the unit that is used here, and the greatest value there.
_ENERGY = ({"Wh": 1, "kWh": 1000, "MWh": 1000000}, 0)
QUANTITIES = {
    "voltage": ({"V": 1, "kV": 1000}, 1000),
    "current": ({"A": 1, "mA": 0.001}, 20000),
    "power": ({"W": 1, "kW": 1000}, 20000000),
    "reactive": ({"var": 1, "kvar": 1000}, 20000000),
    "apparent": ({"VA": 1, "kVA": 1000}, 20000000),
    "factor": ({"1": 1}, 1),
    "frequency": ({"Hz": 1}, 500),
    "import": _ENERGY,
    "export": _ENERGY,
    "net": _ENERGY,
}
ENERGIES = ("import", "export", "net")
_PARITIES = {"none": NONE, "even": EVEN, "odd": ODD}
_MAX_REGISTERS = const(125)
_MAX_SCALE = const(1000000)
_MAX_LATE_MS = const(2000)
_FIELDS = ("name", "source", "function", "word_order", "phases", "registers", "baud", "parity")
_FIELDS += ("stop_bits", "reply_ms", "pause_ms", "max_registers", "gaps", "not_available")
_OF_A_REGISTER = ("quantity", "phase", "address", "type", "scale", "unit", "word_order")
_OF_A_REGISTER += ("not_available",)


class ProfileError(ValueError):
    """A profile is not usable: one line, which field and why."""

    def __init__(self, text: str):
        super().__init__(one_line(text))


def _whole(profile, key, least, most, default=None):
    value = profile.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ProfileError("%s: must be a whole number from %d to %d" % (key, least, most))
    return value


def _choice(where, table, key, choices, default=None):
    value = table.get(key, default)
    if not isinstance(value, str) or value not in choices:
        raise ProfileError("%s%s: must be one of %s" % (where, key, ", ".join(sorted(choices))))
    return value


def _known(where, table, names):
    for name in table:
        if name not in names:
            raise ProfileError("%s%s: is not known" % (where, name))


def _numbers(where, table, key):
    """Register contents in decimal or as hex text."""
    found = []
    values = table.get(key, [])
    if not isinstance(values, list):
        raise ProfileError('%s%s: must be a list such as ["7FFF", "FFFF"]' % (where, key))
    for text in values:
        try:
            found.append(int(text, 16))
        except (TypeError, ValueError):
            raise ProfileError('%s%s: must be texts such as "7FFF"' % (where, key))
    return tuple(found)


class Register:
    """One register of a profile. `request`: which of its requests reads it, `place`: where in that
    answer; `kind`: of registers.TYPES; `words`; `low_first`; `factor`: a count in the unit of its
    quantity, of energies in micro-Wh, a whole number; `most`: the greatest value, 0: any;
    `absent`: contents that mean "not available"."""

    def __init__(
        self,
        address: int,
        kind: str,
        low_first: bool,
        factor: int,
        most: int,
        quantity: str,
        phase: int,
        absent: Sequence[int],
    ):
        self.address = address
        self.kind = kind
        self.words = TYPES[kind][0]
        self.low_first = low_first
        self.factor = factor
        self.most = most
        self.quantity = quantity
        self.phase = phase
        self.absent = absent
        self.request = self.place = 0


class Profile:
    """A profile. `requests`: [(address, count)]; `registers`: Registers; `manner`: of the meter.

    `turns`: the places of the requests in the order in which they are made. The answer to the last
    one has another length than the one before it, so that it shows that no answer was that to the
    request before. Where all have one length, `closing` is made behind them: (address, count).
    Where that cannot be shorter either, each reads one value: `check` is the Register that is read
    last, behind one of another quantity, and then again. None else."""

    def __init__(self, table: Table):
        """table: the profile's JSON. ProfileError when it is impossible."""
        if not isinstance(table, dict) or not isinstance(table.get("registers"), list):
            raise ProfileError("registers: must be a list")
        _known("", table, _FIELDS)
        self.function = _whole(table, "function", 3, 4)
        self.phases = _whole(table, "phases", 1, 3)
        reply_ms = _whole(table, "reply_ms", 10, 2000, 100)
        self.manner = Manner(
            reply_ms,
            max(_MAX_LATE_MS, 2 * reply_ms),
            _whole(table, "baud", 1200, 115200, 38400),
            _PARITIES[_choice("", table, "parity", _PARITIES, "none")],
            _whole(table, "stop_bits", 1, 2, 1),
            _whole(table, "pause_ms", 0, 1000, 0),
        )
        most = _whole(table, "max_registers", 1, _MAX_REGISTERS, 80)
        gaps = table.get("gaps", True)
        if not isinstance(gaps, bool):
            raise ProfileError("gaps: must be true or false")
        order = _choice("", table, "word_order", ("low", "high"))
        absent = _numbers("", table, "not_available")
        self.registers = [
            self._register("registers[%d]." % i, entry, order, absent)
            for i, entry in enumerate(table["registers"])
        ]
        self._check()
        self.registers.sort(key=lambda register: register.address)
        self._group(most, gaps)
        self.turns = list(range(len(self.requests)))
        self.closing = self.check = None
        if len(self.requests) > 1:
            self._close()

    def _close(self):
        """See `turns`."""
        sizes = [count for _, count in self.requests]
        others = [k for k in self.turns if sizes[k] != sizes[-1]]
        if others:
            self._move(others[-1])
            self._move(self.turns[-2])
            return
        for register in self.registers:
            if register.place == 0 and register.words < sizes[0]:
                self.closing = (register.address, register.words)
                return
        self.check = self._first("voltage", "frequency", *ENERGIES)
        if self.check:
            name = self.check.quantity
            names = ("factor",) if name == "frequency" else ("frequency", "factor")
            if name not in ENERGIES:
                names += ENERGIES
            # Current and power as near each other as can be: a load may switch between them.
            names += ("reactive", "apparent", "current", "power")
            other = self._first(*names)
            assert other  # each profile has a power
            self._move(other.request)
            self._move(self.check.request)

    def _move(self, k):
        """To the end."""
        self.turns.remove(k)
        self.turns.append(k)

    def _first(self, *quantities):
        """The first Register of the first of these that there is."""
        for quantity in quantities:
            for register in self.registers:
                if register.quantity == quantity:
                    return register
        return None

    def _check(self):
        only = 1 if self.phases == 1 else 0  # what a register without a phase is about
        names = [(register.quantity, register.phase or only) for register in self.registers]
        for name in names:
            if names.count(name) > 1:
                raise ProfileError("registers: %s is there twice" % name[0])
            if name[0] == "net" and (("import", name[1]) in names or ("export", name[1]) in names):
                raise ProfileError("registers: net and import or export say the same energy")
        for phase in range(1, self.phases + 1):
            if ("power", phase) not in names:
                raise ProfileError("registers: power of phase %d is missing" % phase)

    def _group(self, most, gaps):
        self.requests = []
        for register in self.registers:
            end = register.address + register.words
            if register.words > most:
                raise ProfileError("max_registers: %s has %d" % (register.kind, register.words))
            if self.requests:
                start, count = self.requests[-1]
                if end - start <= most and (gaps or register.address <= start + count):
                    self.requests[-1] = (start, max(count, end - start))
                else:
                    self.requests.append((register.address, register.words))
            else:
                self.requests.append((register.address, register.words))
            register.request = len(self.requests) - 1
            register.place = register.address - self.requests[-1][0]

    def _register(self, where, entry, order, absent):
        if not isinstance(entry, dict):
            raise ProfileError("%s must be an object" % where[:-1])
        _known(where, entry, _OF_A_REGISTER)
        kind = _choice(where, entry, "type", TYPES)
        quantity = _choice(where, entry, "quantity", QUANTITIES)
        units, most = QUANTITIES[quantity]
        if not isinstance(entry.get("unit"), str) or entry["unit"] not in units:
            known = " or ".join(sorted(units))
            raise ProfileError("%sunit: %s is in %s" % (where, quantity, known))
        scale = entry.get("scale", 1)
        good = isinstance(scale, (int, float)) and not isinstance(scale, bool)
        if not good or not scale or not -_MAX_SCALE <= scale <= _MAX_SCALE:
            raise ProfileError("%sscale: must be a number other than 0, at most 1000000" % where)
        phase = entry.get("phase", 0)
        if not isinstance(phase, int) or not 0 <= phase <= self.phases:
            raise ProfileError("%sphase: must be 1 to %d, or left out" % (where, self.phases))
        address = entry.get("address")
        if not isinstance(address, int) or isinstance(address, bool):
            address = -1
        if not 0 <= address <= 65536 - TYPES[kind][0]:
            raise ProfileError("%saddress: must be from 0 to 65535" % where)
        factor = scale * units[entry["unit"]]
        if quantity in ENERGIES:
            factor = int(round(scale * 1000000)) * units[entry["unit"]]
            if not factor:
                raise ProfileError("%sscale: an energy's last digit is less than 1 uWh" % where)
        low_first = _choice(where, entry, "word_order", ("low", "high"), order) == "low"
        none = TYPES[kind][3] + absent + _numbers(where, entry, "not_available")
        return Register(address, kind, low_first, factor, most, quantity, phase, none)


def load(name: str) -> Profile:
    """The Profile with that name: of the gateway's files, then of the firmware's. ProfileError
    when there is none or it is impossible."""
    if not name or "/" in name:
        raise ProfileError("must be a name, not a path")
    for place in ["."] + [folder + "/b_bus" for folder in sys.path]:
        try:
            with open("%s/profiles/%s.json" % (place, name)) as file:
                text = file.read()
        except OSError:
            continue
        try:
            table = json.loads(text)
        except ValueError:
            raise ProfileError("not JSON")
        return Profile(table)
    raise ProfileError("there is no such profile")
