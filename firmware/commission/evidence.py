"""What speaks for how each point is wired, gathered from each report: the angle of its current,
the grid's CT that sees the same change, the voltage that it takes from.

Owns the voltages of the reports before. Bounded, however long it runs.
"""

from micropython import const

from site.wiring import SPLIT
from measure.readings import POWER, RATES, REACTIVE
from commission.angles import Angles
from commission.balance import Balance, Legs
from commission.currents import NOT_COMPARED, Currents, floor
from commission.dips import Dips
from commission.grid_dips import GridDips
from commission.grid_ways import GridWays
from commission.matches import Matches
from commission.one_wire import OneWire
from commission.ratios import Ratios

_LOAD_VA = const(5000)  # 0.01 VA: a smaller load's angle says little
_STEADY = const(4)  # reports from one look at the angle of a point to the next
_SLOW = const(16)  # reports: what rises slowly is compared over so many
_DIP_AMPERE = 0.4
_MATE = 0.3
_SLOW_SHARE = 0.25  # of a change over many reports: the supply wanders as well
_OF_LARGEST = 0.7  # of all that switch at once, the largest takes most from the voltage


class Evidence:
    """site: document.Site; kinds: hypotheses.Kind of each point; grid: the points at its lines,
    ways: those in which these may be wired."""

    def __init__(self, site: Site, kinds: Sequence[Kind], grid: Sequence[int], ways: GridWays):
        count = len(site.points)
        self._site = site
        self._kinds = kinds
        self._between_legs = site.lines == SPLIT
        self._grid = grid
        floors = bytearray(map(floor, site.points))
        for i in grid:
            floors[i] = NOT_COMPARED
        self._currents = Currents(bytes(point.phase for point in site.points), floors)
        self._angles = Angles(count)
        self._dips = Dips(count)
        self.ratios = Ratios(count)
        self._matches = Matches(site, kinds, grid, self.ratios)
        self._grid_dips = GridDips(site, ways, len(grid))
        self.one_wire = OneWire(site)
        self.balance = Balance(site)
        self.legs = Legs(count if site.lines == SPLIT else 0)
        self._dipped = bytearray(count)  # since a while ago
        self._number = 0
        self._volts_before: Sequence[complex] = ()
        self._volts_ago: Sequence[complex] = ()  # of the report a while ago

    # What was found

    def look_at_angles(self, i: int) -> None:
        """angles() is of point i from now on."""
        self._angles.look_at(i)

    def angles(self, role: str, turn: int, blur: int, alike: bool) -> float:
        return self._angles.likelihood(role, turn, blur, alike)

    def dips(self, i: int, weights: Sequence[Sequence[float]], into: Floats, first: int) -> None:
        self._dips.write_likelihoods(i, weights, into, first)

    def grid_dips(self, into: Floats) -> Steps:
        yield from self._grid_dips.likelihoods(self._dips.noise, into)

    def fit(self, i: int, code_sets: bytes, into: bytearray | memoryview) -> None:
        self._matches.fit(i, code_sets, into)

    def is_empty(self, i: int) -> bool:
        """Whether no current worth mentioning was seen at point i."""
        return self._angles.is_empty(i)

    # Gathering

    def note(self, values: Readings, volts: Sequence[complex]) -> Steps:
        """Take a report: a generator. volts: the phasors of the voltages, V rms."""
        currents = self._currents
        if not currents.take(values, volts):
            self.miss()
            return
        self._number += 1
        yield
        if self._number % _STEADY == 0:
            yield from self.one_wire.note(currents, abs(volts[0]))
            yield from self.balance.note(currents, volts)
            self.legs.note(currents, volts)
            yield
        if self._volts_before:
            if currents.look(currents.before):
                yield from self._note_dips(volts, self._volts_before, currents.before)
            else:
                self._dips.calm(_changes(volts, self._volts_before), volts)
                yield
            yield from self._matches.note(currents, currents.before, False)
            self._note_angles(values)
            yield
        if self._number % _SLOW == 0:
            if self._volts_ago:
                if currents.look(currents.ago):
                    yield from self._note_dips(volts, self._volts_ago, currents.ago)
                yield from self._matches.note(currents, currents.ago, True)
            currents.keep()
            self._keep(volts)
        self._volts_before = volts

    def miss(self) -> None:
        """A report without voltages."""
        self._volts_before = ()
        self._keep(())

    def _keep(self, volts):
        """Slow changes count from here."""
        self._volts_ago = volts
        for i in range(len(self._dipped)):
            self._dipped[i] = 0

    def _note_angles(self, values):
        """Of those whose turn it is and that have not switched, where they may be trusted."""
        rates, currents = values.rates, self._currents
        for i in range(self._number % _STEADY, len(self._kinds), _STEADY):
            if currents.has_switched(i) or values.saturated[i] or not currents.knows(i):
                continue
            p, q = rates[RATES * i + POWER], rates[RATES * i + REACTIVE]
            if abs(p) + abs(q) > _LOAD_VA:
                self._angles.note(i, complex(p, q))

    def _note_dips(self, volts, volts_before, before):
        """Compare what has switched with the voltages."""
        points, currents, moved = self._site.points, self._currents, []
        slow = before is currents.ago
        grid = [currents.change(i, before) for i in self._grid]
        whole = [change for change in grid if change is not None]
        most = 0.0  # A
        largest = max([abs(change) for change in whole] or [0.0])
        yield
        for i in range(len(points)):
            change = currents.change(i, before) if currents.has_switched(i) else None
            if change is None:
                continue
            if i not in self._grid:
                most = max(most, abs(change))
            moved.append((i, change))
            yield
        changes = _changes(volts, volts_before)
        if whole and not slow and len(whole) == len(grid) and largest > _DIP_AMPERE:
            self._grid_dips.note(whole, changes, volts)
            yield
        for i, change in moved:
            size = abs(change)
            if size < _DIP_AMPERE or not self._kinds[i].weights or i in self._grid:
                continue
            if size < _OF_LARGEST * max(most, largest):
                continue
            mates = [abs(c) for j, c in moved if j != i and points[j].load == points[i].load]
            together = any([mate > _MATE * size for mate in mates])
            if together != (self._between_legs and self._kinds[i].of_line):
                continue  # the others' currents take from the voltages as well
            if together and any([abs(mate - size) > _MATE * size for mate in mates]):
                continue  # not only what lies between the legs has switched
            if not slow:
                self._dipped[i] = 1
            elif self._dipped[i]:
                continue  # it was the same change
            self._dips.note(i, change, changes, volts, _SLOW_SHARE if slow else 1.0)
            yield


def _changes(volts, before):
    """Of each voltage, V."""
    return [abs(a) - abs(b) for a, b in zip(volts, before)]
