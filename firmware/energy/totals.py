"""What the site as a whole does: powers and energies of its loads, put together by role; what
always runs.

Owns the rules of docs/cloud.md for totals. In the signs of the CTs' arrows: grid is positive when
the house imports, solar and battery are negative when they feed it.
"""

from array import array

from micropython import const

from energy.registers import EXPORT, IMPORT

_UNKNOWN = 0x7FFFFFFF
_HOURS = const(24)


def load_power(site: Site, readings: Sequence[Reading], k: int) -> float | None:
    """Active power of load k in W, or None when one of its points was not measured, or it has
    none."""
    total = None
    for i in site.loads[k].points:
        power = readings[i].power
        if power is None:
            return None
        total = power if total is None else total + power
    return total


def loads_of(site: Site, role: str) -> list[int]:
    """The loads with this role that are measured at all: those with a point."""
    loads = site.loads
    return [k for k in range(len(loads)) if loads[k].role == role and loads[k].points]


def is_known(site: Site, roles: Iterable[str]) -> bool:
    """Whether the phase is known of all that makes up the sums of these roles."""
    loads = {k for role in roles for k, _ in terms_of(site, role)}
    return not any([site.points[i].phaseless for k in loads for i in site.loads[k].points])


def sign_of(load: Load, role: str) -> int:
    """How a load counts in the sum of a role: 1, -1, or 0 where it does not. Of the circuits each
    counts once: one behind another is a part of it, and what solar and battery give behind a
    circuit its CTs have not seen."""
    if not load.points:
        return 0
    if role != "circuit" or not load.behind:
        return int(load.role == role)
    return -1 if load.role in ("solar", "battery") else 0


def terms_of(site: Site, role: str) -> list[tuple[int, int]]:
    """[(load, 1 or -1)] that make up the sum of this role."""
    if not loads_of(site, role):
        return []
    loads = site.loads
    return [(k, sign_of(loads[k], role)) for k in range(len(loads)) if sign_of(loads[k], role)]


def circuits_power(site: Site, powers: Powers) -> float | None:
    """What all circuits take, None where there is none or one is not known."""
    total = None
    if loads_of(site, "circuit"):
        for k in range(len(site.loads)):
            sign = sign_of(site.loads[k], "circuit")
            if sign:
                power = powers[k]
                if power is None:
                    return None
                total = sign * power if total is None else total + sign * power
    return total


def role_power(site: Site, powers: Powers, role: str) -> float | None:
    """Sum of the loads' `powers` over those with this role that have points, None when there is
    none or one is not known."""
    total = None
    for k in range(len(powers)):
        if site.loads[k].role == role and site.loads[k].points:
            power = powers[k]
            if power is None:
                return None
            total = power if total is None else total + power
    return total


class Totals:
    """In the unit of the powers that it is given, each None when no load has the role or one that
    has it was not measured: `grid`, `solar`, `battery`; `circuits`, all together; `house`: what
    the site itself takes (grid - solar - battery; where the grid is not measured what its circuits
    take); `own`: what of the production is not exported; `rest`: what of `house` no circuit
    explains; `surplus`: what the grid takes."""

    def __init__(self, site: Site, powers: Powers):
        """powers: of each load, a number or None."""
        self.grid = role_power(site, powers, "grid")
        self.surplus = None if self.grid is None else -self.grid
        self.solar = role_power(site, powers, "solar")
        self.battery = role_power(site, powers, "battery")
        self.circuits = circuits_power(site, powers)
        self.house = self.own = self.rest = None
        roles = [load.role for load in site.loads if load.points]
        if "grid" not in roles:
            self.house = self.circuits
        elif self.grid is not None and None not in (
            0 if "solar" not in roles else self.solar,
            0 if "battery" not in roles else self.battery,
        ):
            self.house = self.grid - (self.solar or 0) - (self.battery or 0)
            if "circuit" not in roles or self.circuits is not None:
                self.rest = self.house - (self.circuits or 0)
        if self.grid is not None and self.solar is not None:
            produced, exported = max(0, -self.solar), max(0, -self.grid)
            self.own = max(0, produced - exported)


def net(site: Site, of: EnergyOf, role: str) -> int | None:
    """Import less export of the loads with this role, J; 0 where there is none, None where one is
    not known. of: a function (k, IMPORT or EXPORT) that gives the energy of load k in a direction,
    or None."""
    total = 0
    for k in range(len(site.loads)):
        sign = sign_of(site.loads[k], role)
        if sign:
            imported, exported = of(k, IMPORT), of(k, EXPORT)
            if imported is None or exported is None:
                return None
            total += sign * (imported - exported)
    return total


def energies(site: Site, of: EnergyOf) -> dict[str, int | None]:
    """The site's energies in a time, as whole joules by name; None where no load has the role, or
    one is not known. House = grid - solar - battery, each import less export; where the grid is
    not measured, what its circuits take. of: see net()."""
    values = {}
    for name, role, direction in SUMS:
        total = None
        for k in loads_of(site, role):
            joules = of(k, direction)
            if joules is None:
                total = None
                break
            total = joules if total is None else total + joules
        values[name] = total
    circuits = net(site, of, "circuit") if loads_of(site, "circuit") else None
    house = circuits
    if loads_of(site, "grid"):
        grid, solar, battery = (
            net(site, of, "grid"),
            net(site, of, "solar"),
            net(site, of, "battery"),
        )
        house = None
        if not (grid is None or solar is None or battery is None):
            house = grid - solar - battery
    values["house"], values["circuits"] = house, circuits
    return values


# Energies that are one role's in one direction.
SUMS = (
    ("gridImport", "grid", IMPORT),
    ("gridExport", "grid", EXPORT),
    ("solar", "solar", EXPORT),
    ("batteryCharge", "battery", IMPORT),
    ("batteryDischarge", "battery", EXPORT),
)


class AlwaysOn:
    """`watts`: the least that the house took in any quarter of an hour of the last 24 hours, W, or
    None where there is none."""

    def __init__(self) -> None:
        self.watts: int | None = None
        self._least = array("i", [_UNKNOWN] * _HOURS)  # of each hour
        self._hours = array("i", [-_HOURS] * _HOURS)  # which these are, since 1970
        self._hour = None

    def record(self) -> tuple[Words, Words]:
        """What is to be kept: two arrays."""
        return self._hours, self._least

    def restore(self, hours: Sequence[int], least: Sequence[int]) -> None:
        """Go on from what record() has given."""
        for place in range(_HOURS):
            self._hours[place], self._least[place] = hours[place], least[place]
        self._look(max(hours))

    def add(self, start: int, watts: int) -> None:
        """A quarter that began at `start` (epoch s), and the house's mean power in it, a whole
        number. Less than nothing is a mistake of the installation, and not counted."""
        hour = start // 3600
        place = hour % _HOURS
        if self._hours[place] != hour:
            self._hours[place] = hour
            self._least[place] = _UNKNOWN
        if 0 <= watts < self._least[place]:
            self._least[place] = watts
        self._look(hour if self._hour is None else self._hour)

    def date(self, now: int) -> None:
        """It is `now` (epoch s): what is older than 24 hours does not count any more."""
        if now // 3600 != self._hour:
            self._look(now // 3600)

    def _look(self, hour):
        self._hour = hour
        least = _UNKNOWN
        for place in range(_HOURS):
            if 0 <= hour - self._hours[place] < _HOURS:
                least = min(least, self._least[place])
        self.watts = None if least == _UNKNOWN else least
