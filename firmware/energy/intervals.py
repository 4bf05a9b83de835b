"""Intervals of 5 and 15 minutes that begin when the clock says so: energies, voltages, gaps.

Every sample is in exactly one interval of each length, and an interval's energies are differences
of the exact registers: intervals add up to the registers whatever the clock does. An interval ends
with the first report that reaches a multiple of its length; it ends as well when the clock is set
so that another one is current, and when the time becomes known. Energy that a report brings for a
longer time is spread over it: where a point was absent at an interval's end, the interval waits
until it is back, for a minute at most. Owns the queue of completed intervals: data goes one way,
whoever takes one removes it.
"""

from array import array

from micropython import const

from site.sampling import SAMPLE_RATE
from energy.gaps import Gaps
from energy.registers import BACK, EXPORT, IMPORT, MAX_GAP, zeros
from energy.spread import Spread

FIVE_MINUTES = const(300)
QUARTER = const(900)

_KEPT = const(4)  # completed intervals that wait to be taken
_TOLERANCE_S = const(2)
_LONG_REPORT = const(4800)  # samples: what ends an interval with one is divided


class Interval:
    """A completed interval. `start`: epoch s; `length`: s; `samples`: how long it really was, in
    1/3200 s. `energy`: J, as registers.Energy's `main.joules`; `missed[i]`: samples that point i
    did not get; `doubtful[i]`: its energy in this interval is not known; `estimated`: what
    `energy` holds for what is missing, J; `spread`: what varied.

    `regular`: as long as its length says, to 2 s: not the first one, nor was the clock set."""

    def __init__(
        self,
        start: int,
        length: int,
        samples: int,
        energy: Words,
        missed: Words,
        estimated: int,
        spread: Spread,
        doubtful: Sequence[int] | None = None,
    ):
        self.start = start
        self.length = length
        self.samples = samples
        self.energy = energy
        self.missed = missed
        self.estimated = estimated
        self.spread = spread
        self.doubtful = doubtful or bytearray(len(missed))
        off = samples - length * SAMPLE_RATE
        self.regular = -_TOLERANCE_S * SAMPLE_RATE <= off <= _TOLERANCE_S * SAMPLE_RATE

    def of_load(self, k: int, direction: int) -> int:
        """J of load k; direction: registers.IMPORT or EXPORT."""
        return self.energy[2 * (len(self.missed) + k) + direction]

    def doubts(self, points: Iterable[int]) -> bool:
        """Whether the energy of one of these points is not known."""
        for i in points:
            if self.doubtful[i]:
                return True
        return False

    def complete(self) -> bool:
        """Whether it is regular and no point misses more than a hundredth."""
        most = max(self.missed) if self.missed else 0
        return self.regular and most * 100 <= self.samples and not any(self.doubtful)


class Span:
    """The interval that is current, of one length. `samples`: of it so far; `start`: its beginning
    by the clock (epoch s), None while the time is not known."""

    def __init__(self, length: int, energy: Energy):
        self.length = length
        self.start: int | None = None
        self.samples = 0
        self._energy = energy
        self._before = zeros("q", len(energy.main.joules))
        self._gaps = Gaps(len(energy.missing))
        self.begin()
        # An interval that waits for points that are absent.
        self._waiting: Interval | None = None
        self._waiting_gaps = Gaps(len(energy.missing))

    def begin(self) -> None:
        """Begin anew with what the registers have now."""
        self.samples = 0
        self._before[:] = self._energy.main.joules
        self._estimated = sum(self._energy.estimated.joules)
        self._spread = Spread(len(self._energy.missing))
        self._gaps.clear()

    def go_on(self, other: Span, points: Pairs, registers: Pairs) -> None:
        """Go on with what another site's has begun: `points`: [(ours, its)], which
        measure the same; `registers`: those that have the same joules now. Behind its end()."""
        self.start, self.samples = other.start, other.samples
        for r, old in registers:
            self._before[r] = other._before[old]
        kept = sum(other._energy.estimated.joules) - other._estimated
        self._estimated = sum(self._energy.estimated.joules) - kept
        self._gaps.go_on(other._gaps, points, self.samples)

    def leave_out(self, r: int, joules: int) -> None:
        """What register r has got last is of before this interval."""
        self._before[r] += joules

    def so_far(self, k: int, direction: int) -> int:
        """J of load k; direction: registers.IMPORT or EXPORT."""
        r = 2 * (len(self._energy.missing) + k) + direction
        return self._energy.main.joules[r] - self._before[r]

    def doubts(self, points: Iterable[int]) -> bool:
        """Whether the energy of one of these points is not known so far."""
        for i in points:
            if self._gaps.doubts(i, self.samples):
                return True
        return False

    def add(self, report: Report, grid: float | None, now: int | None) -> list[Interval]:
        """Take a report that ended at `now` (epoch s, or None) and is counted in the registers;
        grid: W or None. Returns the Intervals that are complete with it."""
        complete = []
        seconds = (report.samples + SAMPLE_RATE // 2) // SAMPLE_RATE
        if not self.samples:
            self.start = None if now is None else self._floor(now - seconds)
        self._spread.add(report, grid)
        self._gaps.add(report.values.sums, self._energy, self.samples)
        self.samples += report.samples
        if self._waiting and self._settle(self._waiting):
            complete.append(self._release())
        if now is None or self._floor(now) == self.start:
            return complete
        if self._waiting:  # the clock was set
            complete.append(self._release())
        self._close(report, now)
        if not self._is_awaited():
            complete.append(self._release())
        return complete

    def end(self) -> list[Interval]:
        """No report follows: the interval that waits, if one does, is complete as it is."""
        return [self._release()] if self._waiting else []

    def _close(self, report, now):
        """The interval is over: it waits."""
        start = self.start
        if start is None:
            start = now - self.samples // SAMPLE_RATE
        joules = self._energy.main.joules
        energy = zeros("q", len(joules))
        for r in range(len(energy)):
            energy[r] = joules[r] - self._before[r]
        estimated = sum(self._energy.estimated.joules) - self._estimated
        after = 0  # samples of the report that belong to the next interval
        if report.samples > _LONG_REPORT:
            after = min((now - self._floor(now)) * SAMPLE_RATE, report.samples)
        samples, spread = self.samples - after, self._spread
        gaps, self._gaps = self._gaps, self._waiting_gaps
        self._waiting_gaps = gaps
        self.begin()
        if after:
            self.start, self.samples = self._floor(now), after
            for r in range(len(energy)):
                share = self._energy.gained[r] * after // report.samples
                energy[r] -= share
                self._before[r] -= share
        missed = array("i", gaps.missed)
        self._waiting = Interval(start, self.length, samples, energy, missed, estimated, spread)

    def _is_awaited(self):
        """Whether a point that is absent may still be estimated."""
        gaps, gap = self._waiting_gaps, self._energy.gap
        awaited = False
        for i in range(len(gaps.open)):
            if gaps.open[i]:
                if 0 < gap[i] <= MAX_GAP:
                    awaited = True
                else:
                    gaps.lose(i)
        return awaited

    def _release(self):
        interval, self._waiting = self._waiting, None
        assert interval
        gaps = self._waiting_gaps
        for i in range(len(gaps.open)):
            gaps.lose(i)
        interval.doubtful = gaps.doubtful(interval.samples)
        return interval

    def _settle(self, waiting):
        """Give the waiting interval its part of what has come late; returns whether that was
        all."""
        gaps, energy = self._waiting_gaps, self._energy
        nets = None  # of each load
        for i in range(len(gaps.open)):
            if gaps.open[i] and energy.state[i] == BACK:
                late, gap = energy.late[i], energy.gap[i]
                share = abs(late) * min(gaps.open[i], gap) // gap
                moved = self._move(waiting, 2 * i + (EXPORT if late < 0 else IMPORT), share)
                nets = nets or {}
                k = energy.load_of(i)
                nets[k] = nets.get(k, 0) + (-moved if late < 0 else moved)
                gaps.open[i] = 0
                self._gaps.accept(i)
        if nets:
            for k in nets:
                r = 2 * (len(energy.missing) + k) + (EXPORT if nets[k] < 0 else IMPORT)
                self._move(waiting, r, abs(nets[k]))
            left = sum(energy.estimated.joules) - self._estimated
            part = min(left, sum(abs(net) for net in nets.values()))
            self._estimated += part
            waiting.estimated += part
        return not self._is_awaited()

    def _move(self, waiting, r, share):
        """Let this much of register r belong to the waiting interval; returns how much it is."""
        share = min(share, self._energy.gained[r])
        waiting.energy[r] += share
        self._before[r] += share
        return share

    def _floor(self, time):
        return time - time % self.length


class Intervals:
    """`completed`: intervals that nobody has taken yet, oldest first; `dropped`: how many were
    forgotten because nobody took them. `quarter`: the current 15 minutes, a Span."""

    def __init__(self, energy: Energy):
        self.completed: list[Interval] = []
        self.dropped = 0
        self.quarter = Span(QUARTER, energy)
        self._five_minutes = Span(FIVE_MINUTES, energy)

    def keep(self, length: int) -> None:
        """Remove those of other lengths from the queue."""
        self.completed = [one for one in self.completed if one.length == length]

    def take(self) -> Interval | None:
        """The oldest that is completed, which leaves the queue; None where there is none."""
        return self.completed.pop(0) if self.completed else None

    def begin(self) -> None:
        """Begin anew with what the registers have now."""
        self._five_minutes.begin()
        self.quarter.begin()

    def leave_out(self, r: int, joules: int) -> None:
        """What register r has got last is in none."""
        self._five_minutes.leave_out(r, joules)
        self.quarter.leave_out(r, joules)

    def end(self) -> list[Interval]:
        """No report follows; returns the quarters that are complete with that."""
        self._keep(self._five_minutes.end())
        quarters = self.quarter.end()
        self._keep(quarters)
        return quarters

    def go_on(self, other: Intervals, points: Pairs, registers: Pairs) -> None:
        """See Span.go_on(). What nobody has taken from the other one is dropped."""
        self.dropped = other.dropped + len(other.completed)
        self.quarter.go_on(other.quarter, points, registers)
        self._five_minutes.go_on(other._five_minutes, points, registers)

    def add(self, report: Report, grid: float | None, now_ms: int | None) -> Quarters:
        """Take a report (quantities.Report) that the registers have counted. grid: its power in W,
        or None; now_ms: when it ended, epoch milliseconds, or None. A generator; its value are the
        quarters of an hour that are complete with the report."""
        now = None if now_ms is None else (now_ms + 500) // 1000
        self._keep(self._five_minutes.add(report, grid, now))
        yield
        quarters = self.quarter.add(report, grid, now)
        self._keep(quarters)
        return quarters

    def _keep(self, intervals):
        for interval in intervals:
            self.completed.append(interval)
            if len(self.completed) > _KEPT:
                self.completed.pop(0)
                self.dropped += 1
