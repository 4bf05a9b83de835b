"""A new certificate for the gateway in the emulated chip, by its command, as its cloud would give
it one. Owns a connection to the broker."""

from __future__ import annotations

import json
import time
from typing import Any

import paho.mqtt.client as paho

from gateway_host.certificates import Certificates

_LASTS_S = 600
_QOS = 1


class Renewal:
    """`answer`: what the gateway has answered, None before. port: the broker's; prefix: of the
    gateway's topics; new: whose client certificate it is to take. Use it as a context manager."""

    def __init__(self, port: int, prefix: str, new: Certificates):
        self.answer: dict[str, Any] | None = None
        self._prefix = prefix
        self._new = new
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(prefix + "gateway/answer", _QOS)
        self._client.loop_start()

    def ask(self) -> None:
        """Send the command."""
        own = {"certificate": self._new.client_certificate, "key": self._new.client_key}
        command = {"id": "chip", "expires": int(time.time()) + _LASTS_S, "renew": own}
        self._client.publish(self._prefix + "gateway/set", json.dumps(command), _QOS)

    def _take(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.answer = json.loads(message.payload)

    def __enter__(self) -> Renewal:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
