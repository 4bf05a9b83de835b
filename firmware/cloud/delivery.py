"""The journal's way to the broker (docs/history.md): which record goes next. What was just
measured goes at once, what waited goes behind it, slower; the layout goes before the first record
that has it.

Owns what was given to the uplink and how far the broker has acknowledged it.
"""

import asyncio

from micropython import const

from system.refused import Refused
from cloud.coverage import Coverage
from cloud.delivered import Layout, Records
from cloud.history_text import HEAD, HistoryText, room_for
from cloud.kept_records import KeptRecords

_LIVE = "minutes"
_WAITED = "history"
_LAYOUT = "layout"
_READER = "broker"
_SIZE = const(10000)  # bytes in which it is written: 15 minutes of 28 points have 7 kB
_MAX_RECORDS = const(10)  # in a message of those that waited
_LONGER_AFTER = const(20)  # messages acknowledged in a row
_MAX_LIVE = const(15)
_LIVE_ROOM = const(2)  # in the uplink's window, for a record and its layout
_CYCLE_MS = const(300)  # from one message of those that waited to the next, at least
_LOOK_MS = const(1000)
_MAX_ASKED = const(8)  # ranges that readers asked for
_REFUSED_MS = const(60000)  # until a topic that was left out is tried again
_UNTIMED_MS = const(600000)  # from connecting on, that the time is waited for
_UNREAD_MS = const(10000)  # until what could not be read is tried again


class Delivery:
    """prefix: of the topics; device: the serial number; journal: journal.Journal; uplink:
    uplink.Uplink; rates: rates.Rates; uptime_ms: a function; count: counts an error by name."""

    def __init__(
        self,
        prefix: str,
        device: str,
        journal: Journal,
        uplink: Uplink,
        rates: Rates,
        uptime_ms: UptimeMs,
        count: Count,
    ):
        self._prefix = prefix
        self._device = device
        self._journal = journal
        self._kept = KeptRecords(journal, count)
        self._cursor = journal.cursor(_READER)
        self._coverage = Coverage(self._cursor.sequence)
        self._uplink = uplink
        self._rates = rates
        self._uptime_ms = uptime_ms
        self._count = count
        self._news = asyncio.Event()
        self._ended = []  # messages that the uplink is done with
        self._text: HistoryText | None = None  # in which the next message is written
        self._connects = 0  # the connection in use, as the uplink counts them
        self._connected_ms = 0  # uptime at which it was seen first
        self._live = 0  # the first sequence that goes as just measured
        self._layout = None  # the one that the broker has
        self._next_ms = 0  # uptime from which on the next of those that waited may go
        self._most = _MAX_RECORDS  # in a message that the broker takes
        self._taken = 0  # how many it has acknowledged since that was changed
        self._asked = []  # [first, last] of what is sent once more

    def wake(self) -> None:
        """There is a new record."""
        self._news.set()

    def ask(self, first: int, last: int) -> None:
        """A reader lacks these: what was delivered of them is sent once more, behind all else; the
        others come anyway, and what waits for that already is not sent twice. Refused where they
        are none, or too many wait; those that there was room for come all the same."""
        if first > last:
            raise Refused("history.to: must not be before history.from")
        for part in self._coverage.arrived(first, last):
            if self._join(*part):
                continue
            if len(self._asked) == _MAX_ASKED:
                raise Refused("too many ranges are asked for: wait until they have come")
            self._asked.append(part)
        self._news.set()

    def _join(self, first, last):
        """Make these a part of what waits to be sent once more, where they overlap; whether they
        do."""
        for asked in self._asked:
            if asked[0] <= last and first <= asked[1]:
                asked[0], asked[1] = min(asked[0], first), max(asked[1], last)
                return True
        return False

    async def run(self, beat: Beat) -> Never:
        """Deliver, without end. beat: called meanwhile."""
        while True:
            beat()
            left_ms = self._next_ms - self._uptime_ms()
            try:
                wait_ms = left_ms if 0 < left_ms < _LOOK_MS else _LOOK_MS
                await asyncio.wait_for_ms(self._news.wait(), wait_ms)
            except asyncio.TimeoutError:
                pass
            self._news.clear()
            self._settle()
            if not self._uplink.connected or not self._rates.every(_LIVE):
                continue
            try:
                await self._uplink.deliver()
                while self._uplink.connected and await self._send_next():
                    beat()
                    self._settle()
            except MemoryError:  # what was not given yet is looked for again
                self._count("uplink.memory")

    def _settle(self):
        """What the uplink is done with."""
        while self._ended:
            message = self._ended.pop(0)
            self._coverage.end(message.first, message.last, message.acknowledged)
            if message.topic.endswith(_WAITED):
                self._learn(message.records, message.acknowledged)
        if self._coverage.through > self._cursor.sequence:
            self._cursor.acknowledge(self._coverage.through)
            if self._coverage.through >= self._journal.last:
                self._text = None

    def _learn(self, records, acknowledged):
        """How many records a message may have: fewer where one may have been too long, more again
        after a while, as a broker ends connections for other reasons too."""
        if acknowledged:
            self._taken += 1
            if self._taken >= _LONGER_AFTER:
                self._taken, self._most = 0, min(3 * self._most, _MAX_RECORDS)
        elif records > 1:
            self._taken, self._most = 0, max(1, records // 3)
        else:
            self._next_ms = self._uptime_ms() + _REFUSED_MS

    async def _send_next(self):
        """Whether a message was sent, or another one may go now."""
        last, room = self._journal.last, self._uplink.room()
        if self._connects != self._uplink.connects:
            self._connects = self._uplink.connects
            self._connected_ms = self._uptime_ms()
            self._live = last + 1
            self._layout = None
        if room < _LIVE_ROOM:
            return False
        batch = min(_MAX_LIVE, max(1, (self._rates.every(_LIVE) or 0) // 60))
        began_live = self._live
        if last - began_live + 1 >= batch:
            ended = await self._send(_LIVE, began_live, last, batch)
            if ended:
                self._live = ended + 1
            if self._live > began_live:
                return True
        first, limit = self._coverage.next()
        limit = self._live - 1 if limit is None else min(limit, self._live - 1)
        began = self._uptime_ms()
        if room < 2 * _LIVE_ROOM or began < self._next_ms:
            return False
        if first <= limit:
            if not await self._send(_WAITED, first, limit, self._most):
                return False
        elif not await self._send_asked():
            return False
        now = self._uptime_ms()
        # Half of the line is for others.
        self._next_ms = max(self._next_ms, 2 * now - began, began + _CYCLE_MS)
        return True

    async def _send_asked(self):
        """Once more what a reader asked for, or that it is lost. Whether a message was sent."""
        if not self._asked:
            return False
        first, limit = asked = self._asked[0]
        lost = await self._kept.lost_from(first, limit)
        if lost:
            await self._send_lost(first, lost)
        sent = lost or await self._send(_WAITED, first, limit, self._most, False)
        if sent and asked[0] == first:  # no one has asked for more before it, meanwhile
            asked[0] = sent + 1
        if asked[0] > asked[1] or not sent and asked == [first, limit]:
            self._asked.remove(asked)
        return True

    async def _send_lost(self, first, last):
        """Say that nothing will come of these any more."""
        text = HistoryText(HEAD)
        layout = self._journal.layout
        text.begin(self._device, layout, True, self._journal.first, (first, last))
        await self._give(_WAITED, text, first, last)

    async def _give(self, topic, text, first, last):
        text.end()
        data = bytes(text.view())  # a copy is as long as it has to be, until it is acknowledged
        message = Records(self._prefix + topic, data, text.records, first, last, self._done)
        await self._uplink.deliver(message)

    async def _send(self, topic, first, limit, most, counts=True):
        """Send a message of at most so many records, of `first` to `limit`: the last sequence
        that it stands for, 0 where none can be read. counts: its acknowledgement does."""
        text: Any = None
        layout, last = None, 0
        sequence = first
        while sequence <= limit:
            record = await self._kept.read(sequence)
            if topic == _LIVE:
                if self._kept.is_unread(record, sequence):
                    if layout is None:  # it waits with what waited
                        self._live = record.first if record else limit + 1
                    break
            elif counts and self._kept.is_to_be_tried(record, sequence):
                self._next_ms = self._uptime_ms() + _UNREAD_MS
                break
            if record is None or self._awaits_time(record):
                break
            if record.first > limit:  # what is before it is not kept any more
                last = limit
                break
            if layout is not None and not counts and record.first > sequence:
                break  # what is lost between is said before it
            if layout is None:
                layout = record.layout
                text = self._empty(record, min(most, limit - first + 1))
                text.begin(self._device, layout, topic == _WAITED, self._journal.first)
            if record.layout != layout or text.records == most or not text.add(record):
                break
            sequence = record.sequence + 1
            last = min(record.sequence, limit)  # one that was merged may have more
        if layout is None:
            if last and counts:
                self._coverage.give(first, last)
                self._coverage.end(first, last, True)
            return last
        if layout != self._layout:
            await self._send_layout(layout)
        if counts:
            self._coverage.give(first, last)
        await self._give(topic, text, first, last)
        return last

    def _empty(self, record, count):
        """A HistoryText for so many records as this one, as far as a message may have them."""
        size = min(_SIZE, room_for(record, count))
        if not self._text or self._text.size < size:
            self._text = None  # not both at once
            self._text = HistoryText(size)
        return self._text

    def _awaits_time(self, record):
        """Whether the journal will soon know when that was."""
        if record.time is not None or record.boot != self._journal.boot:
            return False
        return self._uptime_ms() - self._connected_ms < _UNTIMED_MS

    async def _send_layout(self, layout):
        self._layout = layout
        text = self._journal.layout_text(layout)
        if text is None:
            self._count("delivery.layout")
            return
        text = '{"device":"%s",%s' % (self._device, text[1:])
        await self._uplink.deliver(Layout(self._prefix + _LAYOUT, text.encode()))

    def _done(self, message):
        self._ended.append(message)
        self._news.set()
