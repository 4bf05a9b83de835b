"""What the site as a whole does: powers and energies of its loads, put together by role; what
always runs.

Owns the rules of docs/cloud.md for totals. In the signs of the CTs' arrows: grid is positive when
the house imports, solar and battery are negative when they feed it.
"""

from array import array

from energy.registers import EXPORT, IMPORT

_UNKNOWN = 0x7FFFFFFF


def load_power(site, readings, k):
    """Active power of load k in W, or None when one of its points was not measured."""
    total = 0.0
    for i in site.loads[k].points:
        if readings[i].power is None:
            return None
        total += readings[i].power
    return total


def role_power(site, powers, role):
    """Sum of the loads' `powers` over those with this role, None when there is none or one is not
    known."""
    total = None
    for k in range(len(powers)):
        if site.loads[k].role == role:
            if powers[k] is None:
                return None
            total = powers[k] if total is None else total + powers[k]
    return total


class Totals:
    """In the unit of the powers that it is given, each None when no load has the role or one that
    has it was not measured: `grid`, `solar`, `battery`; `circuits`, all together; `house`: what
    the site itself takes (grid - solar - battery; where the grid is not measured what its circuits
    take); `own`: what of the production is not exported; `rest`: what of `house` no circuit
    explains."""

    def __init__(self, site, powers):
        """powers: of each load, a number or None."""
        self.grid = role_power(site, powers, "grid")
        self.solar = role_power(site, powers, "solar")
        self.battery = role_power(site, powers, "battery")
        self.circuits = role_power(site, powers, "circuit")
        self.house = self.own = self.rest = None
        roles = [load.role for load in site.loads]
        if "grid" not in roles:
            self.house = self.circuits
        elif None not in (
            self.grid,
            0 if "solar" not in roles else self.solar,
            0 if "battery" not in roles else self.battery,
        ):
            self.house = self.grid - (self.solar or 0) - (self.battery or 0)
            if "circuit" not in roles or self.circuits is not None:
                self.rest = self.house - (self.circuits or 0)
        if self.grid is not None and self.solar is not None:
            produced, exported = max(0, -self.solar), max(0, -self.grid)
            self.own = max(0, produced - exported)


_TAKEN = (IMPORT, 0)
_GIVEN = (EXPORT, 0)
_NOT_GIVEN = (EXPORT, 1)
_NOT_TAKEN = (IMPORT, 1)
_CIRCUITS = (("circuit", _TAKEN), ("circuit", _NOT_GIVEN))
_HOUSE = (
    ("grid", _TAKEN),
    ("grid", _NOT_GIVEN),
    ("solar", _NOT_TAKEN),
    ("solar", _GIVEN),
    ("battery", _NOT_TAKEN),
    ("battery", _GIVEN),
)
_SUMS = (
    ("gridImport", (("grid", _TAKEN),)),
    ("gridExport", (("grid", _GIVEN),)),
    ("solar", (("solar", _GIVEN),)),
    ("batteryCharge", (("battery", _TAKEN),)),
    ("batteryDischarge", (("battery", _GIVEN),)),
    ("house", _HOUSE),
    ("circuits", _CIRCUITS),
)


def sums(site):
    """The site's energies as sums over the loads' registers: of each (name, [(register, whether it
    is taken away: 0 or 1)]), register 2 k + IMPORT or EXPORT for load k. House = gridImport -
    gridExport + solar - solarImport + batteryDischarge - batteryCharge; where the grid is not
    measured, what its circuits take."""
    found = []
    measured = "grid" in [load.role for load in site.loads]
    for name, parts in _SUMS:
        if name == "house" and not measured:
            parts = _CIRCUITS
        registers = []
        for role, (direction, minus) in parts:
            for k in range(len(site.loads)):
                if site.loads[k].role == role:
                    registers.append((2 * k + direction, minus))
        found.append((name, registers))
    return found


def energies(site, of):
    """The values of these sums, as whole joules by name. of: a function (k, IMPORT or EXPORT) that
    gives the energy of load k in a direction."""
    values = {}
    for name, registers in sums(site):
        value = 0
        for r, minus in registers:
            joules = of(r // 2, r % 2)
            value += -joules if minus else joules
        values[name] = value
    return values


class AlwaysOn:
    """`watts`: the least that the house took in any quarter of an hour of the last 24 hours, W, or
    None before the first."""

    def __init__(self):
        self.watts = None
        self._least = array("i", [_UNKNOWN] * 24)  # of each hour
        self._hour = None

    def add(self, start, watts):
        """A quarter that began at `start` (epoch s), and the house's mean power in it, a whole
        number. Less than nothing is a mistake of the installation, and not counted."""
        hour = start // 3600
        if hour != self._hour:
            self._hour = hour
            self._least[hour % 24] = _UNKNOWN
        if 0 <= watts < self._least[hour % 24]:
            self._least[hour % 24] = watts
        least = min(self._least)
        self.watts = None if least == _UNKNOWN else least
