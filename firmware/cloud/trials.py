"""Which messages the broker takes. MQTT 3.1.1 has no answer "too long" or "not allowed": a broker
closes the connection, or says nothing. So the first message of a topic, and each one that is much
longer than those before, is followed by a ping: its answer says that the message was taken.

Owns what is known of each topic, and which ones are left out because the broker closes on them.
"""

from micropython import const

_STRIKES = const(3)  # in a row, by the same topic: a network breaks at any
_LONG = const(1000)  # bytes; below, the length is hardly the reason
_CLOSES = "the broker closes the connection at %s"
_TOO_LONG = ": left out; raise the broker's largest message size"
_NOT_ALLOWED = ": left out; do the broker's access rules allow this topic?"


class Trials:
    """`left_out`: {topic: bytes} of what made the broker close again and again. A topic is tried
    again when a connection that lasted was lost: the broker may have been set up anew."""

    def __init__(self):
        self.left_out = {}
        self._taken = {}  # topic -> bytes up to which no ping follows
        self._on_trial = None  # (topic, bytes)
        self._suspect = None  # the topic on which the last connection ended
        self._strikes = 0
        self._retried = None

    def leaves_out(self, topic, size):
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

    def begin(self, topic, size):
        """Whether this message is to be followed by a ping."""
        if size <= self._taken.get(topic, -1):
            return False
        self._on_trial = topic, size
        return True

    def passed(self):
        """The ping was answered."""
        if self._on_trial is None:
            return  # the connection has ended meanwhile
        topic, size = self._on_trial
        self._on_trial = None
        self._taken[topic] = size + size // 4
        if topic == self._suspect:
            self._suspect = None
        if topic == self._retried:  # it is taken now: so may be the others
            self._retried = None
            self.left_out.clear()

    def ended(self, closed, steady):
        """The connection has ended. closed: by the broker; steady: it had lasted. Whether one more
        topic is left out: then it is worth a try at once."""
        trial, self._on_trial = self._on_trial, None
        if closed and trial:
            return self._struck(*trial)
        if steady:
            self._try_again()
        elif closed:  # something that was taken before, or another client of our name
            self._taken.clear()
            self._suspect = None
        return False

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

    def suspicion(self):
        """The message that the broker closes at, if it does now: a text, None where it is none."""
        return self._on_trial and _CLOSES % _named(*self._on_trial)

    def text(self):
        """What is left out and why, for people; None where nothing is."""
        if not self.left_out:
            return None
        names = sorted(self.left_out, key=lambda topic: -self.left_out[topic])
        said = ", ".join([_named(name, self.left_out[name]) for name in names])
        least = min(self.left_out.values())
        return _CLOSES % said + (_TOO_LONG if least >= _LONG else _NOT_ALLOWED)

    def _try_again(self):
        """The shortest that was left out gets one more chance."""
        if self.left_out:
            topic = min(self.left_out, key=lambda topic: self.left_out[topic])
            del self.left_out[topic]
            self._suspect = self._retried = topic
            self._strikes = _STRIKES - 1


def _named(topic, size):
    """Without the site's prefix."""
    return "%s (%d bytes)" % (topic.split("/", 2)[-1], size)
