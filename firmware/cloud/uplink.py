"""The uplink: keeps one MQTT connection to the broker and publishes on it, and never makes anybody
wait.

Seconds are counted by `watch`, not measured: a time in which the whole program stands still (a TLS
handshake, an erase of flash) is one second at most, and breaks no connection.
"""

import asyncio
import os

from micropython import const

from system.watchdog import unwatched
from net.resolve import resolve
from cloud.mqtt_client import Client
from cloud.mqtt_in import Incoming
from cloud.mqtt_link import Link, UplinkError
from cloud.mqtt_wire import Body, taken

_AGAIN_S = const(10)  # from a ping without an answer to the next one
_MOST_UNANSWERED = const(3)  # pings
_TIMEOUT_S = const(10)
# Between two tries. A network that is back is used within 30 s; a broker that answers and does not
# keep us needs somebody who mends it, and each try costs 10 kB of a SIM card, and a handshake.
_LONGEST_PAUSE_S = const(20)
_LONGEST_REFUSED_S = const(240)
_NETWORK = ("uplink.name", "uplink.network", "uplink.timeout")
_STEADY_S = const(30)  # a connection that lasts so long is a good one
_WAIT_FOR_TIME = const(10)  # s since start: where no time server answers TLS is tried without
_HEARD = const(32)  # the broker says no more than PINGRESP; larger pieces of heap may be rare

_LOST = "the connection to the broker was lost while sending"
_CLOSED = "the broker closed the connection"
_SHORT_LIVED = (
    "the broker accepts us and soon closes the connection: does another client use the name %s,"
    " or does it take no message of %d bytes?"
)
_NO_MEMORY = "there is too little memory for a message"


class Uplink:
    """`connected`; `connects`, `published`, `dropped` messages since start,
    `last_error`: a text or None.

    settings: `mqtt` of settings.json. online: a function, whether the network is up. name_server:
    a function, its address. keepalive_s: a function, the keep-alive of the next connection; a ping
    goes out in half of it. set_clock: a function that sets the clock by which TLS judges
    certificates, and says whether the time is known. greet: a function that returns the messages
    to publish on every connecting, as (topic, pieces of text, retained). will: (topic, text),
    retained. orders: an orders.Orders, whose topics are subscribed and which takes what comes
    there.
    """

    def __init__(
        self,
        client_id,
        settings,
        online,
        name_server,
        keepalive_s,
        set_clock,
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
        self._client_id = client_id
        self._settings = settings
        self._online = online
        self._name_server = name_server
        self._keepalive_s = keepalive_s
        self._set_clock = set_clock
        self._wait_for_time = _WAIT_FOR_TIME
        self._greet = greet
        self._counters = counters
        self._orders = orders
        self._incoming = Incoming(orders.take, orders.skip)
        self._link = Link()
        self._client = Client(self._link, client_id, settings, will)
        self._sending = asyncio.Lock()
        self._given_up = False  # by who sends or watches: it has said why
        self._longest_pause_s = _LONGEST_PAUSE_S
        self._age = 0  # s since the broker accepted us
        self._short_lived = 0  # connections in a row
        self._longest = 0  # bytes of a message on this connection
        self._ping_s = 0
        self._since_ping = 0  # s
        self._unanswered = 0  # pings since the broker was last heard

    async def run(self, beat=unwatched):
        """Connect, stay connected, connect again; without end. Needs `watch` beside it. beat:
        called meanwhile, at each ping's answer at least."""
        pause = 1
        while True:
            beat()
            if self._online():
                self._given_up = False
                self._age = 0
                try:
                    await self._connect()
                    await self._hear(beat)
                except UplinkError as error:
                    self._fail(error.name, str(error))
                except asyncio.TimeoutError:
                    self._fail("uplink.timeout", "the broker does not answer")
                except OSError as error:
                    if self.connected:
                        why = "%s: %s" % (_CLOSED, error) if error.errno > 0 else _CLOSED  # TLS
                        self._fail("uplink.lost", why)
                    elif not self._given_up:
                        self._fail("uplink.network", "connection to the broker: %s" % error)
                except MemoryError:
                    self._fail("uplink.memory", _NO_MEMORY)
                finally:
                    self._close()
                if self._age >= _STEADY_S:
                    pause = 1
            else:
                pause = 1  # a network that is back is used at once
            await asyncio.sleep_ms(pause * (500 + (500 * os.urandom(1)[0] >> 8)))  # by chance
            pause = min(2 * pause, self._longest_pause_s)

    async def watch(self, beat=unwatched):
        """Ping, and give up a connection on which nothing moves; without end. beat: as run's."""
        while True:
            beat()
            await asyncio.sleep(1)
            if not self.connected:
                continue
            self._age += 1
            if self._age == _STEADY_S:
                self._short_lived = 0
            if self._link.stalled():
                self._give_up("uplink.lost", _LOST)
            else:
                self._ping()

    async def send(self, topic, view, retained=False):
        """Publish the bytes of `view`, a memoryview, which must not change meanwhile. Whether all
        of it was handed to the socket; else it is counted as dropped.

        Other tasks run between the chunks of 1 kB; none is copied but what the socket does not
        take at once.
        """
        if not self.connected:
            self.dropped += 1
            return False
        async with self._sending:
            return await self._send(topic, Body(len(view), (view,)), retained)

    async def publish(self, topic, pieces, retained=False):
        """Publish what the generator `pieces` yields as one message; it is dropped and counted
        while there is no connection, or when memory is too short for it.

        For rare messages: each piece is held until it is sent. Other tasks run between them.
        """
        if not self.connected:
            self.dropped += 1
            return
        async with self._sending:
            body = await self._gather(pieces)
            if body is None:
                self.dropped += 1
            else:
                await self._send(topic, body, retained)

    async def close(self):
        """Say good-bye: the last will's text is published, then the connection is closed."""
        if self.connected and not self._sending.locked():  # else we are in the middle of a packet
            try:
                await asyncio.wait_for(self._client.farewell(), _TIMEOUT_S)
            except (OSError, asyncio.TimeoutError):
                pass  # the broker publishes the will
        self._close()

    def trouble(self):
        """Why there is no connection, or none that lasts: a text; None when all is well."""
        return self.last_error if self._short_lived or not self.connected else None

    def _note(self, name, text):
        self._counters.count(name)
        self.last_error = text

    def _fail(self, name, text):
        """What has ended a connection, or a try."""
        self._longest_pause_s = _LONGEST_PAUSE_S if name in _NETWORK else _LONGEST_REFUSED_S
        if self.connected and self._age < _STEADY_S:
            self._short_lived += 1
            if self._short_lived > 1 and name == "uplink.lost":
                text = _SHORT_LIVED % (self._client_id, self._longest)
        self._note(name, text)

    def _give_up(self, name, text):
        """A message has got stuck on its way: no other one can follow."""
        if self.connected:
            self._given_up = True
            self._fail(name, text)
            self._close()

    async def _connect(self):
        try:
            address = await resolve(self._settings["host"], self._name_server())
        except OSError as error:
            raise UplinkError("uplink.name", str(error))
        if self._settings.get("tls"):
            while not self._set_clock() and self._wait_for_time:
                self._wait_for_time -= 1
                await asyncio.sleep(1)
        keepalive_s = self._keepalive_s()
        async with self._sending:
            await self._client.open(address, keepalive_s)
            self._ping_s = keepalive_s // 2
            self._since_ping = self._unanswered = self._longest = 0
            self._incoming.clear()
            self.connected = True
            self.connects += 1
            for topic, pieces in self._greet():
                await self._send_constant(topic, pieces)
            for topic in self._orders.topics():
                await self._client.subscribe(topic)

    async def _hear(self, beat):
        """Take what the broker says, until the connection ends."""
        while True:
            beat()
            data = await self._link.read(_HEARD)
            if not data:
                raise UplinkError("uplink.lost", _CLOSED)
            self._unanswered = 0
            try:
                self._incoming.feed(data)
            except ValueError as error:
                raise UplinkError("uplink.protocol", "the broker sends no MQTT: %s" % error)

    def _ping(self):
        self._since_ping += 1
        pause = min(_AGAIN_S, self._ping_s) if self._unanswered else self._ping_s
        if self._since_ping < pause or self._sending.locked():
            return
        if self._unanswered == _MOST_UNANSWERED:
            self._give_up("uplink.silent", "the broker does not answer any more")
            return
        self._since_ping = 0
        self._unanswered += 1
        try:
            self._client.ping()
        except OSError:
            self._give_up("uplink.lost", _LOST)

    async def _gather(self, pieces):
        """The Body of a message, None where there is none."""
        encoded = []
        size = 0
        try:
            for piece in pieces:
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
        await self._hand_over(topic, Body(size, (piece.encode() for piece in pieces())), True)

    async def _send(self, topic, body, retained):
        """Whether the message is on its way; else it is dropped, and the connection given up."""
        try:
            await self._hand_over(topic, body, retained)
            return True
        except OSError:
            self._give_up("uplink.lost", _LOST)
        except MemoryError:
            self._give_up("uplink.memory", _NO_MEMORY)
        except BaseException:
            self._give_up("uplink.lost", _LOST)  # the next packet would be the rest of this one
            raise
        self.dropped += 1
        return False

    async def _hand_over(self, topic, body, retained):
        self._longest = max(self._longest, len(body))
        await self._client.publish(topic, body, retained)
        self.published += 1

    def _close(self):
        """Give the socket back; who waits on it gets an OSError."""
        self.connected = False
        self._link.close()
