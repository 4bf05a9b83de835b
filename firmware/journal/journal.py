"""The journal: a record of every minute, in the flash, for whoever reads it (docs/journal.md).

Owns when it is written: behind a report, when the buses can wait. A record is there for readers
once a power cut cannot take it.
"""

from micropython import const

from journal import running
from journal.advice import texts
from journal.coding import Record
from journal.layout import Layouts
from journal.minutes import MINUTE_SAMPLES, Minutes
from journal.owner import Owner
from journal.records import Records
from journal.thinning import Thinning
from journal.writing import Writing

_LATEST_MS = const(30000)  # that a record waits for the buses
_FAILED_MS = const(60000)  # until a write is tried again
_BLOCK = const(4096)
_LONG_RECORD = const(256)  # bytes of a record, mostly
_MAX_NEWEST = const(60)  # records that cannot be written
_MAX_TAIL = const(16384)  # bytes that can be moved to no segment
_NO_ROOM = const(28)  # ENOSPC
_ALL = const(100000)  # files


class Journal(Records):
    """Writes them; records.Records has what is there to be read. `layout`: of the current site, 8
    hexadecimal digits.

    kept: energy.record.Record, which the records are written with; pulses: see minutes.Minutes;
    capacity: bytes that segments may have; count: counts an error by name; uptime_ms: a function.
    since: epoch s from which a journal without anything of before counts the seconds to its first
    sequence, where it knows the time: a flash that was erased had lower ones. None: it begins with
    1."""

    def __init__(
        self,
        site: Site,
        measuring: Measuring,
        kept: RegistersRecord,
        pulses: Callable[[], Iterable[tuple[str, Sequence[int | None]]]],
        capacity: int,
        count: Count,
        uptime_ms: UptimeMs,
        since: int | None = None,
    ):
        super().__init__(site, capacity, count)
        self._measuring = measuring
        self._kept = kept
        self._pulses = pulses
        self._count = count
        self._uptime_ms = uptime_ms
        self.layout = self._layouts.current
        state = self._state
        self._owner = owner = Owner(kept, count)
        self._thinning = Thinning(self._segments, state, capacity, count)
        self.last = state.go_on(kept.rest, kept.doubtful, self._segments, owner, count)
        if owner.foreign:
            self._layouts.leave_out()
        self._cut = not owner.foreign and running.was_cut()
        self._begun = self._cut and owner.is_marked()
        if self._cut:
            count("registers.cut")
        state.begin()
        self._writing = Writing(kept, state, owner, since, count, uptime_ms)
        self._since = state.last + 1
        self._minutes = Minutes(site, measuring, pulses, state.pulses)
        self._ended: Record | None = None  # a record that is not among the newest yet
        self._newest: list[Record] = []  # that are not written yet
        self._filled = False  # the registers were taken with the last of these
        self._news: Callable[[Record], object] = lambda record: None
        self._offset: int | None = None
        self._untimed = False  # records of this start have no time
        self._ended_ms = 0  # uptime at which the oldest of `_newest` had ended
        # When a write failed, of what is moved or said once, of thinning.
        self._untidy_ms: int | None = None
        self._unthinned_ms: int | None = None

    def set_news(self, news: Callable[[Record], object]) -> None:
        """news: called with each record when it is written."""
        self._news = news

    def advice(self, counts: dict[str, int]) -> list[AdviceText]:
        """[(name, text)] of what is wrong with it. counts: of errors by name since start."""
        thinning = self._thinning
        times = self._untidy_ms, self._unthinned_ms
        failing = self._writing.failing or any([time is not None for time in times])
        unread = self._segments.has_unread()
        way = thinning.has_outrun(), thinning.dropped > 0, unread, self._owner.tail
        return texts(failing, *way, counts)

    def describe(self) -> Table:
        """For people: what is kept, in sequences and bytes."""
        segments = self._segments
        return {
            "first": self.first,
            "last": self.last,
            "bytes": segments.size(),
            "room": self._thinning.capacity,
            "delivered": self._state.cursors,
        }

    def undelivered(self) -> int:
        """Minutes that not every reader has, those too that are not written yet. The minute at
        hand is none."""
        has = max(min(self._state.cursors.values(), default=0), self.first - 1)
        unwritten = len(self._newest) + bool(self._ended)
        return max(0, self.last - has) + unwritten + self._minutes.samples // MINUTE_SAMPLES

    # Writing

    def keep(self, calm: Callable[[], bool]) -> Steps:
        """Take the report that was worked through, and write what is due when `calm()` says that
        the buses can wait for the flash: a generator; nothing may be counted meanwhile. A write
        blocks: it erases a block or two."""
        try:
            now = self._look_at_clock()
            yield from self._minutes.add(now)
            if self._ended or self._minutes.due and len(self._newest) < _MAX_NEWEST:
                yield from self._end(now)
            if not self._begun and not self._owner.foreign:
                self._begun = True
                self._try(self._begin)
            if self._newest:
                late = self._uptime_ms() - self._ended_ms >= _LATEST_MS
                if self._writing.may_write() and (late or calm()) and self._writing.own():
                    yield from self._fill(now)
                    self._write()
            elif calm() and not self._owner.foreign:
                yield from self._tidy()
        except MemoryError:
            self._count("journal.memory")

    def _begin(self):
        """It measures."""
        self._owner.keep(self._state)
        running.begin()

    def _fill(self, now):
        """Take what is to be written: what the registers have must be in a record. Once too many
        wait, it is what it was with the last of them."""
        if len(self._newest) < _MAX_NEWEST or not self._filled:
            if self._minutes.samples:
                yield from self._end(now)
            yield from self._kept.fill()
            self._filled = True

    def _is_over(self, failed_ms):
        """Whether something that failed then may be tried again."""
        return failed_ms is None or self._uptime_ms() - failed_ms >= _FAILED_MS

    def _look_at_clock(self):
        """When the report ended, epoch s or None."""
        ended_ms = self._measuring.ended_ms
        if ended_ms is None:
            return None
        now = (ended_ms + 500) // 1000
        self._offset = now - self._uptime_ms() // 1000
        if self._untimed:
            self._untimed = False
            self._state.set_offset(self._state.boot, self._offset)
        return now

    def _tidy(self):
        """Nothing waits to be written: do what has time, if there is any."""
        may_write = self._is_over(self._untidy_ms)
        if may_write and self._is_full():
            self._move()
        elif may_write and not self._layouts.kept:
            self._try(lambda: self._layouts.keep(self._since))
        elif self._thinning.is_due() and self._is_over(self._unthinned_ms):
            try:
                yield from self._thinning.step()
                self._unthinned_ms = None
            except OSError:
                self._count("journal.unwritten")
                self._unthinned_ms = self._uptime_ms()

    def _move(self):
        """The oldest chunk leaves the registers' record with the next write."""
        state = self._state
        try:
            self._owner.keep(state)
            self._segments.append(state.chunks[0])
        except OSError as error:
            self._fail()
            if error.errno == _NO_ROOM:
                self._thinning.lessen()
            # While there is something to thin, there will be room.
            is_long = sum([len(chunk) for chunk in state.chunks]) > _MAX_TAIL
            if not is_long or self._thinning.is_able() and self._unthinned_ms is None:
                return
            self._count("journal.dropped")
        else:
            self._untidy_ms = None
        state.forget()

    def _fail(self):
        self._count("journal.unwritten")
        self._untidy_ms = self._uptime_ms()

    def _try(self, write):
        """Whether that could be written."""
        try:
            write()
        except OSError:
            self._fail()
            return False
        self._untidy_ms = None
        return True

    def keep_now(self) -> None:
        """Write all at once, at an end, which it does not stop; nothing while the journal is
        another site's and no minute is over: that site may come back."""
        if self._owner.foreign and not self._newest:
            return
        try:
            offset = self._offset
            now = None if offset is None else self._uptime_ms() // 1000 + offset
            for _ in self._take_all(now):
                pass
        except MemoryError:
            self._count("registers.unwritten")
        else:
            if self._writing.own(_ALL) and self._write():
                running.end()

    def _take_all(self, now):
        """The minute at hand ends, and what the registers have is taken."""
        while self._ended or self._minutes.has_any():
            yield from self._end(now, True)
        yield from self._kept.fill()

    def end_site(self) -> Steps:
        """Another site follows: the minute at hand ends. Writes the layout where it is not kept
        yet."""
        if not self._layouts.kept and not self._owner.foreign:
            self._try(lambda: self._layouts.keep(self._since))
        yield from self._take_all(self._look_at_clock())

    def prepare_site(self, site: Site, energy: Energy) -> tuple[Layouts, Minutes]:
        """What begin_site() takes: all of it that needs heap. energy: registers.Energy that
        measuring is going to have."""
        minutes = Minutes(site, self._measuring, self._pulses, self._state.pulses, energy)
        return Layouts(site), minutes

    def begin_site(self, kept: RegistersRecord, prepared: tuple[Layouts, Minutes]) -> None:
        """Behind end_site(), once measuring is the other site's: whole, it needs no heap. kept:
        goes on with what the one before has taken."""
        self._kept = kept
        self._writing.use(kept)
        self._layouts, self._minutes = prepared
        self._minutes.begin()
        self.layout = self._layouts.current
        self._since = self._state.last + 1
        self._state.end_chunk()
        self._filled = False

    def _end(self, now, last=False):
        """A minute is over: its record is made."""
        if self._ended is None:
            self._ended = self._made(now, last)
        if not self._newest:
            self._ended_ms = self._uptime_ms()
        yield from self._state.add(self._ended, self._layouts.number)
        self._newest.append(self._ended)
        self._ended = None
        self._filled = False

    def _made(self, now, last):
        self._writing.begin(now)
        record = self._minutes.take(now, last)
        record.layout, record.boot = self.layout, self._state.boot
        record.uptime = self._uptime_ms() // 1000
        record.cut, self._cut = self._cut, False
        record.first = record.sequence = self._state.last + 1
        if now is None:
            self._untimed = True
        return record

    def _write(self):
        """Write registers and records, which are news then; whether they could be."""
        if not self._writing.write():
            return False
        while self._newest:
            record = self._newest.pop(0)
            self.last = record.sequence
            self._news(record)
        return True

    def _is_full(self):
        """Whether chunks are to move to a segment: the next record would make the file a block
        longer, or there are some to which nothing is added."""
        if len(self._state.chunks) != 1:
            return bool(self._state.chunks)
        return (self._writing.size + _LONG_RECORD) % _BLOCK < _LONG_RECORD
