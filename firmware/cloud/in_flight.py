"""Messages of QoS 1 on their way: each is kept until the broker has acknowledged it, and sent
again where it has not.

Owns the window of these messages, and the packet numbers, which SUBSCRIBE takes as well (MQTT
3.1.1 section 2.3.1). Seconds are counted by `second`, not measured.
"""

from micropython import const

from cloud.mqtt_wire import Body

_MAX_NUMBER = const(65535)
_PATIENCE_S = const(20)  # with an acknowledgement
_TRIES = const(3)  # on one connection


class _Sent:
    """A message and its number."""

    def __init__(self, number: int, message: Delivered):
        self.number = number
        self.message = message
        self.is_due = True  # it is to be sent
        self.tries = 0  # on this connection
        self.is_copy = False  # it may have arrived before
        self.seconds = 0  # since it was sent


class InFlight:
    """`resent`: messages that were sent again. window: how many may be on their way at once.

    A message has `topic`, `retained`, `view()`, a memoryview of its bytes, which do not change,
    and `done(acknowledged)`, called once, when it is kept no longer: False where the uplink leaves
    its topic out."""

    def __init__(self, window: int):
        self.resent = 0
        self._window = window
        self._sent = []  # in the order in which they were given
        self._numbers = {}  # in use -> _Sent, None of a request
        self._last = 0

    def room(self) -> int:
        """How many more messages may be given."""
        return self._window - len(self._sent)

    def is_awaited(self) -> bool:
        """Whether acknowledgements are to come."""
        return bool(self._sent)

    def add(self, message: Delivered) -> None:
        """It will be sent, behind those before. There must be room."""
        number = self.number()
        self._numbers[number] = sent = _Sent(number, message)
        self._sent.append(sent)

    def number(self) -> int:
        """A packet number for a request, 1 to 65535, that nobody uses; in use until it is
        answered or the connection ends."""
        while True:
            self._last = self._last % _MAX_NUMBER + 1
            if self._last not in self._numbers:
                self._numbers[self._last] = None
                return self._last

    def begin(self) -> None:
        """A new connection: no request is open, and all messages are to be sent again."""
        self._numbers = {sent.number: sent for sent in self._sent}
        for sent in self._sent:
            sent.is_due, sent.tries = True, 0

    def answered(self, packet: bytes) -> None:
        """The contents of a SUBACK or UNSUBACK."""
        self.free(packet[0] << 8 | packet[1] if len(packet) > 1 else 0)

    def free(self, number: int) -> None:
        """The answer to the request of this number has come, or nobody awaits it any more."""
        if self._numbers.get(number, True) is None:
            del self._numbers[number]

    def acknowledged(self, packet: bytes) -> None:
        """The contents of a PUBACK. One for what was not sent on this connection is none, nor is
        the second one of a message that was sent twice."""
        number = packet[0] << 8 | packet[1] if len(packet) == 2 else 0
        sent = self._numbers.get(number)
        if sent is not None and sent.tries:
            self._end(sent, True)

    def second(self) -> bool:
        """A second has gone. What was not acknowledged for 20 s is due again; whether one was sent
        three times in vain: then the connection is none."""
        for sent in self._sent:
            if sent.is_due:
                continue
            sent.seconds += 1
            if sent.seconds >= _PATIENCE_S:
                if sent.tries >= _TRIES:
                    return True
                sent.is_due = True
        return False

    async def send(self, publish: Publish) -> int:
        """Send what is due, the oldest first; how many have gone. publish: Acceptance.publish,
        whose errors come through: then the message is due again on the next connection."""
        count = 0
        while True:
            sent = self._first_due()
            if sent is None:
                return count
            message, is_copy = sent.message, sent.is_copy
            sent.is_due, sent.is_copy = False, True
            sent.tries += 1
            sent.seconds = 0
            view = message.view()
            body = Body(len(view), (view,))
            if await publish(message.topic, body, message.retained, sent.number, is_copy):
                sent.seconds = 0  # a slow line takes its time
                count += 1
                self.resent += is_copy
            else:
                self._end(sent, False)

    def _first_due(self):
        for sent in self._sent:
            if sent.is_due:
                return sent
        return None

    def _end(self, sent, acknowledged):
        del self._numbers[sent.number]
        self._sent.remove(sent)
        sent.message.done(acknowledged)
