"""Finds records, in segments and in what is in none yet, and fills in the time that was not known
when they were written.

Owns where the last reader is, so that one who reads on costs little.
"""

from journal.coding import span
from journal.decoder import Decoder


class Reading:
    """state: state.State; segments: segments.Segments; count: counts an error by name."""

    def __init__(self, state: State, segments: Segments, count: Count):
        self._state = state
        self._segments = segments
        self._count = count
        self._decoder: Decoder | None = None

    def read(self, sequence: int, last: int) -> Generator[JournalRecord | None]:
        """The record with the lowest sequence from this one on, up to `last`, behind some None; or
        nothing where there is none: a generator, whose steps take a few ms."""
        decoder, self._decoder = self._decoder, None
        while sequence <= last:
            if decoder is None or not decoder.next <= sequence <= decoder.last or not decoder.left:
                chunk = None
                for found in self._find(sequence):
                    yield None
                    chunk = found
                if chunk is None:
                    return
                try:
                    decoder = Decoder(chunk)
                except ValueError:
                    self._count("journal.damaged")
                    sequence = self._behind_damaged(chunk, sequence)
                    continue
            record = None
            try:
                for found in decoder.step():
                    yield None
                    record = found
            except IndexError:
                self._count("journal.damaged")
                sequence, decoder = decoder.last + 1, None
                continue
            if record and record.sequence >= sequence:
                if record.sequence > last:
                    return  # it is not written yet
                self._state.fill_in(record)
                self._decoder = decoder
                yield record
                return

    def _behind_damaged(self, chunk, sequence):
        if any([one is chunk for one in self._state.chunks]):
            return span(chunk)[1] + 1
        return self._segments.behind_damaged(sequence)

    def _find(self, sequence):
        """The chunk that has it, behind some None; or nothing."""
        segments, found = self._segments.all, None
        if segments and sequence <= segments[-1].last:
            for found in self._segments.find(sequence):
                yield found
        if found:
            return
        for chunk in self._state.chunks:
            if span(chunk)[1] >= sequence:
                yield chunk
                return
