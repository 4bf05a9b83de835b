"""What the broker says, until the connection ends: read, taken apart, and handed to whom it
concerns. Owns the packet that is not whole yet."""

from micropython import const

from cloud.mqtt_in import PINGRESP, PUBACK, SUBACK, UNSUBACK, Incoming
from cloud.mqtt_link import UplinkError

_HEARD = const(32)  # the broker says no more than PINGRESP; larger pieces of heap may be rare
CLOSED_BY_BROKER = "the broker closed the connection"


class Hearing:
    """link: mqtt_link.Link; pings, in_flight, acceptance, subscriptions: who waits for answers;
    commands: who takes messages that are not our own; count: a function."""

    def __init__(
        self,
        link: MqttLink,
        pings: Pings,
        in_flight: InFlight,
        acceptance: Acceptance,
        subscriptions: Subscriptions,
        commands: Commands,
        count: Count,
    ):
        self._link = link
        self._pings = pings
        self._in_flight = in_flight
        self._acceptance = acceptance
        self._subscriptions = subscriptions
        self._commands = commands
        self._count = count
        self._incoming = Incoming(self._message, self._answered, commands.most_bytes)

    def begin(self, keepalive_s: int) -> None:
        """A new connection: nobody waits for an answer of the one before."""
        self._incoming.clear()
        self._pings.begin(keepalive_s)
        self._in_flight.begin()
        self._subscriptions.begin()

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
        if self._acceptance.came_back(topic):
            return
        if payload is None:
            self._commands.skip(size)
        else:
            self._commands.take(topic, payload)

    def _answered(self, kind, packet):
        if kind == PINGRESP:
            self._pings.answered()
        elif kind == PUBACK:
            self._in_flight.acknowledged(packet)
        elif kind == UNSUBACK:
            self._in_flight.answered(packet)
        elif kind == SUBACK:
            self._in_flight.answered(packet)
            self._acceptance.answered(packet)
            if self._subscriptions.answered(packet):
                self._count("uplink.unsubscribed")
