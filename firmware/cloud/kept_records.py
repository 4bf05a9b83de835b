"""The journal's records, one by one, as delivery wants them.

Owns how often a part of the flash that cannot be read is tried again.
"""

import asyncio

from micropython import const

_TRIES = const(6)


class KeptRecords:
    """journal: journal.Journal; count: counts an error by name."""

    def __init__(self, journal: Journal, count: Count):
        self._journal = journal
        self._count = count
        self._failed = False  # whether the last read has found a part that cannot be read
        self._tries = 0  # in a row, in vain

    async def read(self, sequence: int) -> JournalRecord | None:
        """The record with the lowest sequence from this one on, or None."""
        unread, found = self._journal.unread, None
        for record in self._journal.read(sequence):
            if record is not None:
                found = record
                break
            await asyncio.sleep_ms(0)
        self._failed = self._journal.unread != unread
        return found

    def is_unread(self, record: JournalRecord | None, sequence: int) -> bool:
        """Whether what read() has given is not the one with that sequence because a part of the
        flash could not be read."""
        return self._failed and (record is None or record.first > sequence)

    def is_to_be_tried(self, record: JournalRecord | None, sequence: int) -> bool:
        """Whether it is unread, and to be tried again later. After some tries it is not."""
        if not self.is_unread(record, sequence):
            if record is not None and record.first <= sequence:
                self._tries = 0
            return False
        self._tries += 1
        if self._tries < _TRIES:
            return True
        self._tries = 0
        self._count("delivery.unread")
        return False

    async def lost_from(self, first: int, limit: int) -> int:
        """Up to which sequence, of `first` to `limit`, the journal has no record any more; 0 where
        it has one, or where a part of the flash cannot be read now."""
        record = await self.read(first)
        if self._failed or record is not None and record.first <= first:
            return 0
        return limit if record is None else min(record.first - 1, limit)
