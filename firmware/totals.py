"""What the site as a whole does: powers and energies of its loads, put together by role; what
always runs.

Owns the rules of docs/cloud.md for totals. In the signs of the CTs' arrows: grid is positive when
the house imports, solar and battery are negative when they feed it.
"""

from array import array

from energy import EXPORT, IMPORT

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
            total = (total or 0.0) + powers[k]
    return total


class Totals:
    """W, each None when no load has the role or one that has it was not measured: `grid`, `solar`,
    `battery`; `circuits`, all together; `house`: what the site itself takes (grid - solar -
    battery; where the grid is not measured what its circuits take); `own`: what of the production
    is not exported; `rest`: what of `house` no circuit explains."""

    def __init__(self, site, powers):
        """powers: of each load in W, or None."""
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
            self.house = self.grid - (self.solar or 0.0) - (self.battery or 0.0)
            if "circuit" not in roles or self.circuits is not None:
                self.rest = self.house - (self.circuits or 0.0)
        if self.grid is not None and self.solar is not None:
            produced, exported = max(0.0, -self.solar), max(0.0, -self.grid)
            self.own = max(0.0, produced - exported)


def energies(site, of):
    """The same of energies, as whole joules by name. of: a function (k, IMPORT or EXPORT) that
    gives the energy of load k in a direction. Sums are exact: house = gridImport - gridExport +
    solar - solarImport + batteryDischarge - batteryCharge."""
    taken = {}
    given = {}
    for k in range(len(site.loads)):
        role = site.loads[k].role
        taken[role] = taken.get(role, 0) + of(k, IMPORT)
        given[role] = given.get(role, 0) + of(k, EXPORT)

    def net(role):
        return taken.get(role, 0) - given.get(role, 0)

    circuits = net("circuit")
    house = net("grid") - net("solar") - net("battery") if "grid" in taken else circuits
    return {
        "gridImport": taken.get("grid", 0),
        "gridExport": given.get("grid", 0),
        "solar": given.get("solar", 0),
        "batteryCharge": taken.get("battery", 0),
        "batteryDischarge": given.get("battery", 0),
        "house": house,
        "circuits": circuits,
    }


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
