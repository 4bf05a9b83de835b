"""A living gateway seen from outside: what it publishes (paho), what its probe prints, the samples
that were on the wire."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gateway_host import interpreter
from gateway_host.broker import HOST
from gateway_host.errors import UserError
from gateway_host.session import Session
from gateway_host.sim.catalogue import VOLT_PER_COUNT, ampere_per_count
from paho.mqtt import client as mqtt

PATIENCE_S = 120.0  # needed only where something never comes
PROBE = Path(__file__).parents[1] / "device" / "probe.py"


def need(bits: int) -> None:
    """Skips, with the remedy, where there is no interpreter of that word size."""
    try:
        found = interpreter.bits_of(interpreter.find(bits))
    except UserError as error:
        pytest.skip(str(error))
    if found != bits:
        pytest.skip(f"no {bits}-bit interpreter: `make doctor` says why and the remedy")


def free_port() -> int:
    """A port of this machine on which nobody listens, and which no connection gets meanwhile
    (Linux gives those 32768 and above)."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, random.randrange(20000, 32768)))
            return probe.getsockname()[1]


def mqtt_at(port: int, host: str = HOST, user: Any = None, password: Any = None) -> dict[str, Any]:
    """settings.json's `mqtt`."""
    table = {"host": host, "port": port, "user": user, "password": password}
    return table | {"home_broker": True}


class Unannounced(Session):
    """A gateway that is not announced to Home Assistant: pysmappee takes any topic that ends with
    /config for the gateway's own (docs/home-assistant.md), and 34 kB make other messages wait."""

    def _write(self, name: str, content: Any) -> None:
        if name == "settings.json":
            content |= {"home_assistant": False}
        super()._write(name, content)


class Waiting:
    """A growing list of which others wait for the next item."""

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._changed = threading.Condition()

    def add(self, item: Any) -> None:
        with self._changed:
            self._items.append(item)
            self._changed.notify_all()

    def all(self) -> list[Any]:
        with self._changed:
            return list(self._items)

    def until(self, condition: Callable[[list[Any]], Any], what: str) -> Any:
        """What `condition` gives of all items, as soon as it is true; fails after PATIENCE_S."""
        end = time.monotonic() + PATIENCE_S
        with self._changed:
            while not (found := condition(self._items)):
                left = end - time.monotonic()
                if left <= 0:
                    pytest.fail(f"waited in vain for {what}; last seen: {self._items[-1:]}")
                self._changed.wait(left)
            return found


@dataclass(frozen=True)
class Message:
    """One message; `topic` without the prefix, `value` what its JSON says; None of an order,
    which may be none."""

    topic: str
    value: Any
    retained: bool
    size: int


class Listener:
    """A paho client that keeps everything below the site's prefix; it connects again by itself."""

    def __init__(self, plan: dict[str, Any], port: int):
        self.messages = Waiting()
        self._prefix = f"servicelocation/{plan['uuid']}/"
        self._subscribed = threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe(self._prefix + "#", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        self._client.connect(HOST, port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def _take(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        assert message.topic.startswith(self._prefix)
        topic = message.topic[len(self._prefix) :]
        self.messages.add(
            Message(
                topic,
                None if topic.endswith("/set") else json.loads(message.payload),
                bool(message.retain),
                len(message.payload),
            )
        )

    def of(self, topic: str) -> list[Any]:
        """The values of one topic, oldest first."""
        return [message.value for message in self.messages.all() if message.topic == topic]

    def wait(self, topic: str, count: int = 1) -> list[Any]:
        """The first values of a topic, once there are `count`."""

        def enough(items: list[Message]) -> list[Any] | None:
            values = [message.value for message in items if message.topic == topic]
            return values if len(values) >= count else None

        return self.messages.until(enough, f"{count} x {topic}")

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Probe(Waiting):
    """What the probe (device/probe.py) prints ten times a second; `rest` is what else is
    printed."""

    def __init__(self, session: Session):
        super().__init__()
        self.rest = ""
        self._session = session
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._session.output:
            if line.startswith("{"):
                self.add(json.loads(line))
            else:
                self.rest += line

    def error(self, name: str) -> dict[str, Any]:
        """The first state in which this error was counted."""
        return self.until(
            lambda states: next((s for s in states if s["errors"].get(name)), None), name
        )


class Samples:
    """The samples that were on the wire; `tap` is for Installation."""

    def __init__(self, plan: dict[str, Any]):
        self._blocks: list[np.ndarray] = []
        self._scale = [VOLT_PER_COUNT] * 3 + [
            ampere_per_count(point["ct"]) * (-1 if point.get("reversed") else 1)
            for point in plan["points"]
        ]
        self.phases = [int(point["phase"][1]) - 1 for point in plan["points"]]

    def tap(self, _first: int, samples: np.ndarray) -> None:
        self._blocks.append(samples)

    def in_si(self) -> tuple[np.ndarray, np.ndarray]:
        """(volts [3, n], amperes [points, n]), reversed CTs turned back."""
        scaled = np.concatenate(self._blocks, axis=1) * np.array(self._scale)[:, None]
        return scaled[:3], scaled[3:]


def place(
    counts: list[int], powers: np.ndarray, volts: np.ndarray, amperes: np.ndarray
) -> np.ndarray:
    """Where reports that follow each other without a gap lie: ends[k] to ends[k + 1] is report k.

    counts: samples of each; powers [report, k] of the first k points, on L1, L2, L3 in turn. They
    lie where the samples agree best.
    """
    watts = volts[np.arange(powers.shape[1]) % 3] * amperes[: powers.shape[1]]
    covered = np.concatenate([np.zeros((1, len(watts))), np.cumsum(watts, axis=1).T])
    ends = np.concatenate([[0], np.cumsum(counts)])
    starts = np.arange(watts.shape[1] - ends[-1])
    assert starts.size, "the samples end before the reports"
    means = np.diff(covered[starts[:, None] + ends], axis=1) / np.array(counts)[None, :, None]
    errors = np.abs(means - powers[None]).max(axis=(1, 2))
    return starts[int(errors.argmin())] + ends
