"""MQTT packets to the broker: made by umqtt.simple, sent by a mqtt_link.Link.

umqtt.simple writes to a Wire in the place of a socket, and what it has written is sent here. Its
`connect`, `subscribe` and `publish` with QoS 1 wait for the broker, and its packet numbers do not
wrap: so there are others here, and answers are awaited elsewhere. Works with umqtt.simple 1.3.4
and 1.8.0.
"""

import asyncio
from errno import ECONNRESET

from micropython import const
from umqtt.simple import MQTTClient

from system.addresses import is_home
from system.modules import unload
from cloud.mqtt_link import UplinkError
from cloud.mqtt_wire import Body, Wire

_TIMEOUT_S = const(10)
_PUBLISH_1 = const(0x32)
_CLEAN = const(0x02)  # flags of CONNECT
_WILL = const(0x04)
_WILL_RETAINED = const(0x20)
_WITH_PASSWORD = const(0xC0)
_OPEN = "%s is %s, which is not in the own network: nothing goes there without mqtt.tls"
_HUNG_UP = "%s closed the connection as we said who we are: is %d a port for TLS?"
_NOWHERE = {"host": "", "port": 0}  # there is no broker


class _Packets(MQTTClient):
    """Writes packets to `wire`. Topics and texts are bytes: umqtt.simple counts characters."""

    def __init__(self, wire: Wire, *arguments: Any):
        super().__init__(*arguments)
        self.sock = wire

    def write_connect(self) -> None:
        """CONNECT, with the will if there is one (MQTT 3.1.1 section 3.1)."""
        flags = _CLEAN
        texts = [self.client_id]
        if self.lw_topic:
            flags |= _WILL | _WILL_RETAINED
            texts += [self.lw_topic, self.lw_msg]
        if self.user is not None:
            flags |= _WITH_PASSWORD
            texts += [self.user, self.pswd]
        size = 10 + sum(2 + len(text) for text in texts)
        self.sock.write(b"\x10" + _length(size) + b"\0\4MQTT\4")
        self.sock.write(bytes([flags, self.keepalive >> 8, self.keepalive & 255]))
        for text in texts:
            self._send_str(text)

    def write_publish(
        self, topic: bytes, body: Body, retained: bool, number: int, is_copy: bool
    ) -> None:
        """PUBLISH at QoS 1 (section 3.3). is_copy: it may have arrived before."""
        kind = _PUBLISH_1 | is_copy << 3 | retained
        self.sock.write(bytes([kind]) + _length(4 + len(topic) + len(body)))
        self._send_str(topic)
        self.sock.write(bytes([number >> 8, number & 255]))
        self.sock.write(body)

    def write_subscribe(self, topic: bytes, number: int) -> None:
        """SUBSCRIBE at QoS 0."""
        self.sock.write(b"\x82" + _length(5 + len(topic)) + bytes([number >> 8, number & 255]))
        self._send_str(topic)
        self.sock.write(b"\0")

    def write_unsubscribe(self, topic: bytes, number: int) -> None:
        """UNSUBSCRIBE."""
        self.sock.write(b"\xa2" + _length(4 + len(topic)) + bytes([number >> 8, number & 255]))
        self._send_str(topic)


def _length(size):
    """A packet's length (section 2.2.3)."""
    found = bytearray()
    while size > 127:
        found.append(size & 127 | 128)
        size >>= 7
    found.append(size)
    return found


class Client:
    """settings: `mqtt` of settings.json. will: (topic, text), retained, or None. number: a
    function that gives a packet number. All that sends raises OSError when the connection breaks;
    of two at once the packets would be mixed up."""

    def __init__(
        self,
        link: MqttLink,
        client_id: str,
        settings: Table | None,
        will: tuple[str, str] | None,
        number: Callable[[], int],
    ):
        self._link = link
        self._number = number
        self._client_id = client_id
        self._settings = settings or _NOWHERE
        self._will = will
        self._wire = Wire()
        self._packets = self._made(0)
        if self._settings.get("tls"):
            __import__("cloud.tls_context")  # now, as nothing is measured yet

    def _made(self, keepalive_s):
        """What writes the packets of the next connection."""
        settings = self._settings
        made = _Packets(
            self._wire,
            self._client_id.encode(),
            settings["host"],
            settings["port"],
            _bytes(settings.get("user")),
            _bytes(settings.get("password")),
            keepalive_s,
        )
        if self._will:
            made.set_last_will(self._will[0].encode(), self._will[1].encode(), True)
        return made

    async def open(self, address: str, keepalive_s: int) -> None:
        """Connect to the broker at this address; UplinkError, OSError or asyncio.TimeoutError when
        it does not accept us."""
        settings = self._settings
        if not settings.get("tls") and not is_home(address):
            raise UplinkError("uplink.open", _OPEN % (settings["host"], address))
        await asyncio.wait_for(self._link.open(address, settings["port"]), _TIMEOUT_S)
        self._wire.take()
        self._packets = self._made(keepalive_s)
        self._packets.write_connect()
        answer = await (self._answer_by_tls() if settings.get("tls") else self._answer())
        if answer[:2] != b"\x20\x02" or answer[3]:
            from cloud.first_answer import explain

            why = explain(answer, settings["host"], settings["port"])
            del explain
            unload("cloud.first_answer")
            raise UplinkError(*why)

    async def _answer(self):
        """Send CONNECT; what the broker answers."""
        try:
            await asyncio.wait_for(self._flush(), _TIMEOUT_S)
            return await asyncio.wait_for(self._link.read_all(4), _TIMEOUT_S)
        except (EOFError, OSError) as error:
            if isinstance(error, OSError) and error.errno != ECONNRESET:
                raise
            settings = self._settings
            raise UplinkError("uplink.lost", _HUNG_UP % (settings["host"], settings["port"]))

    async def _answer_by_tls(self):
        from cloud import tls_context as tls

        try:
            context = tls.context(self._settings["tls"])
            await asyncio.sleep_ms(0)
            self._link.secure(context, tls.server_name(self._settings))
            await asyncio.wait_for(self._flush(), _TIMEOUT_S)
            return await asyncio.wait_for(self._link.read_all(4), _TIMEOUT_S)
        except (EOFError, OSError, ValueError) as error:
            text = tls.explain(error, self._settings)
            if text is None:
                raise
            raise UplinkError("uplink.tls", text)

    async def publish(
        self, topic: str, body: Body, retained: bool, number: int = 0, is_copy: bool = False
    ) -> None:
        """Publish a mqtt_wire.Body: with this packet number at QoS 1, without one at QoS 0."""
        if number:
            self._packets.write_publish(topic.encode(), body, retained, number, is_copy)
        else:
            self._packets.publish(topic.encode(), body, retained)
        await self._flush()

    def subscribe(self, topic: str) -> int:
        """Ask for a topic, without waiting: the packet number that the broker's answer will have;
        0 where the line is busy, and nothing is asked."""
        if not self._link.is_free():
            return 0
        number = self._number()
        self._packets.write_subscribe(topic.encode(), number)
        self._link.nudge(self._wire.take()[0])
        return number

    def unsubscribe(self, topic: str) -> None:
        """Ask for a topic no longer, without waiting; where the line is busy it goes on."""
        if self._link.is_free():
            self._packets.write_unsubscribe(topic.encode(), self._number())
            self._link.nudge(self._wire.take()[0])

    def ping(self) -> bool:
        """Ask for a sign of life, without waiting. Whether it was asked; else the line is busy."""
        if not self._link.is_free():
            return False
        self._packets.ping()
        self._link.nudge(self._wire.take()[0])
        return True

    async def farewell(self) -> None:
        """Publish what the will says, and say good-bye."""
        if self._will:
            text = self._will[1].encode()
            await self.publish(self._will[0], Body(len(text), (text,)), True)
        self._packets.disconnect()
        await self._flush()

    async def _flush(self):
        await self._link.send(*self._wire.take())


def _bytes(text):
    return None if text is None else text.encode()
