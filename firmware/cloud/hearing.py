"""What the broker says, until the connection ends: read, taken apart, and handed to whom it
concerns. Owns the packet that is not whole yet."""

from micropython import const

from cloud.mqtt_in import PINGRESP, SUBACK, Incoming
from cloud.mqtt_link import UplinkError

_HEARD = const(32)  # the broker says no more than PINGRESP; larger pieces of heap may be rare
CLOSED_BY_BROKER = "the broker closed the connection"


class Hearing:
    """link: mqtt_link.Link; pings, trials, subscriptions: who waits for answers; commands: who
    takes messages that are not our own; count: a function."""

    def __init__(
        self,
        link: MqttLink,
        pings: Pings,
        trials: Trials,
        subscriptions: Subscriptions,
        commands: Commands,
        count: Count,
    ):
        self._link = link
        self._pings = pings
        self._trials = trials
        self._subscriptions = subscriptions
        self._commands = commands
        self._count = count
        self._incoming = Incoming(self._message, self._answered, commands.most_bytes)

    def clear(self) -> None:
        """Begin anew, with a new connection."""
        self._incoming.clear()

    async def run(self, beat: Beat) -> Never:
        """Without end; UplinkError or OSError when the connection ends. beat: called at each
        piece."""
        while True:
            beat()
            data = await self._link.read(_HEARD)
            if not data:
                raise UplinkError("uplink.lost", CLOSED_BY_BROKER)
            self._pings.heard()
            try:
                self._incoming.feed(data)
            except ValueError as error:
                raise UplinkError("uplink.protocol", "the broker sends no MQTT: %s" % error)

    def _message(self, topic, payload, size):
        if self._trials.came_back(topic):
            return
        if payload is None:
            self._commands.skip(size)
        else:
            self._commands.take(topic, payload)

    def _answered(self, kind, packet):
        if kind == PINGRESP:
            self._pings.answered()
        elif kind == SUBACK:
            self._trials.answered(packet)
            if self._subscriptions.answered(packet):
                self._count("uplink.unsubscribed")
