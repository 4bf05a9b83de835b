"""What speaks for how each point is wired, gathered from each report: the angle of its current,
the grid's CT that sees the same change, the voltage that it takes from.

Owns what was measured in the report before. Bounded, however long it runs.
"""

from array import array

from micropython import const

from site.wiring import STAR
from measure.readings import MISSED, POWER, RATES, REACTIVE, SUMS, UNKNOWN
from commission.angles import Angles
from commission.balance import Balance
from commission.dips import Dips
from commission.grid_dips import GridDips
from commission.grid_ways import GridWays
from commission.matches import Matches
from commission.one_wire import OneWire

_STEP_VA = const(2500)  # 0.01 VA: what changes by less has not switched,
_STEP_OF = const(12)  # nor has what changes by less than this part of its power
_LOAD_VA = const(5000)  # 0.01 VA: a smaller load's angle says little
_STEADY = const(4)  # reports from one look at the angles to the next
_SLOW = const(16)  # reports: what rises slowly is compared over so many
_DIP_AMPERE = 0.4
_MATE = 0.3
_OF_LARGEST = 0.7  # of all that switch at once, the largest takes most from the voltage


class Evidence:
    """site: document.Site; kinds: hypotheses.Kind of each point; grid: the points at its lines,
    ways: those in which these may be wired."""

    def __init__(self, site: Site, kinds: Sequence[Kind], grid: Sequence[int], ways: GridWays):
        count = len(site.points)
        self._site = site
        self._kinds = kinds
        self._grid = grid
        self._angles = Angles(count)
        self._dips = Dips(count)
        self._matches = Matches(count)
        self._grid_dips = GridDips(site, ways, len(grid))
        self.one_wire = OneWire(site)
        self.balance = Balance(site)
        self._number = 0
        # 0.01 W and 0.01 var of each point, UNKNOWN where it was not wholly measured.
        self._now = array("i", [UNKNOWN] * (2 * count))
        self._before = array("i", self._now)
        self._volts_before: Sequence[complex] = ()
        self._while_ago = array("i", self._now)
        self._volts_ago: Sequence[complex] = ()
        self._switched = bytearray(count)

    # What was found

    def angles(self, i: int, role: str, turn: int, blur: int) -> float:
        return self._angles.likelihood(i, role, turn, blur)

    def dips(self, i: int, weights: Sequence[Sequence[float]], into: Floats, first: int) -> None:
        self._dips.write_likelihoods(i, weights, into, first)

    def grid_dips(self, into: Floats) -> None:
        self._grid_dips.likelihoods(self._dips.noise, into)

    def surplus(self, i: int, wanted: int, neutral: int) -> int:
        return self._matches.surplus(i, wanted, neutral)

    def votes(self, i: int) -> bool:
        return self._matches.any(i)

    def is_empty(self, i: int) -> bool:
        """Whether no current worth mentioning was seen at point i."""
        return self._angles.is_empty(i)

    # Gathering

    def note(self, values: Readings, volts: Sequence[complex]) -> Steps:
        """Take a report: a generator. volts: the phasors of the voltages, V rms."""
        self._number += 1
        self._read(values)
        yield
        if self._number % _STEADY == 0:
            self.one_wire.note(self._now, volts)
            yield
            yield from self.balance.note(self._now, volts)
        if self._volts_before:
            self._look(values.saturated, self._before)
            yield
            if any(self._switched):
                yield from self._compare(volts, self._before, self._volts_before, False)
            else:
                self._dips.calm(_changes(volts, self._volts_before), volts)
                yield from self._compare_small(volts)
        if self._number % _SLOW == 0:
            if self._volts_ago:
                self._look(None, self._while_ago)
                yield
                yield from self._compare(volts, self._while_ago, self._volts_ago, True)
            self._while_ago[:] = self._now
            self._volts_ago = volts
        self._now, self._before = self._before, self._now
        self._volts_before = volts

    def miss(self) -> None:
        """A report without voltages."""
        self._volts_before = self._volts_ago = ()

    def _read(self, values):
        rates, sums, now = values.rates, values.sums, self._now
        for i in range(len(self._switched)):
            p, q = rates[RATES * i + POWER], rates[RATES * i + REACTIVE]
            if p == UNKNOWN or q == UNKNOWN or sums[SUMS * i + MISSED]:
                p = q = UNKNOWN
            now[2 * i], now[2 * i + 1] = p, q

    def _look(self, saturated: bytearray | None, before: Words) -> None:
        """Find what has switched, and note the angles of what has not, where `saturated` says
        which may be trusted."""
        now, switched = self._now, self._switched
        steady = self._number % _STEADY == 0
        for i in range(len(switched)):
            p, q, p0, q0 = now[2 * i], now[2 * i + 1], before[2 * i], before[2 * i + 1]
            switched[i] = 0
            if p == UNKNOWN or p0 == UNKNOWN:
                continue
            size = abs(p) + abs(q)
            step = abs(p - p0) + abs(q - q0)
            if step > _STEP_VA and step * _STEP_OF > size:
                switched[i] = 1
            elif saturated and steady and size > _LOAD_VA and not saturated[i]:
                self._angles.note(i, complex(p, q))

    def _compare(self, volts, before, volts_before, slow):
        """Compare what has changed with the grid and, unless it is `slow`, with the voltages."""
        points = self._site.points
        grid = self._grid_changes(volts, before, volts_before)
        whole = [change for change in grid if change is not None]
        most = 0.0  # A
        largest = max([0.0 if change is None else abs(change) for change in grid] or [0.0])
        yield
        moved = []
        for i in range(len(points)):
            if not self._switched[i]:
                continue
            change = self._change(i, points[i].phase, volts, before, volts_before)
            if i not in self._grid:
                between = self._site.lines != STAR and not self._kinds[i].of_line
                self._matches.note(i, change, grid, between)
                most = max(most, abs(change))
            moved.append((i, change))
            yield
        if slow:
            return
        changes = _changes(volts, volts_before)
        if whole and len(whole) == len(grid) and largest > _DIP_AMPERE:
            self._grid_dips.note(whole, changes, volts)
            yield
        for i, change in moved:
            size = abs(change)
            if size < _DIP_AMPERE or not self._kinds[i].weights or i in self._grid:
                continue
            if size < _OF_LARGEST * max(most, largest):
                continue
            load = points[i].load
            if any([points[j].load == load and abs(c) > _MATE * size for j, c in moved if j != i]):
                continue  # the others' currents take from the voltages as well
            self._dips.note(i, change, changes, volts)
            yield

    def _compare_small(self, volts):
        """Compare what has hardly changed with the grid."""
        before, volts_before = self._before, self._volts_before
        changes = self._grid_changes(volts, before, volts_before)
        grid = [change for change in changes if change is not None]
        if not grid or len(grid) < len(changes):
            return
        self._matches.begin_small(grid)
        yield
        for i in range(len(self._switched)):
            if i in self._grid or before[2 * i] == UNKNOWN or self._now[2 * i] == UNKNOWN:
                continue
            phase = self._site.points[i].phase
            change = self._change(i, phase, volts, before, volts_before)
            self._matches.note_small(i, change, grid)
            if i & 1:
                yield

    def _grid_changes(self, volts, before, volts_before) -> list[complex | None]:
        """By how much the grid's currents have changed, A; None: not known."""
        grid: list[complex | None] = []
        for i in self._grid:
            change = None
            if before[2 * i] != UNKNOWN and self._now[2 * i] != UNKNOWN:
                phase = self._site.points[i].phase
                change = self._change(i, phase, volts, before, volts_before)
            grid.append(change)
        return grid

    def _change(self, i, phase, volts, before, volts_before):
        """By how much point i's current has changed, A (conjugated: it is compared only)."""
        now = complex(self._now[2 * i], self._now[2 * i + 1]) / volts[phase]
        then = complex(before[2 * i], before[2 * i + 1]) / volts_before[phase]
        return (now - then) / 100


def _changes(volts, before):
    """Of each voltage, V."""
    return [abs(a) - abs(b) for a, b in zip(volts, before)]
