"""What has happened on the B-bus and is not published yet: events of inputs, outputs that have
changed. Bounded, whatever happens on the bus."""

from micropython import const

from b_bus import messages

_MAX_EVENTS = const(64)


class News:
    """now_ms: a function, epoch ms or None. count: counts an error by name."""

    def __init__(self, now_ms: NowMs, count: Count):
        self._now_ms = now_ms
        self._count = count
        self._events = []  # (epoch ms or None, channel, level)
        self._changed = []  # (module, output), each once

    def add_event(self, ago_ms: int, channel: Input | None, level: int) -> None:
        """An input's level changed `ago_ms` before now."""
        now_ms = self._now_ms()
        if len(self._events) == _MAX_EVENTS:
            self._events.pop(0)
            self._count("bus_b.events_lost")
        self._events.append((now_ms and now_ms - ago_ms, channel, level))

    def sort(self) -> None:
        """In the order of time, when all modules were asked."""
        self._events.sort(key=lambda event: event[0] or 0)

    def add_change(self, module: OutputModule, output: Output) -> None:
        """What is known of an output, or of its connection, has changed."""
        if (module, output) not in self._changed:
            self._changed.append((module, output))

    async def publish(self, send: Send, connected: Callable[[], bool]) -> None:
        """send: publisher.Publisher.send. Events wait while there is no connection: `connected`, a
        function."""
        while self._changed:
            for topic, text in messages.plugs([self._changed.pop(0)]):
                await send(topic, (text,), True)
        while self._events and connected():
            await send("event", messages.event(*self._events.pop(0)))
