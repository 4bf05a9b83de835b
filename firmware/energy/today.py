"""What happened since local midnight: energies of the loads, and sums for the whole site.

Owns the day. Every value is a sum of what the reports said, never a difference of sums: what the
house took does not fall again because a battery sells, or because the grid is not measured for a
while. Where a load that a sum needs is absent, what the others do waits until it is back.
"""

from array import array

from measure.exact import add
from energy.registers import ABSENT, BACK_UNKNOWN, EXPORT, IMPORT, zeros
from energy.totals import SUMS, is_known, loads_of, terms_of

UNKNOWN = -(1 << 63)  # in `sums`: no load has the role, or the phase of one is not known
# Sums for the whole site, behind those of totals.SUMS.
HOUSE, CIRCUITS, OWN, REST = range(len(SUMS), len(SUMS) + 4)
NAMES = tuple(name for name, _, _ in SUMS) + ("house", "circuits")
_ROLES = ("grid", "solar", "battery", "circuit")


class _Sum:
    """A sum over the whole site. `waiting`: J that are not in it yet."""

    def __init__(self, site: Site, place: int, roles: Sequence[str]):
        self.place = place
        loads = {k for role in roles for k, _ in terms_of(site, role)}
        self.points = [i for k in sorted(loads) for i in site.loads[k].points]
        self.waiting = 0
        self._rounding = 2 * len(self.points)  # J: registers count whole ones

    def add(self, sums: Words, joules: int, state: bytearray) -> None:
        """joules: of the report. state: registers.Energy's."""
        absent = False
        for i in self.points:
            if state[i] == ABSENT:
                absent = True
            elif state[i] == BACK_UNKNOWN:
                self.waiting = 0  # what the others did meanwhile belongs to nothing
        self.waiting += joules
        if absent:
            return
        if self.waiting > 0:
            sums[self.place] += self.waiting
            self.waiting = 0
        else:
            self.waiting = max(self.waiting, -self._rounding)


class Today:
    """`joules[2 k + d]`: what load k's register d (registers.IMPORT, EXPORT) has counted today;
    `sums`: of NAMES, then self-consumption and rest (OWN, REST), J, UNKNOWN where there is
    nothing to be known. Without the time the day goes on."""

    def __init__(self, site: Site, energy: Energy):
        self.day: int | None = None  # since 1970, local
        self.joules = zeros("q", 2 * len(site.loads))
        self.sums = array("q", [UNKNOWN] * (REST + 1))
        self._restored: tuple[Words, Words] | None = None  # until the time is known
        self._energy = energy
        self._first = 2 * len(site.points)  # register of the loads
        self._terms = {role: terms_of(site, role) for role in _ROLES}
        roles = {role: loads_of(site, role) for role in _ROLES}
        self._plain = [
            (place, [2 * k + direction for k in roles[role]])
            for place, (_, role, direction) in enumerate(SUMS)
            if roles[role] and is_known(site, (role,))
        ]
        self._with_grid = bool(roles["grid"])
        self._house = self._circuits = self._own = self._rest = None
        if roles["circuit"]:
            self._circuits = self._sum(site, CIRCUITS, ("circuit",))
        if roles["grid"]:
            self._house = self._sum(site, HOUSE, ("grid", "solar", "battery"))
            self._rest = self._sum(site, REST, _ROLES)
            if roles["solar"]:
                self._own = self._sum(site, OWN, ("grid", "solar"))
        elif self._circuits:
            self._house = self._sum(site, HOUSE, ("circuit",))
        self._derived = [s for s in (self._circuits, self._house, self._own, self._rest) if s]
        self.clear()

    @staticmethod
    def _sum(site, place, roles):
        return _Sum(site, place, roles) if is_known(site, roles) else None

    def clear(self) -> None:
        """A day begins."""
        for r in range(len(self.joules)):
            self.joules[r] = 0
        for one in self._plain + self._derived:
            self.sums[one[0] if isinstance(one, tuple) else one.place] = 0

    def load_record(self, k: int) -> tuple[int, int]:
        """What is to be kept of load k."""
        return self.joules[2 * k], self.joules[2 * k + 1]

    def restore_load(self, k: int, imported: int, exported: int) -> None:
        """Go on from what load_record() has given."""
        self.joules[2 * k], self.joules[2 * k + 1] = imported, exported

    def restore(self, day: int | None, sums: Sequence[int]) -> None:
        """Go on with `sums` of that day, after the loads': for good when the time says that it is
        the same one, else the day begins with what was counted since the start."""
        self.day = day
        for place in range(len(sums)):
            if UNKNOWN not in (sums[place], self.sums[place]):
                self.sums[place] = sums[place]
        self._restored = array("q", self.joules), array("q", self.sums)

    def _begin_anew(self, restored):
        """What was restored is of another day."""
        for values, before in zip((self.joules, self.sums), restored):
            for r in range(len(values)):
                if values[r] != UNKNOWN:
                    values[r] -= before[r]

    def add(self, day: int | None) -> Steps:
        """Take the report that the registers have counted. day: since 1970, local, None while the
        time is not known. A generator."""
        if day is not None:
            if self._restored:
                if day != self.day:
                    self._begin_anew(self._restored)
                self._restored = None
            elif self.day is not None and day != self.day:
                self.clear()
            self.day = day
        joules, gained, first = self.joules, self._energy.gained, self._first
        for r in range(len(joules)):
            add(joules, r, gained, first + r, 0)
        yield
        sums = self.sums
        for place, registers in self._plain:
            for r in registers:
                add(sums, place, gained, first + r, 0)
        house = circuits = self._net("circuit")
        if self._with_grid:
            house = self._net("grid") - self._net("solar") - self._net("battery")
        yield
        state = self._energy.state
        if self._circuits:
            self._circuits.add(sums, circuits, state)
        if self._house:
            self._house.add(sums, house, state)
        yield
        if self._own:
            self._own.add(sums, self._given("solar") - self._given("grid"), state)
        if self._rest:
            self._rest.add(sums, house - circuits, state)

    def _given(self, role):
        """Export in the report, J."""
        gained, given = self._energy.gained, 0
        for k, _ in self._terms[role]:
            given += gained[self._first + 2 * k + EXPORT]
        return given

    def _net(self, role):
        """Import less export in the report, J."""
        gained, net = self._energy.gained, 0
        for k, sign in self._terms[role]:
            r = self._first + 2 * k
            net += sign * (gained[r + IMPORT] - gained[r + EXPORT])
        return net
