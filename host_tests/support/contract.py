"""docs/asyncapi.yaml: which topics there are, and what each message must be."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import yaml
from gateway_host.session import ROOT
from jsonschema import Draft7Validator

DOCUMENT = ROOT / "docs" / "asyncapi.yaml"


@dataclass(frozen=True)
class Channel:
    """`sends`: whether the gateway does; `retained`, `qos`: how."""

    name: str
    address: re.Pattern[str]
    payload: Draft7Validator
    schema: str  # its file's name, empty where there is none
    sends: bool
    retained: bool
    qos: int


def _channel(name: str, table: dict[str, Any], operation: dict[str, Any]) -> Channel:
    (message,) = table["messages"].values()
    payload, schema = message["payload"], ""
    if "$ref" in payload:
        file = (DOCUMENT.parent / payload["$ref"]).resolve()
        payload, schema = json.loads(file.read_text()), file.name
    Draft7Validator.check_schema(payload)
    mqtt = operation["bindings"]["mqtt"]
    # A parameter is one level of a topic, but for Home Assistant's prefix.
    address = re.sub(r"\\\{(\w+)\\\}", _level, re.escape(table["address"]))
    sends = operation["action"] == "send"
    return Channel(name, re.compile(address), Draft7Validator(payload), schema, sends, **_of(mqtt))


def _level(match: re.Match[str]) -> str:
    return ".+" if match[1] == "prefix" else "[^/]+"


def _of(mqtt: dict[str, Any]) -> dict[str, Any]:
    return {"retained": mqtt["retain"], "qos": mqtt["qos"]}


def channels() -> list[Channel]:
    """All of them."""
    document = yaml.safe_load(DOCUMENT.read_text())
    found = []
    for operation in document["operations"].values():
        name = operation["channel"]["$ref"].split("/")[-1]
        found.append(_channel(name, document["channels"][name], operation))
    assert {channel.name for channel in found} == document["channels"].keys()
    return found


CHANNELS = channels()


def channel_of(topic: str) -> Channel:
    """The only one of this topic."""
    found = [channel for channel in CHANNELS if channel.address.fullmatch(topic)]
    assert len(found) == 1, f"{topic}: {len(found)} channels in {DOCUMENT.name}"
    return found[0]


def wrong(topic: str, text: str) -> list[str]:
    """What is wrong with a message."""
    channel = channel_of(topic)
    if not text and channel.retained:
        return []  # takes it away
    try:
        value = json.loads(text) if channel.schema else text
    except ValueError:
        return [f"{topic}: not JSON"]
    return [
        f"{topic}: {error.json_path}: {error.message[:200]}"
        for error in channel.payload.iter_errors(value)
    ]
