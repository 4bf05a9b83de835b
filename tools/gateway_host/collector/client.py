"""The collector's connection to the broker: nothing is acknowledged before it is on the disk.

Owns the MQTT client. Its session is one that the broker keeps, so what comes while the collector
is away waits there. Everything runs in one thread: messages that came over a connection are kept
and acknowledged on the same connection, or come again on the next.
"""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt

from gateway_host.errors import UserError

PREFIX = "servicelocation/+/"
_KEEP_ALIVE_S = 30
_CONNECT_S = 10.0
_READY_S = 30.0  # until the broker has confirmed connection and subscription
_PAUSES_S = (1, 2, 4, 8, 16, 30)
_POLL_S = 0.25


@dataclass(frozen=True)
class Address:
    """Where the broker is, by host and port of each of its nodes, and who the collector is there.
    ca: the connection is over TLS."""

    nodes: tuple[tuple[str, int], ...]
    name: str = "collector"
    user: str | None = None
    password: str | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    share: str | None = None  # the group of a shared subscription


class Client:
    """A connection that is made anew by itself. `ready`: it is subscribed. `trouble`: why it is
    not, if a try has failed."""

    def __init__(self, address: Address):
        self.address = address
        self.trouble: str | None = None
        self.ready = False
        self._refusal: str | None = None  # of this connection
        self.connects = 0
        self._taken: list[mqtt.MQTTMessage] = []
        self.node = 0  # of address.nodes
        self._failures = 0
        self._next = self._ready_by = 0.0
        self._up = False
        client = self._client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            address.name,
            clean_session=False,
            manual_ack=True,
        )
        client.connect_timeout = _CONNECT_S
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = lambda _client, _data, message: self._taken.append(message)
        client.username_pw_set(address.user, address.password)
        if address.ca:
            self._set_tls(client, address)

    @staticmethod
    def _set_tls(client: mqtt.Client, address: Address) -> None:
        try:
            context = ssl.create_default_context(cafile=address.ca)
            if address.certificate:
                context.load_cert_chain(address.certificate, address.key)
        except (OSError, ssl.SSLError) as error:
            raise UserError(
                f"{address.certificate or address.ca}: cannot be used as a certificate: {error}"
            ) from None
        client.tls_set_context(context)

    def receive(self, most: int) -> list[mqtt.MQTTMessage]:
        """What has come, up to `most` messages or so; waits a moment where nothing has."""
        if not self._up and not self._connect():
            return []
        self._taken = []  # of a lost connection: the broker sends it again
        self._loop(_POLL_S)
        if self._up and not self.ready and (self._refusal or time.monotonic() > self._ready_by):
            self._client.disconnect()
            self._lost(self._refusal or "does not confirm the connection and the subscription")
        while self._up and 0 < len(self._taken) < most:
            before = len(self._taken)
            self._loop(0)
            if len(self._taken) == before:
                break
        return self._taken if self._up else []

    def acknowledge(self, messages: list[mqtt.MQTTMessage]) -> None:
        """These are on the disk."""
        for message in messages:
            if message.qos:
                self._client.ack(message.mid, message.qos)

    def give_back(self) -> None:
        """What came is not kept: the connection is made anew later, and the broker sends it
        again."""
        self._client.disconnect()
        self._client.loop(0.1)
        self._lost("is left alone until the history can be written")

    def ask(self, uuid: str, first: int, last: int) -> None:
        """Asks a gateway for these sequences again (docs/history.md)."""
        command = {"history": {"from": first, "to": last}}
        self._client.publish(f"servicelocation/{uuid}/gateway/set", json.dumps(command), qos=1)

    def stop(self) -> None:
        """Disconnects; the session stays."""
        if self._up:
            self._client.disconnect()
            self._client.loop(0.1)
            self._up = False

    def _connect(self) -> bool:
        left = self._next - time.monotonic()
        if left > 0:
            time.sleep(min(left, _POLL_S))
            return False
        try:
            self._client.connect(*self.address.nodes[self.node], _KEEP_ALIVE_S)
        except (OSError, ValueError) as error:  # ValueError: a name that cannot be one
            self._lost(f"does not answer: {error}")
            return False
        self._up, self._refusal = True, None
        self._ready_by = time.monotonic() + _READY_S
        return True

    def _loop(self, seconds: float) -> None:
        if self._client.loop(seconds) != mqtt.MQTT_ERR_SUCCESS and self._up:
            self._lost(self._refusal or "has closed the connection")

    def _lost(self, why: str) -> None:
        self.trouble, self._up, self.ready = why, False, False
        pause = _PAUSES_S[min(self._failures, len(_PAUSES_S) - 1)]
        self._failures += 1
        self.node = (self.node + 1) % len(self.address.nodes)
        self._next = time.monotonic() + pause

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any
    ) -> None:
        if reason.is_failure:
            self._refusal = f"refuses the connection: {reason}"
            return
        self.connects += 1
        shared = f"$share/{self.address.share}/" if self.address.share else ""
        topics = [shared + PREFIX + kind for kind in ("minutes", "history")]
        # A broker hands no retained message to a shared subscription: each has the layouts.
        client.subscribe([(topic, 1) for topic in (*topics, PREFIX + "layout")])

    def _on_subscribe(
        self, _client: Any, _data: Any, _mid: int, reasons: list[Any], _properties: Any
    ) -> None:
        refused = any(reason.is_failure for reason in reasons)
        if refused:
            self._refusal = "refuses the subscription: see its access rules"
            return
        self.ready, self.trouble, self._failures = True, None, 0
