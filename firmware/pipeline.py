"""From the bus to the registers: takes each block that the A-bus delivers, and each report that
the meter completes.

Owns the order of things on the measuring path: bus_a -> phantom_voltages, line_voltages ->
metering; power_events and harmonics look at the same samples beside metering. When a report is
complete its sums are set aside and the next one begins at once; quantities -> energy ->
aggregates are worked through afterwards, in slices between the blocks. The caller drives both:
with asyncio on the gateway, in a plain loop in replay and in the benchmarks.
"""

from micropython import const

from site.sampling import BLOCK, SAMPLE_RATE
from site.wiring import DELTA, STAR
from measure.harmonics import Harmonics
from measure.power_events import PowerEvents
from measure.quantities import VOLTS_PER_COUNT, Report
from metering import Meter
from energy.aggregates import Aggregates
from energy.registers import Energy

_STOPPED_US = const(1000)  # from one look to the next


def build(
    bus: SampleBus,
    site: Site,
    now_ms: NowMs,
    waiting: Callable[[], None],
    report_samples: int = SAMPLE_RATE,
) -> Measuring:
    """The Measuring of a site. bus: as BusA; the rest: see Measuring and metering.Meter."""
    meter = Meter([point.phase for point in site.points], site.frequency, report_samples)
    declared = site.declared * 1000000 / site.voltage_ppm / VOLTS_PER_COUNT
    events = PowerEvents(declared, site.phases)
    report, energy = Report(site.points, site.voltage_ppm, site.lines, site.declared), Energy(site)
    points = range(len(site.points))
    chosen = [3 + i for i in points if site.points[i].harmonics]
    turns = list(range(site.phases)) + (chosen or [3 + i for i in points])
    phantoms = make_lines = None  # few sites need them
    if site.synthesised:
        from measure.phantom_voltages import PhantomVoltages

        phantoms = PhantomVoltages(site.synthesised, site.frequency)
    if site.lines != STAR:
        from measure import line_voltages

        make_lines = line_voltages.delta if site.lines == DELTA else line_voltages.split
    return Measuring(
        bus,
        phantoms,
        make_lines,
        meter,
        events,
        Harmonics(turns),
        report,
        energy,
        Aggregates(site, energy),
        now_ms,
        waiting,
    )


class Measuring:
    """`reports`: how many were worked through. Of the last one: `report` (quantities.Report),
    `energy` and `aggregates` after it, `ended_ms` (epoch ms of its last sample, or None),
    `first_sample` (the head's number of its first sample, modulo 2^22). `stopped`: after stop()
    the block and the sample up to which it has measured; else None. `pending`: a report waits to
    be worked through; one that is complete meanwhile becomes a window longer, which `postponed`
    counts. `events`: power_events.PowerEvents; `harmonics`: harmonics.Harmonics.

    phantoms: phantom_voltages.PhantomVoltages, or None. make_lines: line_voltages.delta or split,
    or None. now_ms: a function, epoch milliseconds or None. waiting: a function, called when a
    report waits."""

    def __init__(
        self,
        bus: SampleBus,
        phantoms: PhantomVoltages | None,
        make_lines: Callable[[Samples, Words], None] | None,
        meter: Meter,
        events: PowerEvents,
        harmonics: Harmonics,
        report: Report,
        energy: Energy,
        aggregates: Aggregates,
        now_ms: NowMs,
        waiting: Callable[[], None],
    ):
        self.bus = bus
        self.meter = meter
        self.events = events
        self.harmonics = harmonics
        self.report = report
        self.energy = energy
        self.aggregates = aggregates
        self.reports = 0
        self.postponed = 0
        self.pending = False
        self.ended_ms: int | None = None
        self.first_sample = 0
        self._phantoms, self._make_lines = phantoms, make_lines
        self._now_ms = now_ms
        self._waiting = waiting
        self._next_first = -1
        self._entering: list[EntersValues] = []  # other gateways, then meters
        self._others = 0  # of these
        self._reading = None  # reads the report that waits; None once it is read
        self._work: Iterable[None] = ()
        self._cycle: Cycle | None = None  # the block at hand
        self._sample = 0  # of it, up to which it is measured
        self._failing = 0  # samples of it that are lost if measuring them fails
        self._stops = False  # at the end of the report at hand
        self.stopped: tuple[int, int] | None = None
        self._done = 0  # samples of the next block that are measured already
        self.restart()

    def restart(self) -> None:
        """Go on after a step has failed: with what is left of the block at hand or, where there is
        none, with the bus anew."""
        if self._cycle is None:
            self._steps: Iterator[int] = self.bus.run()
        elif self._failing:  # never seen
            self.meter.skip(self._failing)
            self._failing = 0

    def step(self) -> int:
        """Do what is due; returns the us until the next step. Allocates only when a report ends,
        and little then."""
        if self.stopped:
            return _STOPPED_US
        cycle = self._cycle
        if cycle is None:
            wait = next(self._steps)
            cycle = self.bus.ready
            if cycle is None:
                return wait
            self._begin(cycle)
        self._use(cycle)
        return 0

    def _begin(self, cycle):
        """Take a block in hand."""
        self._cycle = cycle
        self._sample, done = self._done, self._done
        self._done = 0
        if self._next_first < 0:
            self._next_first = cycle.block * BLOCK
        elif cycle.skipped:
            lost = cycle.skipped * BLOCK - done
            self._sample = 0
            self.meter.skip(lost)
            self.events.skip(lost)
            self.harmonics.skip()
            if self._phantoms:
                self._phantoms.skip()
        if self._phantoms:
            self._phantoms.make(self.bus.samples, cycle.where)
        if self._make_lines:
            self._make_lines(self.bus.samples, cycle.where)

    def _use(self, cycle):
        """Measure what is left of the block at hand."""
        while True:
            if self.meter.due:
                self._finish(cycle.block)
                if self.stopped:
                    return
            if self._sample == BLOCK:
                break
            self._measure(cycle.where, self._sample)
        self._cycle = None

    def _measure(self, where, sample):
        """From `sample` on, up to the block's or the window's end."""
        self._failing = BLOCK - sample
        self._sample = BLOCK
        samples, pll = self.bus.samples, self.meter.pll
        end = self.meter.add(samples, where, sample)
        self._sample = end  # it is counted, whatever fails now
        self._failing = 0
        self.events.add(where, end - sample, pll)
        self.harmonics.add(samples, where, sample, end, pll)

    def _finish(self, block):
        """A report is complete: up to the sample at hand of this block."""
        if self.pending:
            self.meter.put_off()
            self.postponed += 1
            return
        # What takes heap comes first: where it fails, the report is still due.
        now_ms = self._now_ms()
        if now_ms is not None:  # the next report ends with a second of the clock
            now_ms -= self.bus.age_ms(block, self._sample)
            self.events.date(now_ms)
            self.meter.aim(SAMPLE_RATE * (1500 - (now_ms + 500) % 1000) // 1000)
        self._set_aside(now_ms, self._read)
        self.meter.finish()
        self.harmonics.begin()
        self.first_sample = self._next_first
        self._next_first = block * BLOCK + self._sample & 0x3FFFFF
        self.pending = True
        if self._stops:
            self.stopped = block, self._sample
        self._waiting()

    def stop(self) -> None:
        """Measure no further than to the end of the report at hand: go_on_as() is to follow,
        before the nodes drop what they hold."""
        self._stops = True

    def go_on(self) -> None:
        """As it was: nothing came of it."""
        self._stops = False
        self.stopped = None

    def go_on_as(self, other: Measuring, same_supply: bool) -> None:
        """Become another site's, once the last report was worked through: its bus asks anew for
        the block at which this one has stopped, and not a sample is lost. same_supply: the
        voltages mean the same, so that the oscillator and the events go on too."""
        other.meter.go_on(self.meter, same_supply)
        steps = other.bus.run()  # what takes heap is done: all goes over, or nothing
        self.meter, self.report, self.harmonics = other.meter, other.report, other.harmonics
        self.energy, self.aggregates = other.energy, other.aggregates
        if not same_supply:
            self.events = other.events
        self._phantoms, self._make_lines = other._phantoms, other._make_lines
        if self.stopped:
            self._done = self.stopped[1]
        else:
            self._next_first = -1
        self.bus = other.bus
        self._cycle = None
        self._failing = 0
        self._steps = steps
        self.go_on()

    def set_meters(self, meters: Sequence[EntersValues]) -> None:
        """meters: what enters its values into each report, fill(report)."""
        self._entering[self._others :] = meters

    def set_others(self, others: Sequence[EntersValues]) -> None:
        """As set_meters(), of what other gateways measure."""
        self._entering[: self._others] = others
        self._others = len(others)

    def _set_aside(self, ended_ms, read):
        self._reading = read
        self._filled = 0  # meters
        self._counting = False  # whether the registers have begun to count it
        self._work = self._through()
        self.ended_ms = ended_ms

    def complete(self, now_ms: int | None, read: Callable[[], Iterable[object]]) -> None:
        """Somebody else has a report (not while one is pending), which ended at `now_ms`. read: a
        generator function that fills `report`: not before what was there is written."""
        self._set_aside(now_ms, read)
        self.pending = True
        self._waiting()

    def work(self) -> Steps:
        """Work through the report that waits: a generator, to be resumed between blocks, whose
        steps take some ms. One that fails loses what is left of the report; where memory was too
        short before the registers count it, it goes on waiting and is tried again from there."""
        again = False
        try:
            yield from self._work
        except MemoryError:
            again = not self._counting
            raise
        finally:
            if again:
                self._work = self._through()
            self.pending = again

    def work_through(self) -> None:
        """Work through the report, if one waits, at once."""
        if self.pending:
            for _ in self.work():
                pass

    def _read(self):
        yield from self.report.read(self.meter)
        if self._phantoms and self.report.frequency:
            self._phantoms.tune(self.report.frequency)

    def _through(self):
        if self._reading is not None:
            yield from self._reading()
            self._reading = None
        while self._filled < len(self._entering):  # each is asked once: it counts what it gives
            self._filled += 1
            self._entering[self._filled - 1].fill(self.report)
            yield
        self.report.settle()
        yield
        self._counting = True
        yield from self.energy.add(self.report.values)
        yield from self.aggregates.add(self.report, self.ended_ms)
        self.reports += 1
