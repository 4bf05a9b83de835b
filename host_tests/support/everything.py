"""All that passes a broker, as it is: who looks at more than one gateway's own topics."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from gateway_host.broker import HOST
from paho.mqtt import client as mqtt
from running_gateway import PATIENCE_S


class Everything:
    """`all`: [(topic, text, retained)] in their order; `qos`: {topic: of its messages}."""

    def __init__(self, port: int):
        self.all: list[tuple[str, str, bool]] = []
        self.qos: dict[str, set[int]] = {}
        self._last: dict[str, str] = {}
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        self._client.connect(HOST, port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def _take(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        text = message.payload.decode()
        with self._changed:
            self.all.append((message.topic, text, bool(message.retain)))
            self.qos.setdefault(message.topic, set()).add(message.qos)
            self._last[message.topic] = text
            self._changed.notify_all()

    def publish(self, topic: str, text: str) -> None:
        """As any client of the broker."""
        self._client.publish(topic, text, qos=1)

    def forget(self, topic: str) -> None:
        """The last message of this topic."""
        with self._changed:
            del self._last[topic]

    def until(self, condition: Callable[[dict[str, str]], Any], what: str) -> dict[str, str]:
        """The last message of each topic, once `condition` holds of them."""
        end = time.monotonic() + PATIENCE_S
        with self._changed:
            while not condition(self._last):
                left = end - time.monotonic()
                if left <= 0:
                    pytest.fail(f"waited in vain for {what}; seen: {sorted(self._last)}")
                self._changed.wait(left)
            return dict(self._last)

    def __enter__(self) -> Everything:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
