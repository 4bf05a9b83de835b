"""A gateway that is given commands by paho, and what it answers."""

from __future__ import annotations

import json
import time
from typing import Any

from gateway_host.sim.installation import Installation
from paho.mqtt import publish
from running_gateway import Listener


def in_(seconds: int) -> int:
    return int(time.time()) + seconds


class Running:
    """A gateway of the default house and a way to give it commands."""

    def __init__(
        self, installation: Installation, plan: dict[str, Any], listener: Listener, port: int
    ):
        self.installation = installation
        self._uuid = plan["uuid"]
        self.listener = listener
        self.port = port

    def ask(self, id: str, **command: Any) -> dict[str, Any]:
        """The answer to a command with this id."""
        return self.give({"id": id, "expires": in_(600)} | command)

    def give(self, command: dict[str, Any]) -> dict[str, Any]:
        """The next answer to it."""

        def of(items: list[Any]) -> list[Any]:
            id = command["id"]
            return [m.value for m in items if m.topic == "gateway/answer" and m.value["id"] == id]

        before = len(of(self.listener.messages.all()))
        self.command(json.dumps(command))
        return self.listener.messages.until(lambda items: of(items)[before:], "an answer")[0]

    def command(self, payload: str) -> None:
        topic = f"servicelocation/{self._uuid}/gateway/set"
        publish.single(topic, payload, qos=1, port=self.port)

    def refusal(self, payload: str) -> str:
        """What the gateway says of a command that it does not carry out."""

        def count(state: dict) -> int:
            return state["errors"].get("order.refused", 0)

        before = count(self.listener.wait("gateway")[-1])
        before = max([before, *(count(state) for state in self.listener.of("gateway"))])
        self.command(payload)
        return self.listener.messages.until(
            lambda items: next(
                (
                    m.value["orderRefused"]
                    for m in items
                    if m.topic == "gateway" and count(m.value) == before + 1
                ),
                None,
            ),
            f"a refusal of {payload}",
        )
