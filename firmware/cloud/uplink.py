"""Keeps one MQTT connection to the broker, publishes on it, and never makes anybody wait.

Seconds are counted by `watch`, not measured: a time in which the whole program stands still (a TLS
handshake, an erase of flash) is one second at most, and breaks no connection.
"""

import asyncio

from micropython import const

from system.watchdog import unwatched
from net.resolve import resolve
from cloud.acceptance import CLOSED, SILENT, Acceptance
from cloud.backoff import Backoff
from cloud.hearing import CLOSED_BY_BROKER, Hearing
from cloud.in_flight import InFlight
from cloud.mqtt_client import Client
from cloud.mqtt_link import Link, UplinkError
from cloud.mqtt_wire import Body, counted, gathered
from cloud.pings import Pings
from cloud.subscriptions import Subscriptions
from cloud.uplink_troubles import Troubles, no_address, no_connection

_TIMEOUT_S = const(10)
_STEADY_S = const(30)  # a connection that lasts so long is a good one
_WINDOW = const(6)  # messages of QoS 1 on their way at once: a few seconds of a backlog
_WAIT_FOR_TIME = const(60)  # s since start: where no time server answers TLS is tried without

_LOST = "the connection to the broker was lost while sending"
_SILENT = "the broker does not answer any more"
_NOT_ACKNOWLEDGED = "the broker does not acknowledge what it is sent"
_NO_MEMORY = "there is too little memory for a message"


class Uplink:
    """`connected`; `connects`: how many connections there were.

    settings: `mqtt` of settings.json. network: net.connection.Connection. keepalive_s: a function,
    the keep-alive of the next connection; a ping goes out in half of it. set_clock: a function
    that sets the clock by which TLS judges certificates, and says whether the time is known.
    retained: a function that returns the messages to publish on every connecting, as (topic,
    function that gives the pieces of text). will: (topic, text), retained. commands: a
    commands.Commands, whose topics are subscribed and which takes what comes there.
    """

    def __init__(
        self,
        client_id: str,
        settings: Table | None,
        network: Connection,
        keepalive_s: Callable[[], int],
        set_clock: Callable[[], bool],
        retained: Callable[[], list[Message]],
        will: tuple[str, str],
        commands: Commands,
        counters: Counters,
        window: int = _WINDOW,
    ):
        self.connected = False
        self.connects = 0
        self._published = self._dropped = 0
        self._settings = settings
        self._network = network
        self._keepalive_s = keepalive_s
        self._set_clock = set_clock
        self._wait_for_time = _WAIT_FOR_TIME
        self._retained = retained
        self._counters = counters
        self._troubles = Troubles(client_id, counters)
        self._backoff = Backoff(client_id)
        commands.on("retry", lambda fields: self._backoff.retry(fields["seconds"]))
        self._in_flight = InFlight(window)
        self._subscriptions = Subscriptions(commands.topics, client_id, self._in_flight.free)
        self._link = Link(lambda: self._in_flight.is_awaited() or self._pings.is_awaited())
        self._client = Client(self._link, client_id, settings, will, self._in_flight.number)
        self._sending = asyncio.Lock()
        self._given_up = False  # by ourselves: who did has said why
        self._ended = None  # how: acceptance.CLOSED or SILENT, None where it is nobody's fault
        self._age = 0  # s since the broker accepted us
        self._pings = Pings(self._client.ping)
        self._acceptance = Acceptance(self._client, self._pings)
        wait = self._pings, self._in_flight, self._acceptance, self._subscriptions
        self._hearing = Hearing(self._link, *wait, commands, counters.count)

    async def run(self, beat: Beat = unwatched) -> Never:
        """Connect, stay connected, connect again; without end. Needs `watch` beside it. beat:
        called meanwhile, at each ping's answer at least."""
        while True:
            beat()
            if not self._network.online() or await self._live(beat):
                self._backoff.reset()  # a network that is back is used at once
            await asyncio.sleep_ms(self._backoff.pause_ms(self._troubles.max_pause_s))

    async def _live(self, beat):
        """A connection from its beginning to its end. Whether the next one is worth a try at
        once."""
        self._given_up, self._ended, self._age = False, None, 0
        try:
            await self._connect()
            await self._use(beat)
        except UplinkError as error:
            if self.connected and error.name == "uplink.lost":
                self._ended = CLOSED
            if not self._given_up:
                self._fail(error.name, str(error))
        except asyncio.TimeoutError:
            self._fail("uplink.timeout", "the broker does not answer")
        except OSError as error:
            if self.connected:
                self._ended = CLOSED
                of_tls = ": %s" % error if (error.errno or 0) > 0 else ""
                self._fail("uplink.lost", CLOSED_BY_BROKER + of_tls)
            elif not self._given_up:
                self._fail("uplink.network", no_connection(error, self._settings))
        except MemoryError:
            self._fail("uplink.memory", _NO_MEMORY)
        finally:
            self._close()
        steady = self._age >= _STEADY_S
        if self._acceptance.ended(self._ended, steady):
            self._counters.count("uplink.left_out")
            return True
        return steady

    async def _use(self, beat):
        """Introduce ourselves to the broker and hear what it says, until the connection ends."""
        both = self._introduce(), self._hearing.run(beat)
        tasks = [asyncio.create_task(task) for task in both]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def watch(self, beat: Beat = unwatched) -> Never:
        """Ping, and give up a connection on which nothing moves; without end. beat: as run's."""
        while True:
            beat()
            await asyncio.sleep(1)
            if not self.connected:
                continue
            self._age += 1
            self._troubles.lasts(self._age)
            if self._subscriptions.second():
                self._counters.count("uplink.unsubscribed")
            if self._link.stalled():
                self._give_up("uplink.lost", _LOST, SILENT)
                continue
            if self._in_flight.second():
                self._give_up("uplink.silent", _NOT_ACKNOWLEDGED, SILENT)
                continue
            free = not self._sending.locked()
            try:
                if self._pings.second(free):
                    self._give_up("uplink.silent", _SILENT, SILENT)
                elif free:
                    self._subscriptions.ask(self._client.subscribe)
            except OSError:
                self._give_up("uplink.lost", _LOST, CLOSED)

    async def send(self, topic: str, body: Body, retained: bool = False) -> bool:
        """Publish a mqtt_wire.Body, which must not change meanwhile. Whether all of it was handed
        to the socket; else it is counted as dropped. Other tasks run between the chunks of 1 kB;
        none is copied but what the socket does not take at once."""
        if not self.connected:
            self._dropped += 1
            return False
        async with self._sending:
            return await self._send(topic, body, retained)

    async def publish(self, topic: str, pieces: AnyPieces, retained: bool = False) -> bool:
        """Publish what `pieces` yields as one message; False: it is dropped and counted. Each is
        held until it is sent, but not where `pieces` is a function that gives the same ones each
        time. Other tasks run between them."""
        body = None
        try:
            if self.connected:
                made: Any = counted if callable(pieces) else gathered
                body = await made(pieces)
        except MemoryError:
            self._troubles.note("uplink.memory", _NO_MEMORY)
        async with self._sending:
            if body is not None and self.connected:
                return await self._send(topic, body, retained)
            self._dropped += 1
            return False

    def room(self) -> int:
        """How many messages `deliver` takes now."""
        return self._in_flight.room()

    async def deliver(self, message: Delivered | None = None) -> None:
        """Publish with QoS 1, where there is room: it is kept until the broker acknowledges it,
        and sent again where it does not, also on the next connection. message: see InFlight; None:
        send again what is due."""
        if message:
            self._in_flight.add(message)
        async with self._sending:
            if self.connected:
                sent = await self._guarded(self._in_flight.send(self._acceptance.publish))
                self._published += sent or 0

    async def close(self) -> None:
        """Say good-bye: the last will's text is published, then the connection is closed."""
        if self.connected and not self._sending.locked():  # else we are in the middle of a packet
            try:
                await asyncio.wait_for(self._client.farewell(), _TIMEOUT_S)
            except (OSError, asyncio.TimeoutError):
                pass  # the broker publishes the will
        self._close()

    def describe(self) -> Table:
        """For people: what has gone, and what went wrong last."""
        return {
            "connects": self.connects,
            "published": self._published,
            "dropped": self._dropped,
            "resent": self._in_flight.resent,
            "lastError": self._troubles.last_error,
        }

    def glance(self) -> object:
        """What people see of it: it is reported soon when this changes."""
        return self.connects, self._troubles.last_error

    def advice(self) -> list[AdviceText]:
        """What is wrong: [(name, text for the installer)]; nothing when all is well."""
        texts = self._troubles.texts(self.connected) + self._acceptance.texts()
        return [("uplink", text) for text in texts + self._subscriptions.texts()]

    def _fail(self, name, text):
        """What has ended a connection, or a try."""
        age_s = self._age if self.connected else None
        closed = self._ended == CLOSED
        self._troubles.failed(name, text, age_s, closed, self._acceptance.suspicion())

    def _give_up(self, name, text, how=None):
        """A message has got stuck on its way: no other one can follow. how: see `_ended`."""
        if self.connected:
            self._ended = how
            self._fail(name, text)
            self._close()

    async def _connect(self):
        settings = self._settings
        assert settings  # without a broker it does not run
        try:
            address = await resolve(settings["host"], self._network.name_server())
        except OSError:
            raise UplinkError("uplink.name", no_address(settings))
        if settings.get("tls"):
            while not self._set_clock() and self._wait_for_time:
                self._wait_for_time -= 1
                await asyncio.sleep(1)
        keepalive_s = self._keepalive_s()
        await self._client.open(address, keepalive_s)
        self._hearing.begin(keepalive_s)

    async def _introduce(self):
        """What every connection begins with: before anything else is sent."""
        async with self._sending:
            self.connected = True
            self.connects += 1
            for topic, pieces in self._retained():
                body = await counted(pieces)
                self._published += await self._acceptance.publish(topic, body, True)
            self._published += await self._in_flight.send(self._acceptance.publish)
            self._subscriptions.ask(self._client.subscribe)

    async def _send(self, topic, body, retained):
        """Whether the message is on its way; else it is dropped."""
        sent = await self._guarded(self._acceptance.publish(topic, body, retained))
        if sent is None:
            self._dropped += 1
            return False
        self._published += sent
        return True

    async def _guarded(self, sending):
        """What `sending` gives; None where it fails, and the connection is given up."""
        try:
            return await sending
        except OSError:
            self._give_up("uplink.lost", _LOST, CLOSED)
        except MemoryError:
            self._give_up("uplink.memory", _NO_MEMORY)
        except UplinkError as error:
            self._give_up(error.name, str(error))
        except BaseException:
            self._give_up("uplink.lost", _LOST)  # the next packet would be the rest of this one
            raise
        return None

    def _close(self):
        """Give the socket back; who waits on it gets an OSError."""
        self._given_up = True
        self.connected = False
        self._link.close()
        self._pings.end()
