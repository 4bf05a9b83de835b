"""The journal's files: chunks one behind the other, `journal/<first sequence>.<minutes>`.

Owns the folder. LittleFS makes an append visible as a whole or not at all, when the file is
closed; whatever else is found is counted and passed over.
"""

import os

from micropython import const

from journal.coding import HEADER_BYTES, header

FOLDER = "journal"
_BYTES = const(65536)  # of a segment, about
_STEP = const(8)  # headers read in a step


def make_folder() -> None:
    """If there is none."""
    try:
        os.mkdir(FOLDER)
    except OSError:
        pass  # it is there, or a file will say it


class Segment:
    """`first`, `last`: sequences; `minutes`: of a record, 1, 5 or 15; `size`: bytes."""

    def __init__(self, first: int, minutes: int, size: int):
        self.first = first
        self.last = first - 1
        self.minutes = minutes
        self.size = size

    @property
    def path(self) -> str:
        return "%s/%d.%d" % (FOLDER, self.first, self.minutes)


class Segments:
    """`all`: of Segment, oldest first; `size`: their bytes. count: counts an error by name."""

    def __init__(self, count: Count):
        self.all: list[Segment] = []
        self.size = 0
        self._count = count
        self._place: tuple[Segment, int, int] | None = None  # of a chunk: offset, first sequence
        self._open = False  # whether the last one can be appended to
        try:
            self._scan()
        except OSError:
            pass  # there is no folder yet

    def _scan(self):
        for name, *about in os.ilistdir(FOLDER):
            first, _, minutes = name.partition(".")
            try:
                segment = Segment(int(first), int(minutes), 0)
            except ValueError:
                continue  # a layout
            # The simulator's file system does not say the size here.
            segment.size = about[2] if len(about) > 2 else os.stat(segment.path)[6]
            self.all.append(segment)
        self.all.sort(key=lambda one: one.first)
        for one, following in zip(self.all, self.all[1:]):
            one.last = following.first - 1
            self.size += one.size
        if self.all:
            self._look_at(self.all[-1])

    def _look_at(self, newest):
        """Find the end of the newest one."""
        self.size += newest.size
        at = 0
        with open(newest.path, "rb") as file:
            while at < newest.size:
                file.seek(at)
                found = header(file.read(HEADER_BYTES))
                if found is None or at + found[2] > newest.size:
                    break
                newest.last = found[1]
                at += found[2]
        self._open = at == newest.size
        if not self._open:
            self._count("journal.damaged")

    def append(self, chunk: Bytes) -> None:
        """Write a chunk behind all others; OSError where there is no room. Blocks for as long as
        the flash takes."""
        found = header(chunk)
        assert found
        newest = self.all[-1] if self.all else None
        if newest is None or not self._open or newest.minutes > 1 or newest.size >= _BYTES:
            newest = Segment(found[0], 1, 0)
        make_folder()
        with open(newest.path, "ab" if newest.size else "wb") as file:
            file.write(chunk)
        if not newest.size:
            self.all.append(newest)
        self._open = True
        newest.size += len(chunk)
        newest.last = found[1]
        self.size += len(chunk)

    def find(self, sequence: int) -> Generator[bytes | None]:
        """The chunk that has the lowest sequence from this one on, behind some None; or nothing: a
        generator."""
        for segment in self.all:
            if segment.last >= sequence:
                break
        else:
            return
        at = 0
        if self._place and self._place[0] is segment and self._place[2] <= sequence:
            at = self._place[1]
        while at < segment.size:
            chunk = b""
            with open(segment.path, "rb") as file:
                for _ in range(_STEP):
                    file.seek(at)
                    found = header(file.read(HEADER_BYTES))
                    if found is None or found[1] >= sequence:
                        break
                    at += found[2]
                else:
                    found = ()
                if found:
                    file.seek(at)
                    chunk = file.read(found[2])
            if found:
                self._place = segment, at, found[0]
                yield chunk
                return
            if found is None:
                self._count("journal.damaged")
                break
            yield None
        yield from self.find(segment.last + 1)
