"""Which messages the broker takes. MQTT 3.1.1 has no answer "too long" or "not allowed": a broker
closes the connection, or drops the message and says nothing; a network loses what is too long. So
the first message of a topic, and each one that is much longer than those before, is on trial: the
topic is subscribed and the message is followed by a ping. The answer to the ping says that the
message was taken; the message itself, which comes back before, that it was passed on.

Owns what is known of each topic, and which ones are left out because the connection ends at them.
"""

from micropython import const

CLOSED, SILENT = 1, 2  # how a connection has ended
_STRIKES = const(3)  # in a row, by the same topic: a network breaks at any
_LONG = const(1000)  # bytes; below, the length is hardly the reason
_MAX_HEARD = const(20000)  # bytes: what is longer is not asked back, that would take seconds
_REFUSED = const(0x80)  # in a SUBACK
_ENDS = "the connection to the broker ends at %s"
_TOO_LONG = ": left out; raise the broker's largest message size, or the network's (MTU)"
_NOT_ALLOWED = ": left out; do the broker's access rules allow this topic?"
_DROPS = "the broker drops %s without a word: see its access rules and its largest message size"


class Acceptance:
    """`left_out`: {topic: bytes} of what ended the connection again and again. A topic is tried
    again when a connection that lasted was lost: the broker may have been set up anew.

    client: mqtt_client.Client; pings: pings.Pings."""

    def __init__(self, client: MqttClient, pings: Pings):
        self.left_out = {}
        self._client = client
        self._pings = pings
        self._taken = {}  # topic -> bytes up to which it is not on trial
        self._on_trial: tuple[str, int] | None = None  # (topic, bytes)
        self._heard = None  # whether the message on trial has come back; None: nobody listens
        self._asked = 0  # packet number of the SUBSCRIBE
        self._hears = False  # messages do come back
        self._may_listen = True  # the broker lets us subscribe our own topics
        self._unheard = {}  # topic -> bytes: they have not come back
        self._suspect = None  # the topic on which the last connection ended
        self._strikes = 0
        self._retried = None

    async def publish(
        self, topic: str, body: Body, retained: bool, number: int = 0, is_copy: bool = False
    ) -> bool:
        """Publish a mqtt_wire.Body, unless it is left out: whether it is on its way. OSError
        where the connection breaks. number, is_copy: see Client.publish."""
        if self._on_trial:  # its connection is broken, and who keeps it does not know yet
            raise OSError
        size = len(body)
        if self.leaves_out(topic, size):
            return False
        on_trial = self.begin(topic, size)
        if on_trial and self._listens_to(topic, size):
            self._asked = self._client.subscribe(topic)
            self._heard = False if self._asked else None
        await self._client.publish(topic, body, retained, number, is_copy)
        if on_trial:
            await self._pings.behind()
            if self._heard is not None:
                self._client.unsubscribe(topic)
            self.passed()
        return True

    def _listens_to(self, topic, size):
        return self._may_listen and topic != self._suspect and size <= _MAX_HEARD

    def answered(self, packet: bytes) -> None:
        """A SUBACK's contents: where we may not read, nothing is missed."""
        if (
            len(packet) > 2
            and (packet[0] << 8 | packet[1]) == self._asked
            and packet[2] & _REFUSED
        ):
            self._heard = None

    def came_back(self, topic: str) -> bool:
        """A message has come from the broker, topic: bytes. Whether it is our own."""
        if self._on_trial and self._heard is not None and topic == self._on_trial[0].encode():
            self._heard = True
            return True
        for late in self._unheard:  # behind the answer to its ping
            if topic == late.encode():
                del self._unheard[late]
                self._hears = True
                return True
        return False

    def leaves_out(self, topic: str, size: int) -> bool:
        """Whether a message of so many bytes is not to be sent."""
        known = self.left_out.get(topic)
        if known is not None:
            return size > known - known // 8  # a shorter one may pass
        if len(self.left_out) < 2 or size < _LONG or size < min(self.left_out.values()):
            return False
        # Two were too long; where nothing as long was ever taken, this one is as well.
        for taken in self._taken.values():
            if taken > size:
                return False
        self.left_out[topic] = size
        return True

    def begin(self, topic: str, size: int) -> bool:
        """Whether this message is on trial."""
        if size <= self._taken.get(topic, -1):
            return False
        self._on_trial = topic, size
        self._heard = None
        return True

    def passed(self) -> None:
        """The ping was answered."""
        if self._on_trial is None:
            return  # the connection has ended meanwhile
        topic, size = self._on_trial
        self._on_trial = None
        self._taken[topic] = size + size // 4
        if self._heard is False:
            self._unheard[topic] = size
        elif self._heard:
            self._hears = True
            self._unheard.pop(topic, None)
        if topic == self._suspect:
            self._suspect = None
            self._may_listen = False  # it was that which the broker did not want
        if topic == self._retried:  # it is taken now: so may be the others
            self._retried = None
            self.left_out.clear()

    def ended(self, how: object, steady: bool) -> bool:
        """The connection has ended. how: CLOSED by the broker, or SILENT: nothing more came, or
        nothing more could be sent; None: else. steady: it had lasted. Whether one more topic is
        left out: then it is worth a try at once."""
        trial, self._on_trial = self._on_trial, None
        # A broker that has never answered a ping is silent at whatever is said.
        if trial and (how == CLOSED or how == SILENT and self._taken):
            return self._struck(*trial)
        if steady:
            self._try_again()
        elif how == CLOSED:  # something that was taken before, or another client of our name
            self._taken.clear()
            self._suspect = None
            self.left_out.clear()  # it was not their fault, or not theirs alone
        return False

    def suspicion(self) -> str | None:
        """The message that the connection ends at, if it does now and did the last time: a text,
        or None."""
        if self._on_trial and self._on_trial[0] == self._suspect:
            return _ENDS % _named(*self._on_trial)
        return None

    def texts(self) -> list[str]:
        """[text] of what does not get through and why, for people."""
        found = []
        if self.left_out:
            least = min(self.left_out.values())
            why = _TOO_LONG if least >= _LONG else _NOT_ALLOWED
            found.append(_ENDS % _list(self.left_out) + why)
        if self._unheard and self._hears:  # else we may read nothing, which is all right
            found.append(_DROPS % _list(self._unheard))
        return found

    def _struck(self, topic, size):
        if topic != self._suspect:
            self._suspect = topic
            self._strikes = 0
        self._strikes += 1
        if self._strikes < _STRIKES:
            return False
        self.left_out[topic] = size
        self._suspect = None
        return True

    def _try_again(self):
        """The shortest that was left out gets one more chance, and what was dropped."""
        for topic in self._unheard:
            self._taken.pop(topic, None)
        if self.left_out:
            topic = min(self.left_out, key=lambda topic: self.left_out[topic])
            del self.left_out[topic]
            self._suspect = self._retried = topic
            self._strikes = _STRIKES - 1


def _named(topic, size):
    """Without the site's prefix; Home Assistant's has none."""
    if "/device/" not in topic:
        topic = topic.split("/", 2)[-1]
    return "%s (%d bytes)" % (topic, size)


def _list(sizes):
    """The longest first."""
    names = sorted(sizes, key=lambda topic: -sizes[topic])
    return ", ".join([_named(name, sizes[name]) for name in names])
