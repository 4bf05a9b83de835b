"""The journal's files: chunks one behind the other, `journal/<first sequence>.<minutes>`.

Owns the folder. LittleFS makes an append visible as a whole or not at all, when the file is
closed; whatever else is found is counted and passed over.
"""

import os

from micropython import const

from journal.coding import HEADER_BYTES, header, is_whole, span

FOLDER = "journal"
_BYTES = const(65536)  # of a segment, about; less where there is little room
_PARTS = const(16)
_STEP = const(8)  # headers read in a step
_LONG = const(6144)  # bytes of a chunk, which is looked through before there is memory for it


def make_folder() -> None:
    """If there is none."""
    try:
        os.mkdir(FOLDER)
    except OSError:
        pass  # it is there, or a file will say it


class Segment:
    """`first`, `last`: sequences; `minutes`: of a record, 1, 5 or 15; `size`: bytes; `clean`:
    whether nothing is in it behind `last`, as a cut or an error may have left there; `unread`:
    whether it could not be read when that was tried last."""

    def __init__(self, first: int, minutes: int, size: int = 0):
        self.first = first
        self.last = first - 1
        self.minutes = minutes
        self.size = size
        self.clean = False
        self.unread = False

    def begin(self) -> None:
        """Something is written behind `last` now."""
        self.clean = False

    def measure(self) -> None:
        """Its size is that of its file."""
        self.size = os.stat(self.path)[6]

    @property
    def path(self) -> str:
        return "%s/%d.%d" % (FOLDER, self.first, self.minutes)


class Segments:
    """`all`: of Segment, oldest first; `most`: bytes of one, about; `boot`: the start of the last
    record that was there at this one; `unread`: how often one could not be read.

    capacity: bytes of all; count: counts an error by name."""

    def __init__(self, capacity: int, count: Count):
        self.all: list[Segment] = []
        self.boot = 0
        self.unread = 0
        self.most = min(_BYTES, capacity // _PARTS)
        self._count = count
        self._place: tuple[Segment, int, int] | None = None  # of a chunk: offset, first sequence
        self._open = False  # whether the last one can be appended to
        try:
            self._scan()
        except OSError:
            pass  # there is no folder yet, or a file will say it

    def leave_out(self) -> None:
        """All that there are: they are another site's."""
        self.all.clear()
        self._open = False

    def _scan(self):
        for name, *about in os.ilistdir(FOLDER):
            first, _, minutes = name.partition(".")
            try:
                segment = Segment(int(first), int(minutes))
            except ValueError:
                continue  # a layout, or owner.Owner's
            # The simulator's file system does not say the size here.
            segment.size = about[2] if len(about) > 2 else os.stat(segment.path)[6]
            self.all.append(segment)
        self.all.sort(key=lambda one: (one.first, one.minutes))
        for k in range(len(self.all) - 1, -1, -1):
            one = self.all[k]
            # What a cut has left: nothing is in it yet, or it was to take the place of another.
            if not one.size or k and self.all[k - 1].first == one.first:
                self.remove(one)
        for one, following in zip(self.all, self.all[1:]):
            one.last = following.first - 1
        if self.all:
            self._look_at(self.all[-1])

    def _look_at(self, newest):
        """Find the end of the newest one."""
        with open(newest.path, "rb") as file:
            at, begin = self._pass_over(file, newest, False)
            if at and not is_whole(file, begin, at - begin):
                # What its header says may be anything: the last one that is whole counts.
                newest.last, self.boot = newest.first - 1, 0
                self._pass_over(file, newest, True)
                at = -1
        self._open = at == newest.size
        if not self._open:
            self._count("journal.damaged")

    def _pass_over(self, file, newest, looks):
        """Where its chunks end, and the last one begins. looks: only what is whole counts."""
        at = begin = 0
        while at < newest.size:
            file.seek(at)
            found = header(file.read(HEADER_BYTES))
            if found is None or at + found[2] > newest.size:
                break
            if not looks or is_whole(file, at, found[2]):
                newest.last, self.boot = found[1], found[6]
            begin = at
            at += found[2]
        return at, begin

    def size(self, minutes: int = 0) -> int:
        """Bytes of all segments, or of those with records of so many minutes."""
        return sum([one.size for one in self.all if minutes in (0, one.minutes)])

    def has_unread(self) -> bool:
        """Whether there is one that could not be read when that was tried last."""
        return any([one.unread for one in self.all])

    def append(self, chunk: Bytes) -> None:
        """Write a chunk behind all others; OSError where there is no room. Blocks for as long as
        the flash takes."""
        first, last = span(chunk)
        newest = self.all[-1] if self.all else None
        if newest is None or not self._open or newest.minutes > 1 or newest.size >= self.most:
            if newest is not None and (newest.first, newest.minutes) == (first, 1):
                self.all.pop()  # nothing in it can be read: it is written anew
            newest = Segment(first, 1)
            make_folder()
        self._open = False  # where this fails another file is tried
        with open(newest.path, "ab" if newest.size else "wb") as file:
            file.write(chunk)
        if not newest.size:
            self.all.append(newest)
        self._open = True
        newest.size += len(chunk)
        newest.last = last

    def replace(self, old: Segment, new: Segment) -> None:
        """`new`, which is written, has what `old` has; `new` may have had some before it."""
        new.last, new.clean = old.last, True
        k = self.all.index(old)
        if new in self.all:
            self.all.pop(k)
        else:
            self.all[k] = new
        self._remove_file(old)
        self._place = None

    def remove(self, segment: Segment) -> None:
        """It is not needed any more."""
        self.all.remove(segment)
        self._remove_file(segment)
        self._place = None

    def _remove_file(self, segment):
        try:
            os.remove(segment.path)
        except OSError:
            self._count("journal.unwritten")

    @staticmethod
    def _header(file, segment, at):
        """Of the chunk that begins there; None where it says more than the file has, or is long
        and damaged: then nobody takes the memory for it."""
        file.seek(at)
        found = header(file.read(HEADER_BYTES))
        if found is None or at + found[2] > segment.size:
            return None
        return found if found[2] < _LONG or is_whole(file, at, found[2]) else None

    def read(self, segment: Segment, at: int) -> bytes:
        """The chunk that begins there; empty at the end, and where the rest cannot be read."""
        with open(segment.path, "rb") as file:
            found = self._header(file, segment, at)
            if found is None:
                if at < segment.size:
                    self._count("journal.damaged")
                return b""
            file.seek(at)
            return file.read(found[2])

    def find(self, sequence: int) -> Generator[bytes | None]:
        """The chunk that has the lowest sequence from this one on, behind some None; or nothing: a
        generator. A file that cannot be read is counted and passed over."""
        k = 0
        while k < len(self.all):
            segment = self.all[k]
            if segment.last < sequence:
                k += 1
                continue
            place = self._place
            at = 0
            if place and place[0] is segment and place[2] <= sequence:
                at = place[1]
            found: tuple[int, ...] | None = ()
            error = "journal.damaged"
            try:
                while found == () and at < segment.size:
                    at, found = self._skip(segment, at, sequence)
                    yield None
                    if segment not in self.all:
                        break  # it was merged: begin anew
                if found and segment in self.all:
                    chunk = self.read(segment, at)
                    self._place = segment, at, found[0]
                    segment.unread = False
                    yield chunk
                    return
            except OSError:
                error = "journal.unread"
                self.unread += 1
                segment.unread = True
            if segment not in self.all:
                k = 0
                continue
            k += 1  # the rest of it is lost, or was left out
            sequence = max(sequence, segment.last + 1)
            if at < segment.size:
                self._count(error)

    def behind_damaged(self, sequence: int) -> int:
        """The sequence to go on with where the chunk that find() gave for this one is damaged: its
        header, too, may say anything."""
        place = self._place
        if place is None or place[0] not in self.all:
            return sequence + 1
        segment, at, _ = place
        try:
            with open(segment.path, "rb") as file:
                file.seek(at)
                found = header(file.read(HEADER_BYTES))
                at += found[2] if found else segment.size
                file.seek(at)
                found = header(file.read(HEADER_BYTES))
        except OSError:
            found = None
        if found and found[0] <= segment.last:
            self._place = segment, at, min(found[0], sequence)
            return max(sequence, found[0])
        self._place = None
        return max(sequence, segment.last) + 1

    def _skip(self, segment, at, sequence):
        """Pass over some chunks: (where, header of the one that is looked for, () where it is
        further on, None where there is none)."""
        with open(segment.path, "rb") as file:
            for _ in range(_STEP):
                found = self._header(file, segment, at)
                if found is None or found[1] >= sequence:
                    return at, found
                at += found[2]
        return at, ()
