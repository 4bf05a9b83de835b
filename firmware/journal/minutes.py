"""The minute at hand: what the reports up to now make of it.

Owns when it ends: with the report that reaches a minute of the clock, when the clock is set so
that another minute is current, and after 60 s where the time is not known. Its energies are
differences of the exact registers, so records add up to them.
"""

from array import array

from micropython import const

from site.sampling import SAMPLE_RATE
from measure.quantities import VOLTS
from measure.readings import POWER, RATES, UNKNOWN
from energy.registers import EXPORT, IMPORT, zeros
from journal.coding import Record

_MINUTE = const(60)
_QUARTER = const(900)
MINUTE_SAMPLES = _MINUTE * SAMPLE_RATE
_FULL = MINUTE_SAMPLES - SAMPLE_RATE // 2  # samples: the next report would be too much
_PHASES = const(3)
_NONE = const(0x7FFFFFFF)  # the least of nothing
LOST = -1  # a total that a reader knows, perhaps, and the journal does not
_STEP = const(7)  # points at once


class Minutes:
    """`samples`: of the minute so far; `due`: it is over.

    measuring: pipeline.Measuring; pulses: a function that gives [(serial number, total of each
    input or None)]; totals: what these were when the last record was made, by serial number, or
    LOST. energy: registers.Energy that measuring is going to have, where it is another one;
    begin() is to follow then."""

    def __init__(
        self,
        site: Site,
        measuring: Measuring,
        pulses: Callable[[], Iterable[tuple[str, Sequence[int | None]]]],
        totals: dict[str, list[int | None]],
        energy: Energy | None = None,
    ):
        energy = energy or measuring.energy
        points = len(site.points)
        self.samples = 0
        self.due = False
        self.totals = totals
        self._measuring = measuring
        self._pulses = pulses
        self._points = points
        self._minute: int | None = None  # since 1970, in which it has begun
        self._quarter_s = 0  # of the quarter of an hour at hand, where the time is not known
        self._before = array("q", energy.main.joules)
        self._missing = array("q", energy.missing)
        self._estimated = sum(energy.estimated.joules)
        self._events = measuring.events.ended
        self._grid = [_NONE, -_NONE]
        self._voltages = zeros("i", 2 * _PHASES)
        self._power = zeros("i", 2 * points)
        self._clear()
        self._clear_power()

    def begin(self) -> None:
        """Measuring has that energy now. Takes no heap."""
        self._events = self._measuring.events.ended

    def _clear(self):
        for p in range(_PHASES):
            self._voltages[2 * p], self._voltages[2 * p + 1] = _NONE, -_NONE
        self._grid[:] = _NONE, -_NONE

    def _clear_power(self):
        for i in range(self._points):
            self._power[2 * i], self._power[2 * i + 1] = _NONE, -_NONE

    def add(self, now: int | None) -> Steps:
        """Take the report that was worked through and ended at `now`, epoch s or None: a
        generator."""
        report = self._measuring.report
        self.samples += report.samples
        if now is not None:
            if self._minute is None:
                self._minute = (now - self.samples // SAMPLE_RATE) // _MINUTE
            self.due = now // _MINUTE != self._minute
        elif self.samples >= _FULL:
            self.due = True
        grid = self._measuring.aggregates.grid
        if grid is not None:
            self._note(self._grid, 0, int(round(grid)))
        for p in range(_PHASES):
            if report.voltages[p].connected or self._voltages[2 * p] != _NONE:
                volts = report.supply[VOLTS + p]
                if volts != UNKNOWN:
                    self._note(self._voltages, 2 * p, volts)
        yield
        rates, power = report.rates, self._power
        for i in range(self._points):
            watts = rates[RATES * i + POWER]
            if watts != UNKNOWN:
                self._note(power, 2 * i, watts)
            if i % _STEP == _STEP - 1:
                yield

    def has_any(self) -> bool:
        """Whether there is anything of it, and be it of a report that is being worked through."""
        return bool(self.samples) or self._before != self._measuring.energy.main.joules

    @staticmethod
    def _note(ranges, at, value):
        if value < ranges[at]:
            ranges[at] = value
        if value > ranges[at + 1]:
            ranges[at + 1] = value

    def take(self, now: int | None, last: bool = False) -> Record:
        """The minute as a Record without a sequence, and begin the next one. now: when it ends,
        epoch s or None; last: none follows, so that the powers are said. Allocates."""
        record = Record()
        record.time = now
        record.seconds = (self.samples + SAMPLE_RATE // 2) // SAMPLE_RATE
        energy = self._measuring.energy
        self._take_energies(record, energy)
        if self._grid[0] <= self._grid[1]:
            record.grid = tuple(self._grid)
        record.voltages = [self._range(self._voltages, 2 * p, 10) for p in range(_PHASES)]
        quarter = self._ends_quarter(record.seconds, now)
        if quarter or last:
            record.power = [self._range(self._power, 2 * i, 100) for i in range(self._points)]
        estimated = sum(energy.estimated.joules)
        record.estimated = estimated - self._estimated
        record.events = self._measuring.events.ended - self._events
        totals = self._take_pulses(record)
        # Whatever takes heap is done: all of it is taken, or nothing.
        self._before[:] = energy.main.joules
        self._missing[:] = energy.missing
        self._estimated = estimated
        self._events += record.events
        self.totals.update(totals)
        if quarter:
            self._clear_power()
            self._quarter_s = 0
        else:
            self._quarter_s += record.seconds
        self.samples = 0
        self.due = False
        self._minute = None if now is None else now // _MINUTE
        self._clear()
        return record

    def _take_energies(self, record, energy):
        joules, before = energy.main.joules, self._before
        record.imported, record.exported, record.missing = [], [], []
        for i in range(self._points):
            imported = joules[2 * i + IMPORT] - before[2 * i + IMPORT]
            exported = joules[2 * i + EXPORT] - before[2 * i + EXPORT]
            missed = energy.missing[i] - self._missing[i]
            if missed >= self.samples and not imported and not exported:
                imported = exported = None  # nothing was measured
            record.imported.append(imported)
            record.exported.append(exported)
            record.missing.append(missed)

    def _ends_quarter(self, seconds, now):
        """Whether a quarter of an hour is over with the record that ends at `now`."""
        if now is None or self._minute is None:
            return self._quarter_s + seconds >= _QUARTER
        return now // _QUARTER != self._minute * _MINUTE // _QUARTER

    @staticmethod
    def _range(ranges, at, unit):
        """Least and greatest, rounded; None where there was nothing."""
        if ranges[at] > ranges[at + 1]:
            return None
        half = unit // 2
        return (ranges[at] + half) // unit, (ranges[at + 1] + half) // unit

    def _take_pulses(self, record):
        """Returns what the totals are now."""
        all_totals = {}
        for serial, totals in self._pulses():
            before = self.totals.get(serial) or [None] * len(totals)
            counts = []
            for i, total in enumerate(totals):
                old = before[i]
                if total is None or old == LOST:
                    counts.append(None)
                elif old is None or total < old:  # it begins to be known
                    counts.append(0)
                else:
                    counts.append(total - old)
            all_totals[serial] = [old if new is None else new for new, old in zip(totals, before)]
            if counts != [None] * len(counts):
                record.pulses[serial] = counts
        return all_totals
