"""The records that there are, in segments and in what is in none yet, for whoever reads them
(docs/journal.md). Writes nothing."""

from journal.coding import Record, span
from journal.cursor import Cursor
from journal.layout import Layouts
from journal.reading import Reading
from journal.segments import Segments
from journal.state import State


class Records:
    """`first`, `last`: the sequences that are kept, first > last where there are none.

    capacity: bytes that segments may have; count: counts an error by name."""

    def __init__(self, site: Site, capacity: int, count: Count):
        self.last = 0
        self._layouts = Layouts(site)
        self._state = State()
        self._segments = Segments(capacity, count)
        self._reading = Reading(self._state, self._segments, count)

    @property
    def boot(self) -> int:
        """The number of this start."""
        return self._state.boot

    @property
    def first(self) -> int:
        if self._segments.all:
            return self._segments.all[0].first
        if self._state.chunks:
            return min(span(self._state.chunks[0])[0], self.last + 1)
        return self.last + 1

    @property
    def unread(self) -> int:
        """How often a part of the flash could not be read: its records may be there again."""
        return self._segments.unread

    def cursor(self, name: str) -> Cursor:
        """Of a reader."""
        self._state.cursors.setdefault(name, 0)
        return Cursor(name, self._state.cursors)

    def layout_text(self, name: str) -> str | None:
        """What docs/history.md says under "The layout", but for `device`; None where that layout
        is not known. Reads a file."""
        return self._layouts.text(name)

    def read(self, sequence: int) -> Generator[Record | None]:
        """The record with the lowest sequence from this one on, behind some None; or nothing where
        there is none: a generator, whose steps take a few ms."""
        return self._reading.read(sequence, self.last)
