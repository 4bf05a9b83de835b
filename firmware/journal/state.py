"""What the journal keeps beside its segments: counters, cursors, and the records that are in no
segment yet, as the bytes that go behind the registers' record. Both are written together, so they
never disagree."""

import json
import struct

from micropython import const

from journal.chunk import Chunk
from journal.coding import MAX_RECORDS, Record, header, span
from journal.decoder import Decoder
from journal.minutes import LOST

# What is left out where the last one is not known: sequences, and starts.
_SPARE = const(1000)
_SPARE_BOOTS = const(10)
_LAST = const(0x7FFFFFFE)  # of starts and of sequences, which are 32 bits in a chunk
_MAX_OFFSETS = const(16)  # starts whose time became known late


class State:
    """`boot`: the number of the start; `last`: the highest sequence given; `cursors`: by name, the
    highest sequence acknowledged; `pulses`: by serial number, totals at the end of the last
    record, or LOST; `chunks`: bytes, oldest first; `new`: at this start nothing of before was
    known, or no record; `apart`: the next sequence does not follow what is kept."""

    def __init__(self) -> None:
        self.boot = 0
        self.last = 0
        self.new = self.apart = False
        self.cursors: dict[str, int] = {}
        self.pulses: dict[str, list[int | None]] = {}
        self.chunks: list[Bytes] = []
        self._chunk: Chunk | None = None  # whose bytes are the last ones, if it can be added to
        self._offsets: list[list[int]] = []  # boot, epoch s less uptime

    def go_on(
        self, rest: bytes, doubtful: bool, segments: Segments, owner: Owner, count: Count
    ) -> int:
        """Go on with what is there: what record() has given, if that is not empty, and segments.
        Of what is another site's nothing is kept, and no sequence and start given once more.
        doubtful: later ones may be lost. Returns the last sequence that is kept."""
        self.new = not rest
        try:
            if rest:
                self.restore(rest)
        except ValueError:
            count("journal.lost")
            self.new = doubtful = True
        if owner.mark:
            doubtful = doubtful or not rest  # there was some
            self.last, self.boot = max(self.last, owner.mark[1]), max(self.boot, owner.mark[2])
        if owner.tail:
            owner.note_minutes(bool(self.chunks))
            self._forget_site()
        kept = self.last
        if segments.all:
            kept = segments.all[-1].last
            if not owner.foreign:
                self.forget_up_to(kept)
            if kept > self.last:  # what was written behind it is not known
                self.last, doubtful = kept, True
                self.boot = max(self.boot, segments.boot)
        if owner.foreign:
            owner.note_minutes(bool(segments.all or owner.mark))
            segments.leave_out()
        if self.chunks:
            kept = span(self.chunks[-1])[1]
        elif not segments.all:
            self.new = True  # it was started, and no more
        if doubtful:
            self.last += _SPARE
            self.boot += _SPARE_BOOTS
            for totals in self.pulses.values():  # a reader may have later ones
                totals[:] = [LOST] * len(totals)
        self.apart = doubtful or self.new
        return kept

    def begin(self) -> None:
        """A start begins, of a number of its own."""
        self.boot += 1

    def restore(self, data: bytes) -> None:
        """Go on from what record() has given; ValueError where it is none of these."""
        try:
            self._restore(data)
        except (AttributeError, IndexError, KeyError, TypeError):
            raise ValueError

    def _restore(self, data):
        size = struct.unpack_from("<H", data)[0]
        table = json.loads(data[2 : 2 + size])
        numbers = [table["boot"], table["last"]] + list(table["cursors"].values())
        numbers += [boot for boot, _ in table["offsets"]]
        if not all([type(one) is int and 0 <= one <= _LAST for one in numbers]):
            raise ValueError
        for _, offset in table["offsets"]:
            if type(offset) is not int:
                raise ValueError
        for totals in table["pulses"].values():
            if not all([one is None or type(one) is int for one in totals]):
                raise ValueError
        self.boot, self.last = table["boot"], table["last"]
        self.cursors, self.pulses = table["cursors"], table["pulses"]
        self._offsets = table["offsets"]
        at = 2 + size
        while at < len(data):
            found = header(data, at)
            if found is None:
                raise ValueError
            chunk = data[at : at + found[2]]
            Decoder(chunk)
            self.chunks.append(chunk)
            at += found[2]

    def _forget_site(self):
        """All but the numbers: it is another site's."""
        self.cursors.clear()  # others have this one
        self.pulses.clear()
        self.chunks.clear()
        self._offsets.clear()

    def record(self) -> bytes:
        """What is to be kept."""
        table = {
            "boot": self.boot,
            "last": self.last,
            "cursors": self.cursors,
            "pulses": self.pulses,
            "offsets": self._offsets,
        }
        text = json.dumps(table).encode()
        return b"".join([struct.pack("<H", len(text)), text] + self.chunks)

    def begin_behind(self, sequence: int) -> None:
        """Nothing up to this sequence is given."""
        self.last = max(self.last, sequence)

    def add(self, record: Record, layout: int) -> Steps:
        """Add a record, whose sequence follows: a generator."""
        chunk = self._chunk
        if chunk is None or chunk.records == MAX_RECORDS:
            began = max(0, record.uptime - record.seconds)
            chunk = Chunk(layout, len(record.imported), record.boot, record.first, began)
        yield from chunk.add(record)
        if chunk is not self._chunk:
            self.chunks.append(chunk.data)
            self._chunk = chunk
        self.last = record.sequence

    def end_chunk(self) -> None:
        """What follows is of another layout."""
        self._chunk = None

    def forget(self) -> None:
        """The oldest chunk is somewhere else, or lost."""
        self.chunks.pop(0)
        if not self.chunks:
            self._chunk = None

    def forget_up_to(self, sequence: int) -> None:
        """Chunks up to that one are somewhere else."""
        while self.chunks and span(self.chunks[0])[1] <= sequence:
            self.forget()

    def set_offset(self, boot: int, offset: int) -> None:
        """The time of that start is known now: epoch s less uptime."""
        if self._offset_of(boot) is None:
            self._offsets = self._offsets[1 - _MAX_OFFSETS :] + [[boot, offset]]

    def _offset_of(self, boot):
        for one, offset in self._offsets:
            if one == boot:
                return offset
        return None

    def fill_in(self, record: Record) -> None:
        """The time, if it was not known when the record was written."""
        if record.time is None:
            offset = self._offset_of(record.boot)
            if offset is not None:
                record.time = record.uptime + offset
