"""What the uplink carries of the history until the broker has acknowledged it."""


class Records:
    """A message for the uplink, see in_flight.InFlight. text: its bytes; records: how many it has;
    first, last: the sequences that it stands for; ended: a function, called with it."""

    retained = False

    def __init__(
        self,
        topic: str,
        text: bytes,
        records: int,
        first: int,
        last: int,
        ended: Callable[["Records"], object],
    ):
        self.topic = topic
        self.records = records
        self.first = first
        self.last = last
        self.acknowledged = False
        self._text = text
        self._ended = ended

    def view(self) -> memoryview:
        return memoryview(self._text)

    def done(self, acknowledged: bool) -> None:
        self.acknowledged = acknowledged
        self._ended(self)


class Layout:
    """The same of a layout, for which nobody waits."""

    retained = True

    def __init__(self, topic: str, text: bytes):
        self.topic = topic
        self._text = text

    def view(self) -> memoryview:
        return memoryview(self._text)

    def done(self, acknowledged: bool) -> None:
        pass
