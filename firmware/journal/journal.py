"""The journal: a record of every minute, in the flash, for whoever reads it (docs/journal.md).

Owns when it is written: behind a report, when the buses can wait. A record is there for readers
once a power cut cannot take it.
"""

from micropython import const

from journal import running
from journal.chunk import Chunk
from journal.coding import MAX_RECORDS, Record, span
from journal.cursor import Cursor
from journal.layout import Layouts
from journal.minutes import Minutes
from journal.reading import Reading
from journal.segments import Segments
from journal.state import State

_LATEST_MS = const(30000)  # that a record waits for the buses
_FAILED_MS = const(60000)  # until a write is tried again
_BLOCK = const(4096)
_LONGEST = const(256)  # bytes of a record, mostly
_SPARE = const(1000)  # sequences that are left out where the last one is not known


class Journal:
    """`first`, `last`: the sequences that are kept, first > last where there are none; `layout`:
    of the current site, 8 hexadecimal digits.

    kept: energy.record.Record, which the records are written with; pulses: see minutes.Minutes;
    count: counts an error by name; uptime_ms: a function."""

    def __init__(
        self,
        site: Site,
        measuring: Measuring,
        kept: RegistersRecord,
        pulses: Callable[[], Iterable[tuple[str, Sequence[int | None]]]],
        count: Count,
        uptime_ms: UptimeMs,
    ):
        self._site = site
        self._measuring = measuring
        self._kept = kept
        self._count = count
        self._uptime_ms = uptime_ms
        self._layouts = Layouts(site)
        self.layout = self._layouts.current
        self._state = state = State()
        self._segments = Segments(count)
        self._restore(state, kept.rest)
        self._cut = running.was_cut()
        self._begun = self._cut
        if self._cut:
            count("registers.cut")
        state.boot += 1
        self.first, self.last = self._kept_sequences()
        self._minutes = Minutes(site, measuring, pulses, state.pulses)
        self._chunk: Chunk | None = None  # the last of state.chunks, if it can be added to
        self._reading = Reading(state, self._segments, count)
        self._newest: list[Record] = []  # that are not written yet
        self._news: Callable[[Record], object] = lambda record: None
        self._size = 0  # of what was written last
        self._offset: int | None = None
        self._untimed = False  # records of this start have no time
        self._ended_ms = 0  # uptime at which the oldest of `_newest` had ended
        self._failed_ms: int | None = None  # when a write did

    def _restore(self, state, rest):
        """Go on with what is there."""
        try:
            if rest:
                state.restore(rest)
        except (ValueError, IndexError, KeyError):
            self._count("journal.lost")
        segments = self._segments.all
        if segments:
            kept = segments[-1].last
            state.chunks = [one for one in state.chunks if span(one)[1] > kept]
            if kept > state.last:  # what was written behind it is not known
                state.last = kept + _SPARE

    def _kept_sequences(self):
        chunks, segments = self._state.chunks, self._segments.all
        first = last = None
        if chunks:
            first, last = span(chunks[0])[0], span(chunks[-1])[1]
        if segments:
            first = segments[0].first
            last = last or segments[-1].last
        return first or self._state.last + 1, last or self._state.last

    def set_news(self, news: Callable[[Record], object]) -> None:
        """news: called with each record when it is written."""
        self._news = news

    def cursor(self, name: str) -> Cursor:
        """Of a reader."""
        return Cursor(name, self._state.cursors)

    def layout_text(self, name: str) -> str | None:
        """What docs/history.md says under "The layout", but for `device`; None where that layout
        is not known. Reads a file."""
        return self._layouts.text(name)

    # Reading

    def read(self, sequence: int) -> Generator[Record | None]:
        """The record with the lowest sequence from this one on, behind some None; or nothing where
        there is none: a generator, whose steps take a few ms."""
        return self._reading.read(sequence, self.last)

    # Writing

    def keep(self, calm: Callable[[], bool]) -> Steps:
        """Take the report that was worked through, and write what is due when `calm()` says that
        the buses can wait for the flash: a generator; nothing may be counted meanwhile. A write
        blocks: it erases a block or two."""
        ended_ms = self._measuring.ended_ms
        now = None if ended_ms is None else (ended_ms + 500) // 1000
        yield from self._minutes.add(now)
        if now is not None:
            self._offset = now - self._uptime_ms() // 1000
            if self._untimed:
                self._untimed = False
                self._state.set_offset(self._state.boot, self._offset)
        if self._minutes.due:
            yield from self._end(now)
        if not self._begun:
            self._begun = self._try(running.begin)
        if not self._is_time(calm):
            return
        if self._newest:
            if self._minutes.samples:  # what the registers have must be in a record
                yield from self._end(now)
            yield from self._kept.fill()
            self._write()
        elif not self._layouts.kept:
            self._try(lambda: self._layouts.keep(self.last))
        elif self._try(lambda: self._segments.append(self._state.chunks[0])):
            self._state.chunks.pop(0)  # and so from the registers' record with the next write
            if not self._state.chunks:
                self._chunk = None

    def _try(self, write):
        """Whether that could be written."""
        try:
            write()
        except OSError:
            self._count("journal.unwritten")
            self._failed_ms = self._uptime_ms()
            return False
        return True

    def _is_time(self, calm):
        """Whether to write something now."""
        uptime = self._uptime_ms()
        if self._failed_ms is not None and uptime - self._failed_ms < _FAILED_MS:
            return False
        if self._newest:
            return calm() or uptime - self._ended_ms >= _LATEST_MS
        return (not self._layouts.kept or self._is_full()) and calm()

    def keep_now(self) -> None:
        """Write all at once, at an end, which it does not stop."""
        try:
            if self._minutes.samples:
                offset = self._offset
                now = None if offset is None else self._uptime_ms() // 1000 + offset
                for _ in self._end(now, True):
                    pass
            for _ in self._kept.fill():
                pass
        except MemoryError:
            self._count("registers.unwritten")
        else:
            if self._write():
                running.end()

    def _end(self, now, last=False):
        """A minute is over: its record is made."""
        uptime = self._uptime_ms()
        record = self._minutes.take(now, last)
        record.layout, record.boot = self.layout, self._state.boot
        record.uptime = uptime // 1000
        record.cut, self._cut = self._cut, False
        record.first = record.sequence = self._state.last + 1
        if record.sequence != self.last + len(self._newest) + 1:
            record.first = self.last + len(self._newest) + 1  # nothing comes for those between
        if now is None:
            self._untimed = True
        if not self._newest:
            self._ended_ms = uptime
        chunk = self._chunk
        if chunk is None or chunk.records == MAX_RECORDS:
            began = record.uptime - record.seconds
            points = len(self._site.points)
            chunk = Chunk(self._layouts.number, points, record.boot, record.first, max(0, began))
            self._state.chunks.append(chunk.data)
            self._chunk = chunk
        yield from chunk.add(record)
        self._state.last = record.sequence
        self._newest.append(record)

    def _write(self):
        try:
            rest = self._state.record()
            self._kept.write(rest)
        except (OSError, MemoryError):
            self._count("registers.unwritten")
            self._failed_ms = self._uptime_ms()
            return False
        self._failed_ms = None
        self._size = self._kept.size + len(rest)
        if self.first > self.last and self._newest:
            self.first = self._newest[0].first
        for record in self._newest:
            self.last = record.sequence
            self._news(record)
        self._newest = []
        return True

    def _is_full(self):
        """Whether chunks are to move to a segment."""
        chunks = self._state.chunks
        if len(chunks) > 1 or not chunks:
            return bool(chunks)
        size = self._size + _LONGEST
        return size % _BLOCK < _LONGEST
