"""The topics that the broker is asked for: which are still to be asked for, and what it says.

Owns what was asked on this connection.
"""

from micropython import const

_PATIENCE_S = const(10)
_REFUSED = const(0x80)  # in a SUBACK (MQTT 3.1.1 section 3.9.3)


class Subscriptions:
    """`refused`: topics that the broker does not give, or does not answer for. wanted: a list of
    topics, which may grow at any time."""

    def __init__(self, wanted: list[str]):
        self.refused = []
        self._wanted = wanted
        self.begin()

    def begin(self) -> None:
        """A new connection: nothing is asked yet."""
        self._asked = 0  # of those that are wanted
        self._open = {}  # packet number -> [topic, s since it was asked]
        self.refused = []

    def ask(self, subscribe: Callable[[str], int]) -> None:
        """Ask for what was not asked yet, as far as the line takes it. subscribe: a function of a
        topic that gives the packet's number, 0 where the line is busy."""
        while self._asked < len(self._wanted):
            topic = self._wanted[self._asked]
            number = subscribe(topic)
            if not number:
                return
            self._open[number] = [topic, 0]
            self._asked += 1

    def answered(self, packet: bytes) -> bool:
        """A SUBACK's contents. Whether it is a refusal."""
        if len(packet) < 3:
            return False
        asked = self._open.pop(packet[0] << 8 | packet[1], None)
        if asked is None or not packet[2] & _REFUSED:
            return False
        self.refused.append(asked[0])
        return True

    def second(self) -> bool:
        """A second has gone. Whether an answer is missing for too long now."""
        late = False
        for number in list(self._open):
            self._open[number][1] += 1
            if self._open[number][1] > _PATIENCE_S:
                self.refused.append(self._open.pop(number)[0])
                late = True
        return late

    def texts(self) -> list[str]:
        """[text] of what is refused, for people."""
        if not self.refused:
            return []
        names = ", ".join([topic.split("/", 2)[-1] for topic in self.refused])
        say = "the broker refuses to subscribe %s: no command arrives there; see its access rules"
        return [say % names]
