"""The topics that the broker is asked for: which are still to be asked for, and what it says. What
it refuses, or does not answer, is asked for again: a cluster that elects a leader does so.

Owns what was asked on this connection.
"""

from micropython import const

from cloud.backoff import Backoff

_PATIENCE_S = const(10)
_LEAST_PAUSE_S = const(10)  # until it is asked again; and more by chance, see backoff.Backoff
_MAX_MORE_S = const(240)
_REFUSED = const(0x80)  # in a SUBACK (MQTT 3.1.1 section 3.9.3)


class Subscriptions:
    """`refused`: topics that the broker does not give, or has not answered for. wanted: a list of
    topics, which may grow at any time. serial: the gateway's. free: called with the number of a
    packet whose answer nobody awaits any more."""

    def __init__(self, wanted: list[str], serial: str, free: Callable[[int], object]):
        self.refused: list[str] = []
        self._wanted = wanted
        self._free = free
        self._backoff = Backoff(serial + " subscriptions")
        self.begin()

    def begin(self) -> None:
        """A new connection: nothing is asked yet."""
        self._asked = 0  # of those that are wanted
        self._open = {}  # packet number -> [topic, s since it was asked]
        self._again: list[str] = []  # to be asked once more now
        self._pause_s = 0  # until what is refused is; 0: nothing is, or it is on its way
        self._backoff.reset()
        self.refused = []

    def ask(self, subscribe: Callable[[str], int]) -> None:
        """Ask for what was not asked yet, as far as the line takes it. subscribe: a function of a
        topic that gives the packet's number, 0 where the line is busy."""
        while self._asked < len(self._wanted):
            if not self._ask(self._wanted[self._asked], subscribe):
                return
            self._asked += 1
        while self._again:
            if not self._ask(self._again[0], subscribe):
                return
            self._again.pop(0)

    def _ask(self, topic, subscribe):
        number = subscribe(topic)
        if not number:
            return False
        for before in list(self._open):
            if self._open[before][0] == topic:
                del self._open[before]
                self._free(before)
        self._open[number] = [topic, 0]
        return True

    def answered(self, packet: bytes) -> bool:
        """A SUBACK's contents. Whether it is a refusal."""
        if len(packet) < 3:
            return False
        asked = self._open.pop(packet[0] << 8 | packet[1], None)
        if asked is None:
            return False
        topic = asked[0]
        if packet[2] & _REFUSED:
            self._refuse(topic)
            return True
        if topic in self.refused:
            self.refused.remove(topic)
        if topic in self._again:
            self._again.remove(topic)
        if not self.refused:
            self._pause_s = 0
            self._backoff.reset()
        return False

    def second(self) -> bool:
        """A second has gone. Whether an answer is missing for too long now."""
        late = False
        for topic_and_seconds in self._open.values():
            topic_and_seconds[1] += 1
            if topic_and_seconds[1] == _PATIENCE_S + 1:
                self._refuse(topic_and_seconds[0])
                late = True
        if self._pause_s:
            self._pause_s -= 1
            if not self._pause_s:
                self._again = [topic for topic in self.refused if not self._is_awaited(topic)]
        return late

    def _is_awaited(self, topic):
        for asked, seconds in self._open.values():
            if asked == topic and seconds <= _PATIENCE_S:
                return True
        return False

    def _refuse(self, topic):
        if topic not in self.refused:
            self.refused.append(topic)
        if not self._pause_s:
            more_ms = self._backoff.pause_ms(_MAX_MORE_S)
            self._pause_s = _LEAST_PAUSE_S + more_ms // 1000

    def texts(self) -> list[str]:
        """[text] of what is refused, for people."""
        if not self.refused:
            return []
        names = ", ".join([topic.split("/", 2)[-1] for topic in self.refused])
        say = "the broker refuses to subscribe %s: no command arrives there; see its access rules"
        return [say % names]
