"""What goes out when: writes the texts of a report while nothing changes, and sends them.

Owns the texts. `realtime` goes first, and waits while the connection is being made anew; of each
other message at most one waits.
"""

import asyncio

from micropython import const

from system.modules import unload
from cloud import topics_quality as quality
from cloud.aggregated import aggregated
from cloud.figures import Figures
from cloud.json_text import ROOM, Text
from cloud.mqtt_wire import Body
from cloud.rates import Due
from cloud.waiting import Waiting

_STEP = const(64)  # numbers written at once
_LOOK_S = const(1)


class _Message:
    """One of a report. parts: a function (epoch ms or None) that gives its Forms and bytes in
    their order, or None when there is nothing to be said; words: of its Forms."""

    def __init__(
        self, topic: str, due: Due, parts: Callable[[int | None], Iterable[Any] | None], words: int
    ):
        self.topic = topic
        self.due = due
        self.parts = parts
        self.text = Text(words)
        self.waits = False


class _State:
    """A message of its own time. pieces: a function that gives its pieces; glance: one that gives
    what people see of it, to be compared."""

    def __init__(
        self,
        topic: str,
        due: Due,
        pieces: Callable[[], Pieces],
        glance: Callable[[], object] | None,
    ):
        self.topic = topic
        self.due = due
        self.pieces = pieces
        self.glance = glance
        self.seen = None


class Publisher:
    """prefix: of all topics; uplink: uplink.Uplink; rates: rates.Rates; uptime_ms: a function;
    publish_others: a coroutine function, called about once a second, which sends what has happened
    elsewhere."""

    def __init__(
        self,
        prefix: str,
        site: Site,
        measuring: Measuring,
        uplink: Uplink,
        counters: Counters,
        rates: Rates,
        uptime_ms: UptimeMs,
        publish_others: Callable[[], Awaitable[object]],
    ):
        self._dropped = 0  # messages `realtime` that had to go, as there was no connection
        self._prefix = prefix
        self._measuring = measuring
        self._uplink = uplink
        self._count = counters.count
        self._rates = rates
        self._uptime_ms = uptime_ms
        self._publish_others = publish_others
        self._news = asyncio.Event()
        self._realtime_topic = prefix + "realtime"
        self._realtime_due = Due("realtime", rates)
        self._waiting = Waiting(0)
        self._room = memoryview(bytearray(ROOM))  # of the text that is being sent
        self._states = []
        self.change(site)

    def change(self, site: Site) -> None:
        """Write of this site from now on, which measuring has begun with; not while write() has
        begun and not ended. What waits to be sent is sent as it is."""
        from cloud import topics  # needed once: not kept
        from cloud import topics_original as original

        unload("cloud.topics", "cloud.topics_original")
        self._site, measuring = site, self._measuring
        self._figures = figures = Figures(site, measuring)
        self._realtime = original.realtime_form(site, measuring, figures)
        self._waiting.resize(self._realtime.words)
        self._totals = topics.totals_form(measuring, figures)
        self._month, self._no_month = topics.month_form(figures), topics.NO_MONTH
        self._quality = quality.Quality(site, measuring, figures)
        parts = (topics.site_form(site, measuring, figures),)
        self._messages = []
        self._add("site", lambda _: parts, parts[0].words)
        self._add("quality", self._quality_parts, self._quality.form.words)
        self._add("totals", self._totals_parts, self._totals.words + self._month.words)
        self._add("harmonics", self._harmonics_parts, 0)

    def _add(self, topic, parts, words):
        due = Due(topic, self._rates)
        self._messages.append(_Message(self._prefix + topic, due, parts, words))

    def add_state(
        self, topic: str, pieces: Callable[[], Pieces], glance: Callable[[], object] | None
    ) -> None:
        """Send this topic at its rate, and soon when what `glance` gives has changed."""
        self._states.append(_State(topic, Due(topic, self._rates), pieces, glance))

    def describe(self) -> Table:
        """For people: what has gone to the broker, and what did not."""
        said = self._uplink.describe()
        said["dropped"] += self._dropped
        said["intervalsDropped"] = self._measuring.aggregates.intervals.dropped
        return said

    def wake(self) -> None:
        """Something has changed: look at once."""
        self._news.set()

    # Writing

    def write(self, ended_ms: int | None) -> Steps:
        """Write what is due of the report that was worked through: a generator, whose steps take
        a ms or two. Nothing that is written may change before it has ended. ended_ms: when the
        report ended, epoch ms or None."""
        uptime = self._uptime_ms()
        self._figures.take_time(ended_ms)
        if self._realtime_due.at(uptime):
            self._realtime_due.sent(uptime)
            self._figures.take_points()
            yield
            yield from self._write_realtime()
        if not self._uplink.connected:
            return
        fresh = False
        for message in self._messages:
            if not message.due.at(uptime):
                continue
            if message.waits:
                self._count("uplink.overtaken")
                message.due.sent(uptime)
                continue
            if not fresh:
                fresh = True
                yield from self._figures.take_loads()
            parts = message.parts(ended_ms)
            if parts is None:
                continue
            message.due.sent(uptime)
            yield from self._fill(message.text, parts)
            message.waits = True
            self._news.set()

    def _write_realtime(self):
        try:
            text = self._waiting.room()
        except MemoryError:
            self._count("uplink.memory")
            return
        yield from self._fill(text, (self._realtime,))
        self._dropped += self._waiting.add(text)
        self._news.set()

    def _fill(self, text, parts):
        text.clear()
        for part in parts:
            if isinstance(part, bytes):
                text.put(part)
                continue
            text.begin(part)
            while text.fill(_STEP):
                yield
            yield

    def _totals_parts(self, _):
        highest = self._measuring.aggregates.demand.highest
        return self._totals, self._no_month if highest is None else self._month

    def _quality_parts(self, ended_ms):
        return (self._quality.form,) + self._quality.ends(ended_ms is not None)

    def _harmonics_parts(self, ended_ms):
        found = self._measuring.harmonics.take()
        return found and (quality.harmonics(ended_ms, *found),)

    # Sending

    async def run(self, beat: Beat) -> Never:
        """Send what waits and look what has changed, without end. beat: called meanwhile."""
        while True:
            beat()
            try:
                await asyncio.wait_for(self._news.wait(), _LOOK_S)
            except asyncio.TimeoutError:
                pass  # no report, but states are published all the same
            self._news.clear()
            await self.send_texts()
            await self._send_intervals()
            await self._send_states()
            await self._publish_others()

    async def send(self, topic: str, pieces: AnyPieces, retained: bool = False) -> None:
        """Publish a rare message under the site's prefix; see Uplink.publish."""
        await self._uplink.publish(self._prefix + topic, pieces, retained)

    async def send_texts(self) -> None:
        uplink, waiting = self._uplink, self._waiting
        while uplink.connected:
            text = waiting.first()
            if text is not None:
                sent = False
                try:
                    sent = await uplink.send(self._realtime_topic, self._body(text))
                finally:
                    waiting.done(sent)
                continue
            for message in self._messages:
                if message.waits:
                    break
            else:
                return
            try:
                await uplink.send(message.topic, self._body(message.text))
            finally:
                message.waits = False
        for message in self._messages:
            message.waits = False

    def _body(self, text):
        return Body(len(text), text.pieces(self._room))

    async def _send_intervals(self):
        aggregates = self._measuring.aggregates
        wanted = self._rates.every("aggregated")
        if wanted is None:
            return  # there was no link yet that says which are wanted
        aggregates.intervals.keep(wanted)
        while self._uplink.connected:
            interval = aggregates.intervals.take()
            if interval is None:
                return
            await self.send("aggregated", self._aggregated(interval))

    def _aggregated(self, interval):
        site, watts = self._site, self._measuring.aggregates.always_on.watts
        return lambda: aggregated(site, interval, watts)

    async def _send_states(self):
        if not self._uplink.connected:
            return
        for state in self._states:
            now_ms, seen = self._uptime_ms(), state.glance()
            changed = seen != state.seen and state.due.after_change(now_ms)
            if changed or state.due.at(now_ms, False):
                state.seen = seen
                state.due.sent(now_ms)
                await self.send(state.topic, state.pieces())
