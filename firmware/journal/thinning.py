"""Makes room: old minutes become records of 5 minutes, these records of 15, and the oldest of
these are dropped at last. What all readers have goes first.

Owns when what is thinned, a segment at a time.
"""

from micropython import const

from journal import merging
from journal.chunk import Chunk
from journal.decoder import Decoder
from journal.segments import Segment

_NEXT = {1: 5, 5: 15}
_CHUNK = const(3500)  # bytes, about
_STEPS = const(30)  # behind a report: five records or so
_TRIES = const(3)  # until a segment that cannot be merged is dropped
_NO_ROOM = const(28)  # ENOSPC


class Thinning:
    """capacity: bytes of all segments. `dropped`: segments that no reader had, and nobody has any
    more."""

    def __init__(self, segments: Segments, state: State, capacity: int, count: Count):
        self.capacity = capacity
        self.dropped = 0
        self._segments = segments
        self._state = state
        self._count = count
        self._work: Iterator[object] | None = None
        self._failed: Segment | None = None  # that could not be merged
        self._tries = 0

    def is_due(self) -> bool:
        """Whether there is too much, or something is being thinned."""
        return self._work is not None or self._segments.size() > self.capacity

    def is_able(self) -> bool:
        """Whether it is due, and can do something."""
        return self.is_due() and len(self._segments.all) > 1

    def lessen(self) -> None:
        """The flash has no room left for more than there is."""
        size = self._segments.size()
        self.capacity = max(0, min(self.capacity, size - self._segments.most))

    def step(self) -> Steps:
        """Do a little of it: a generator, which writes a block or two of the flash at most.
        OSError where it cannot be read or written; it begins anew then, and drops at last what it
        cannot merge."""
        if self._work is None:
            self._work = self._through()
        try:
            for _ in range(_STEPS):
                if next(self._work):
                    return
                yield
            return
        except StopIteration:
            pass
        except (OSError, MemoryError):
            self._work = None
            raise
        self._work = None

    def has_outrun(self) -> bool:
        """Whether readers are so late that some they have not is no record of each minute."""
        if not self._state.cursors:
            return False
        for segment in self._segments.all:
            if segment.minutes > 1 and not self.is_delivered(segment):
                return True
        return False

    def is_delivered(self, segment: Segment) -> bool:
        """Whether all readers have it."""
        cursors = self._state.cursors
        return bool(cursors) and segment.last <= min(cursors.values())

    def _readers_in(self, segment):
        """Where in it readers are: the last sequence that each has."""
        return [
            sequence
            for sequence in sorted(self._state.cursors.values())
            if segment.first <= sequence < segment.last
        ]

    def _choose(self):
        """What is to be thinned, or dropped; None where nothing can be. Minutes may have half of
        the room, records of 5 minutes a quarter of it; else the oldest is next."""
        segments = self._segments
        old = segments.all[:-1]  # the newest one is being written
        for delivered in (True, False):
            oldest: dict[int, Segment] = {}  # of each kind
            for segment in reversed(old):
                if self.is_delivered(segment) == delivered and not self._readers_in(segment):
                    oldest[segment.minutes] = segment
            if 1 in oldest and 2 * segments.size(1) > self.capacity:
                return oldest[1]
            if 5 in oldest and 4 * segments.size(5) > self.capacity:
                return oldest[5]
            if old and self.is_delivered(old[0]) == delivered:
                return old[0]
        return None

    def _through(self):
        """A generator that gives whether something was written."""
        segment = self._choose()
        if segment is None:
            return
        if segment.minutes == 15:
            self._drop(segment)
            yield True
            return
        try:
            yield from self._merge(segment)
        except OSError as error:
            self._give_up(segment, error)
            raise

    def _drop(self, segment):
        if not self.is_delivered(segment):
            self.dropped += 1
            self._count("journal.dropped")
        self._segments.remove(segment)

    def _give_up(self, segment, error):
        """It could not be merged: it is dropped where that goes on, the oldest of all where the
        flash has no room."""
        if error.errno == _NO_ROOM:
            self._drop(self._segments.all[0])
            return
        self._tries = self._tries + 1 if self._failed is segment else 1
        self._failed = segment
        if self._tries == _TRIES:
            self._failed = None
            self._drop(segment)

    def _merge(self, segment):
        """The same, until the segment is one of more minutes."""
        target, size = self._target(segment)
        readers = self._readers_in(segment)
        target.begin()
        try:
            with open(target.path, "ab" if size else "wb") as file:
                for chunk in self._chunks(segment, readers):
                    if chunk is not None:
                        file.write(chunk)
                    yield chunk is not None
        finally:  # what was written in vain is found by nobody
            if size:
                target.measure()
        if self._readers_in(segment) == readers:
            target.measure()
            self._segments.replace(segment, target)
        yield True

    def _target(self, segment):
        """The segment that is to have it, and its size."""
        minutes, segments = _NEXT[segment.minutes], self._segments
        k = segments.all.index(segment)
        before = segments.all[k - 1] if k else None
        if before and before.clean and before.minutes == minutes and before.size < segments.most:
            return before, before.size
        return Segment(segment.first, minutes), 0

    def _chunks(self, segment, readers):
        """What the segment becomes, behind some None. A record does not have what a reader has
        and what it has not. What is in no other segment counts: the file may have more."""
        minutes = _NEXT[segment.minutes]
        at, group, chunk, following = 0, None, None, segment.first
        while at < segment.size:
            data = self._segments.read(segment, at)
            yield None
            if not data:
                break
            at += len(data)
            try:
                decoder = Decoder(data)
            except ValueError:
                self._count("journal.damaged")
                continue
            while decoder.left:
                record = None
                try:
                    for found in decoder.step():
                        record = found
                        yield None
                except IndexError:
                    self._count("journal.damaged")
                if record is None:
                    break
                if record.first < following or record.sequence > segment.last:
                    continue
                following = record.sequence + 1
                self._state.fill_in(record)
                if (
                    group
                    and group.sequence not in readers
                    and group.sequence + 1 == record.first
                    and merging.window(group, minutes) == merging.window(record, minutes)
                ):
                    merging.add(group, record)
                    continue
                if group:
                    chunk, done = self._room_in(chunk, group)
                    if done:
                        yield done
                    yield from chunk.add(group)
                group = record
        if group:
            chunk, done = self._room_in(chunk, group)
            if done:
                yield done
            yield from chunk.add(group)
            yield chunk.data

    @staticmethod
    def _room_in(chunk, record):
        """A chunk that can take the record, and the data of the one before if that is full."""
        number = int(record.layout, 16)
        if chunk and chunk.fits(record.boot, number, record.first, _CHUNK):
            return chunk, None
        done = chunk and chunk.data
        points = len(record.imported)
        began = max(0, record.uptime - record.seconds)
        return Chunk(number, points, record.boot, record.first, began), done
