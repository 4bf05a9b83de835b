"""Commands to the gateway in the emulated chip, as its cloud would give them, and what it says of
itself. Owns a connection to the broker."""

from __future__ import annotations

import json
import time
from typing import Any

import paho.mqtt.client as paho

_LASTS_S = 600
_QOS = 1


class Commander:
    """`answers`: by the command's id; `state`: the last message `gateway`, {} before. port: the
    broker's; prefix: of the gateway's topics. Use it as a context manager."""

    def __init__(self, port: int, prefix: str):
        self.answers: dict[str, dict[str, Any]] = {}
        self.state: dict[str, Any] = {}
        self._asked = 0
        self._prefix = prefix
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.on_message = self._take
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([(prefix + "gateway/answer", _QOS), (prefix + "gateway", _QOS)])
        self._client.loop_start()

    def ask(self, name: str, value: object) -> str:
        """Give the command of that name; its id."""
        self._asked += 1
        one = f"{name}-{self._asked}"
        command = {"id": one, "expires": int(time.time()) + _LASTS_S, name: value}
        self._client.publish(self._prefix + "gateway/set", json.dumps(command), _QOS)
        return one

    def _take(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        value = json.loads(message.payload)
        if message.topic.endswith("/answer"):
            self.answers[value["id"]] = value
        else:
            self.state = value

    def __enter__(self) -> Commander:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
