"""One gateway of the fleet as the broker sees it: connects, publishes at its rates, delivers its
history, and comes back by itself.

Owns the connection's state and what is not acknowledged. Written from docs/cloud.md and
docs/history.md alone.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections import deque
from dataclasses import dataclass, field

from gateway_host.fleet import rates, records, wire

_IN_FLIGHT = 8
_FULL = 1 << 17  # bytes that wait to be written: what comes then is left out
_CONNECT_S = 10.0
_SUBSCRIBE_S = 10  # then it is tried again, as where it was refused
_PADDING = {name: b"{" + b" " * (size - 2) + b"}" for name, size in rates.BYTES.items()}
_RETAINED = ("config", "channelConfigV2", "channelConfig", "sensorConfig", "homeControlConfig")
_CONFIG = b"{" + b" " * (rates.RETAINED_BYTES // len(_RETAINED) - 2) + b"}"


@dataclass
class Tally:
    """What all members together have done."""

    messages: int = 0
    sent_bytes: int = 0
    left_out: int = 0
    connected: int = 0
    attempts: int = 0
    connects: list[float] = field(default_factory=list)  # when, by the loop's clock


@dataclass(frozen=True)
class Place:
    """Where the broker is, and how members behave. ports: one of each node of a cluster, as a
    load balancer hands them out; hurry: the history's minutes last 60 / hurry seconds."""

    host: str
    ports: tuple[int, ...]
    profile: rates.Profile
    tls: ssl.SSLContext | None = None
    hurry: float = 1.0


class Member(asyncio.Protocol):
    """A gateway. `made` counts its records; no more are made when `measuring` is False."""

    def __init__(self, number: int, place: Place, tally: Tally):
        self.number = number
        self.made = 0
        self.measuring = True
        self._place = place
        self._tally = tally
        self._random = random.Random(number)
        self._prefix = f"servicelocation/{records.uuid(number)}/"
        self._backlog: deque[int] = deque()
        self._in_flight: dict[int, list[int]] = {}
        self._identifier = 0
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._accepted = self._subscribed = False
        self._since = 0.0
        self._failures = 0
        self._not_kept = 0
        self._seconds = self._random.randrange(3600)
        self._minute_at = 0.0
        self._tick: asyncio.TimerHandle | None = None
        self._comes_back: asyncio.TimerHandle | None = None
        self._on = False

    def switch_on(self, records_meanwhile: int = 0) -> None:
        """Power is there; so many records lie in the journal in addition."""
        self._on = True
        loop = asyncio.get_running_loop()
        self._backlog.extend(range(self.made + 1, self.made + records_meanwhile + 1))
        self.made += records_meanwhile
        minute = rates.MINUTE_S / self._place.hurry
        self._minute_at = loop.time() + self._random.random() * minute
        self._tick = loop.call_later(self._random.random(), self._every_second)
        self._comes_back = loop.call_later(self._random.random(), self._connect)

    def switch_off(self) -> None:
        """Power is gone: nothing is said to anybody."""
        self._on = False
        for handle in (self._tick, self._comes_back):
            if handle:
                handle.cancel()
        if self._transport:
            self._transport.abort()
        self._lost()
        self._failures = self._not_kept = 0

    def _connect(self) -> None:
        self._comes_back = None
        asyncio.get_running_loop().create_task(self._try())

    async def _try(self) -> None:
        self._tally.attempts += 1
        loop = asyncio.get_running_loop()
        place = self._place
        port = place.ports[(self.number + self._failures) % len(place.ports)]
        try:
            await asyncio.wait_for(
                loop.create_connection(lambda: self, place.host, port, ssl=place.tls),
                _CONNECT_S,
            )
        except (OSError, TimeoutError, ssl.SSLError):
            self._failures += 1
            self._come_back(rates.PAUSES_S, self._failures)

    def _come_back(self, pauses: tuple[int, ...], failures: int) -> None:
        if self._on and self._comes_back is None:
            longest = pauses[min(failures, len(pauses)) - 1]
            self._comes_back = asyncio.get_running_loop().call_later(
                longest * self._random.random(), self._connect
            )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._on:
            transport.abort()
            return
        self._transport = transport
        self._buffer.clear()
        will = self._prefix + "presence"
        keep = self._place.profile.keep_alive_s
        transport.write(wire.connect(records.device(self.number), keep, will))

    def connection_lost(self, _error: Exception | None) -> None:
        if self._transport is None:
            return
        lasted = self._accepted and asyncio.get_running_loop().time() - self._since
        self._lost()
        self._not_kept = 1 if lasted and lasted >= rates.LASTED_S else self._not_kept + 1
        self._come_back(rates.NOT_KEPT_PAUSES_S, self._not_kept)

    def _lost(self) -> None:
        self._transport = None
        if self._accepted:
            self._accepted = False
            self._tally.connected -= 1
        waiting = sorted(one for message in self._in_flight.values() for one in message)
        self._in_flight.clear()
        self._backlog.extendleft(reversed(waiting))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        for kind, flags, body in wire.packets(self._buffer):
            if kind == wire.PUBACK:
                self._in_flight.pop(int.from_bytes(body[:2], "big"), None)
                self._deliver()
            elif kind == wire.CONNACK and body[1] == 0:
                self._begin()
            elif kind == wire.SUBACK:
                self._subscribed = body[2] != wire.REFUSED
            elif kind == wire.PUBLISH:
                self._obey(flags, body)

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._accepted, self._since = True, loop.time()
        self._failures = 0
        self._tally.connected += 1
        self._tally.connects.append(loop.time())
        self._subscribe()
        for name in _RETAINED:
            self._send(name, _CONFIG, retained=True)
        self._send("presence", b'{"value": true}', retained=True)
        self._send("layout", records.layout(self.number), self._next(), retained=True)
        self._deliver()

    def _subscribe(self) -> None:
        self._subscribed = False
        self._transport.write(wire.subscribe(self._next(), self._prefix + "gateway/set"))

    def _obey(self, flags: int, body: bytes) -> None:
        identifier, payload = wire.published(flags, body)
        if identifier:
            self._transport.write(wire.puback(identifier))
        wanted = json.loads(payload).get("history")
        if wanted:
            known = set(self._backlog).union(*self._in_flight.values())
            asked = range(wanted["from"], min(wanted["to"], self.made) + 1)
            self._backlog.extend(one for one in asked if one not in known)
            self._deliver()

    def _next(self) -> int:
        self._identifier = self._identifier % 65535 + 1
        return self._identifier

    def _send(
        self, name: str, payload: bytes, identifier: int = 0, retained: bool = False
    ) -> None:
        head = wire.publish_head(self._prefix + name, len(payload), identifier, retained)
        self._transport.write(head + payload)
        self._tally.messages += 1
        self._tally.sent_bytes += len(head) + len(payload)

    def _every_second(self) -> None:
        loop = asyncio.get_running_loop()
        self._tick = loop.call_later(1.0, self._every_second)
        self._seconds += 1
        if self.measuring and loop.time() >= self._minute_at:
            self._minute_at += rates.MINUTE_S / self._place.hurry
            self._minute()
        if not self._accepted:
            return
        profile = self._place.profile
        if self._transport.get_write_buffer_size() > _FULL:
            self._tally.left_out += 1
            return
        for name, every in profile.every_s.items():
            if self._seconds % every == 0:
                self._send(name, _PADDING[name])
        if not self._subscribed and self._seconds % _SUBSCRIBE_S == 0:
            self._subscribe()
        if self._seconds % (profile.keep_alive_s // 2) == 0:
            self._transport.write(wire.PINGREQ)
        self._deliver()

    def _minute(self) -> None:
        self.made += 1
        batch = self._place.profile.batch
        if self._accepted and batch == 1 and len(self._in_flight) < 2 * _IN_FLIGHT:
            self._record("minutes", [self.made])
        else:
            self._backlog.append(self.made)

    def _deliver(self) -> None:
        """What waits goes as history; on LTE what was measured meanwhile is `minutes`."""
        batch = self._place.profile.batch
        while self._backlog and self._accepted and len(self._in_flight) < _IN_FLIGHT:
            if self.measuring and len(self._backlog) < batch:
                return
            most = rates.HISTORY_RECORDS if batch == 1 else batch
            some = [self._backlog.popleft() for _ in range(min(most, len(self._backlog)))]
            self._record("history" if batch == 1 else "minutes", some)

    def _record(self, name: str, sequences: list[int]) -> None:
        identifier = self._next()
        self._in_flight[identifier] = sequences
        payload = records.message(self.number, sequences, name == "history")
        self._send(name, payload, identifier)
