"""The uplink: keeps one MQTT connection to the broker and publishes on it, and never makes anybody
wait.

umqtt.simple writes and reads the packets, but its sockets block. So it gets a Wire instead of a
socket: what it writes is collected and sent by asyncio; what it would read at connecting is a
CONNACK that says yes, and the real one is awaited here. Works with umqtt.simple 1.3.4 and 1.8.0.
QoS 0 only.
"""

import asyncio
from errno import ENOTCONN

import umqtt.simple
from micropython import const
from mqtt_in import Incoming
from mqtt_wire import Body, Wire, taken
from resolve import resolve

_KEEPALIVE_S = const(30)
_PING_S = const(10)
_SILENT_S = const(25)  # no answer to pings for this long: the connection is dead
_TIMEOUT_S = const(10)
_LONGEST_PAUSE_S = const(20)  # between two tries: a network that is back is used within 30 s
_CHUNK = const(1024)  # bytes given to the socket at once
_HEARD = const(32)  # the broker says no more than PINGRESP; larger pieces of heap may be rare

_LOST = "the connection to the broker was lost while sending"
_NO_MEMORY = "there is too little memory for a message"
_REFUSALS = (
    "accepted",
    "protocol version refused",
    "client identifier refused",
    "broker unavailable",
    "user name or password refused: see mqtt in settings.json",
    "not authorised: see mqtt in settings.json",
)


class UplinkError(Exception):
    """Why there is no connection: `name` for the counters, a text for people."""

    def __init__(self, name, text):
        super().__init__(text)
        self.name = name


class Uplink:
    """`connected`; `connects`, `published`, `dropped` messages since start,
    `last_error`: a text or None.

    settings: `mqtt` of settings.json. online: a function, whether the network is up. name_server:
    a function, its address. greet: a function that returns the messages to publish on every
    connecting, as (topic, pieces of text, retained). will: (topic, text), retained. orders: an
    orders.Orders, whose topics are subscribed and which takes what comes there.
    """

    def __init__(
        self,
        client_id,
        settings,
        online,
        name_server,
        greet,
        will,
        orders,
        counters,
    ):
        self.connected = False
        self.connects = 0
        self.published = 0
        self.dropped = 0
        self.last_error = None
        self._settings = settings
        self._online = online
        self._name_server = name_server
        self._greet = greet
        self._will = will
        self._counters = counters
        self._client_id = client_id
        self._client = None
        self._stream = None
        self._orders = orders
        self._incoming = Incoming(orders.take, orders.skip)
        self._wire = Wire()
        self._room = memoryview(bytearray(_CHUNK))
        self._sending = asyncio.Lock()
        self._unanswered = 0  # pings sent since the broker was last heard

    async def run(self):
        """Connect, stay connected, connect again; without end."""
        pause = 1
        while True:
            if self._online():
                try:
                    await self._connect()
                    pause = 1
                    await self._stay()
                except UplinkError as error:
                    self._note(error.name, str(error))
                except asyncio.TimeoutError:
                    self._note("uplink.timeout", "the broker does not answer")
                except OSError as error:
                    self._note("uplink.network", "connection to the broker: %s" % error)
                finally:
                    await self._close()
            else:
                pause = 1  # a network that is back is used at once
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def publish(self, topic, pieces, retained=False):
        """Publish what the generator `pieces` yields as one message; it is dropped and counted
        while there is no connection, when a piece is None, or when memory is too short for it.

        Other tasks run between the pieces. A message takes memory in small pieces, and only while
        it is sent: a buffer for the longest one would be 9 kB.
        """
        if not self.connected:
            self.dropped += 1
            return
        async with self._sending:
            body = await self._gather(pieces)
            if body is None:
                self.dropped += 1
                return
            try:
                await self._send(topic, body, retained)
            except (OSError, asyncio.TimeoutError):
                await self._give_up("uplink.lost", _LOST)
            except MemoryError:
                await self._give_up("uplink.memory", _NO_MEMORY)
            except BaseException:
                await self._close()  # the next packet would become the rest of this one
                raise

    async def close(self):
        """Say good-bye: the last will's text is published, then the connection is closed."""
        if self.connected and not self._sending.locked():  # else we are in the middle of a packet
            try:
                text = self._will[1].encode()
                await self._send(self._will[0], Body(len(text), (text,)), True)
                self._client.disconnect()
                await self._flush()
            except (OSError, asyncio.TimeoutError):
                pass  # the broker publishes the will
        await self._close()

    def _note(self, name, text):
        self._counters.count(name)
        self.last_error = text

    async def _connect(self):
        host = self._settings["host"]
        try:
            address = await resolve(host, self._name_server())
        except OSError as error:
            raise UplinkError("uplink.name", str(error)) from error
        stream, _ = await asyncio.wait_for(
            asyncio.open_connection(address, self._settings["port"]), _TIMEOUT_S
        )
        async with self._sending:
            self._stream = stream
            await self._introduce(host)
            self.connected = True
            self.connects += 1
            self._unanswered = 0
            for topic, pieces in self._greet():
                await self._send_constant(topic, pieces)
            await self._subscribe()

    async def _introduce(self, host):
        """CONNECT, and what the broker answers."""
        umqtt.simple.socket = self._wire
        self._wire.clear()
        self._client = umqtt.simple.MQTTClient(
            self._client_id,
            host,
            self._settings["port"],
            _bytes(self._settings.get("user")),
            _bytes(self._settings.get("password")),
            _KEEPALIVE_S,
        )
        self._client.set_last_will(self._will[0].encode(), self._will[1].encode(), True)
        self._wire.answer = b"\x20\x02\x00\x00"  # CONNACK
        self._client.connect()
        await self._flush()
        try:
            answer = await asyncio.wait_for(self._stream.readexactly(4), _TIMEOUT_S)
        except EOFError:
            raise UplinkError("uplink.lost", "%s closed the connection" % host)
        if answer[:2] != b"\x20\x02":
            raise UplinkError("uplink.protocol", "%s is not an MQTT broker" % host)
        if answer[3]:
            reason = _REFUSALS[answer[3]] if answer[3] < len(_REFUSALS) else str(answer[3])
            raise UplinkError("uplink.refused", "the broker refused us: " + reason)

    async def _subscribe(self):
        """Ask for orders; that the broker agrees is not waited for."""
        self._incoming.clear()
        self._client.set_callback(self._incoming.feed)  # umqtt.simple wants one
        for topic in self._orders.topics():
            number = self._client.pid + 1
            self._wire.answer = bytes([0x90, 3, number >> 8, number & 255, 0])  # SUBACK
            self._client.subscribe(topic.encode())
            await self._flush()

    async def _stay(self):
        """Ping, and hear whether the broker is still there, until it is not."""
        while self.connected:
            try:
                data = await asyncio.wait_for(self._stream.read(_HEARD), _PING_S)
            except asyncio.TimeoutError:
                await self._ping()
            except OSError:
                if self.connected:  # else publish() has closed it, and said why
                    raise
            else:
                if not data:
                    raise UplinkError("uplink.lost", "the broker closed the connection")
                self._unanswered = 0
                try:
                    self._incoming.feed(data)
                except ValueError as error:
                    raise UplinkError("uplink.protocol", "the broker sends no MQTT: %s" % error)

    async def _ping(self):
        if self._unanswered * _PING_S > _SILENT_S:
            raise UplinkError("uplink.silent", "the broker does not answer any more")
        self._unanswered += 1
        async with self._sending:
            if self.connected:
                self._client.ping()
                await self._flush()

    async def _give_up(self, name, text):
        """A message has got stuck on its way: no other one can follow."""
        self.dropped += 1
        if self.connected:
            self._note(name, text)
            await self._close()

    async def _gather(self, pieces):
        """The Body of a message, None where there is none."""
        encoded = []
        size = 0
        try:
            for piece in pieces:
                if piece is None:
                    self._note("uplink.overtaken", "a newer report came while one was written")
                    return None
                encoded.append(piece.encode())
                size += len(encoded[-1])
                await asyncio.sleep(0)
        except MemoryError:
            self._note("uplink.memory", _NO_MEMORY)
            return None
        return Body(size, taken(encoded))

    async def _send_constant(self, topic, pieces):
        """Send what the generator function `pieces` yields, which must be the same every time: it
        is counted first and then sent without being held as a whole."""
        size = 0
        for piece in pieces():
            size += len(piece.encode())
            await asyncio.sleep(0)
        await self._send(topic, Body(size, (piece.encode() for piece in pieces())), True)

    async def _send(self, topic, body, retained):
        self._client.publish(topic.encode(), body, retained)
        await self._flush()
        self.published += 1

    async def _flush(self):
        """Send what umqtt.simple has written."""
        stream = self._stream
        written, body = self._wire.written, self._wire.body
        self._wire.clear()  # first of all: a message that cannot be sent would be held for days
        if stream is None:
            raise OSError(ENOTCONN)
        stream.write(written)
        if body is not None:
            for chunk in body.chunks(self._room):
                stream.write(chunk)
                await asyncio.wait_for(stream.drain(), _TIMEOUT_S)
        await asyncio.wait_for(stream.drain(), _TIMEOUT_S)

    async def _close(self):
        """Give the socket back; who waits on it gets an OSError."""
        self.connected = False
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.wait_closed()


def _bytes(text):
    return None if text is None else text.encode()
