"""docs/asyncapi.yaml and the schemas hold for every message of gateways that run: of 28 points
with modules, of a Power Box, of a site of which next to nothing is known."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import test_topics
import yaml
from contract import CHANNELS, DOCUMENT, channel_of, wrong
from everything import Everything
from gateway_host.broker import Broker
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import succeed
from jsonschema import Draft7Validator
from running_gateway import mqtt_at

SCHEMAS = ROOT / "docs" / "schemas"
ASYNCAPI = ROOT / "build" / "asyncapi" / "3.0.0.json"
OWN = ("site", "totals", "quality", "harmonics", "gateway", "bBus", "event", "minutes", "history",
       "layout", "presence", "gatewaySet", "gatewayAnswer", "plugSetstate",
       "homeAssistantDevice")  # fmt: skip
# Of these houses what must have been seen, beside what every gateway sends.
HOUSES = {
    DEFAULT_HOUSE: {
        "plugState",
        "plugConnectionState",
        "event",
        "bBus",
        "harmonics",
        "aggregated",
        "minutes",
        "layout",
    },
    DEFAULT_HOUSE.with_name("power_box.toml"): {"bBus"},
    DEFAULT_HOUSE.with_name("single_phase.toml"): {"harmonics"},
}
EVERYWHERE = {"presence", "config", "channelConfigV2", "channelConfig", "sensorConfig",
              "homeControlConfig", "realtime", "site", "totals", "quality", "gateway",
              "homeAssistantDevice"}  # fmt: skip


def test_the_document_is_asyncapi():
    if not ASYNCAPI.exists():
        pytest.skip("no schema of AsyncAPI: `make setup` brings it from the npm registry")
    schema = json.loads(ASYNCAPI.read_text())
    errors = Draft7Validator(schema).iter_errors(yaml.safe_load(DOCUMENT.read_text()))
    assert not [f"{error.json_path}: {error.message[:300]}" for error in errors]


def test_every_schema_is_one_of_a_channel():
    names = {path.name for path in SCHEMAS.glob("*.json")}
    assert {name for name in names if not name.endswith(".schema.json")} == {
        channel.schema for channel in CHANNELS if channel.schema
    }


def test_ours_hold_nothing_else():
    """Additional properties are refused, however deep."""
    for channel in CHANNELS:
        if channel.name in OWN:
            assert not list(_open(channel.payload.schema, channel.name))


def _open(schema: Any, where: str) -> Any:
    if isinstance(schema, dict):
        if (
            schema.get("type") == "object"
            and "properties" in schema
            and schema.get("additionalProperties") is not False
        ):
            yield where
        for name, part in schema.items():
            yield from _open(part, f"{where}.{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from _open(part, where)


def test_a_topic_that_is_not_there_is_none():
    with pytest.raises(AssertionError):
        channel_of("servicelocation/5/sites")
    assert wrong("servicelocation/5/presence", '{"value": true, "since": 5}')
    assert wrong("servicelocation/5/presence", '{"value": null}')
    assert not wrong("servicelocation/5/presence", '{"value": false}')


@pytest.mark.parametrize("house", HOUSES, ids=[path.stem for path in HOUSES])
def test_messages_of_a_run(house):
    place = load_house(house)
    with Broker() as broker, Everything(broker.port) as everything:
        mqtt = mqtt_at(broker.port)
        epoch = int(time.time()) // 300 * 300 + 280  # an interval and a minute end soon
        options: dict[str, Any] = {"mqtt": mqtt, "heap": "2M", "epoch": epoch}
        with Session(Installation(place), place.site_json(), **options) as session:
            wanted = EVERYWHERE | HOUSES[house]
            prefix = f"servicelocation/{place.site_json()['uuid']}/"
            everything.until(
                lambda last: wanted <= {channel_of(topic).name for topic in last}, str(wanted)
            )
            everything.publish("homeassistant/status", "online")
            for command in ('{"id": "5", "expires": 1, "scan": true}', "[]", '{"scan": true}'):
                everything.publish(f"{prefix}gateway/set", command)
            everything.until(lambda last: f"{prefix}gateway/answer" in last, "an answer")
            with Everything(broker.port) as late:
                kept = late.until(
                    lambda last: (
                        {one.name for one in map(channel_of, last)}
                        >= {one.name for one in CHANNELS if one.retained and one.name in wanted}
                    ),
                    "what is retained",
                )
                assert kept
                for topic, _, retained in late.all:
                    assert channel_of(topic).retained or not retained, topic
            session.check()
        for topic, qos in everything.qos.items():
            assert qos == {channel_of(topic).qos} or not channel_of(topic).sends, topic
        found = [line for topic, text, _ in everything.all for line in wrong(topic, text)]
    assert [line for line in found if "/gateway/set: " not in line] == [], found[:10]


def test_messages_of_which_nothing_is_known(bits):
    site = test_topics.site_of(test_topics.POINTS, test_topics.ROLES)
    readings: list[Any] = [test_topics.NOTHING] * len(test_topics.POINTS)
    change = {"voltages": [None] * 3, "microhertz": 0}
    texts = test_topics.payloads(bits, site, readings, "publish_unknown", **change)
    names = ("realtime", "site", "channelConfigV2", "quality", "totals", "aggregated")
    for topic, text in zip(names, texts, strict=True):
        assert not wrong(f"servicelocation/5/{topic}", text.decode())


def test_messages_of_an_interval(bits):
    """`totals` with a highest demand, and `aggregated`."""
    site = test_topics.site_of(test_topics.POINTS, test_topics.ROLES)
    interval = list(range(0, 240000, 10000))
    *_, totals, aggregated = test_topics.payloads(
        bits, site, list(test_topics.READINGS), "publish_interval", interval=interval
    )
    assert not wrong("servicelocation/5/totals", totals.decode())
    assert not wrong("servicelocation/5/aggregated", aggregated.decode())


SERIAL = "5500000190"
VALUES = [None, True, False, 0, 1, -1, 30.5, 600, 601, 86400, 86401, "", "A", "E", "ON", "Boiler",
          SERIAL, SERIAL[1:], [], {}]  # fmt: skip
RIGHT: dict[str, Any] = {
    "scan": True, "commission": True, "live": {"seconds": 60}, "retry": {"seconds": 60},
    "history": {"from": 1, "to": 5}, "switch": {"output": "Boiler", "on": True},
    "identify": {"serial": SERIAL, "input": "C", "seconds": 5}, "get": {"what": "site"},
    "configure": {"site": {"version": 1}, "site_before": True, "settings": {"publish": {}}},
    "renew": dict.fromkeys(("ca", "certificate", "key", "name", "user", "password"), "x"),
    "update": {"url": "http://a/b"}, "reapply": True, "restart": True, "log": {"level": "all"},
    "free": {"site": "x", "gateway": SERIAL, "losing": True},
}  # fmt: skip


def variations(right: Any) -> list[Any]:
    """A command's fields, and what is wrong with them or may be."""
    if not isinstance(right, dict):
        return VALUES
    found = [right, {**right, "more": 1}, *VALUES]
    for name in right:
        found += [{**right, name: value} for value in VALUES]
        found.append({key: value for key, value in right.items() if key != name})
    return found


def test_commands_are_those_that_the_firmware_takes(bits):
    """Of each command and of each wrong one the schema says what the firmware says."""
    given = [[name, fields] for name, right in RIGHT.items() for fields in variations(right)]
    names, *said = succeed("check_commands", given=given, bits=bits).splitlines()
    schema = next(one for one in CHANNELS if one.name == "gatewaySet").payload.schema
    known = set(schema["properties"]) - {"id", "expires"}
    assert set(json.loads(names)) == known == set(RIGHT), "docs/schemas/gateway-set.json"
    for (name, fields), accepted in zip(given, said, strict=True):
        text = json.dumps({"id": "5", "expires": 1764000000, name: fields})
        found = wrong("servicelocation/5/gateway/set", text)
        assert (not found) == (accepted == "True"), text


ENVELOPES = [
    ({"scan": True}, True), ({"scan": True, "live": {"seconds": 0}}, True), ({}, False),
    ({"id": "5", "expires": 5, "scan": True}, True), ({"id": "5", "scan": True}, False),
    ({"id": "5", "expires": 5, "scan": True, "live": {"seconds": 0}}, False),
    ({"id": "", "expires": 5, "scan": True}, False), ({"reboot": True}, False),
    ({"switch": {"output": "Boiler", "on": True}}, False),
]  # fmt: skip


@pytest.mark.parametrize("command, right", ENVELOPES)
def test_an_id_goes_with_one_command(command, right):
    assert bool(wrong("servicelocation/5/gateway/set", json.dumps(command))) != right


ANSWERS = [
    ({"id": "5", "time": 1764000001, "ok": True}, True),
    ({"id": None, "time": None, "ok": False, "error": "malformed", "text": "not JSON"}, True),
    ({"id": "5", "time": 1764000001, "ok": False}, False),
    ({"id": "5", "time": 1764000001, "ok": True, "error": "late", "text": "x"}, False),
]


@pytest.mark.parametrize("answer, right", ANSWERS)
def test_answers(answer, right):
    assert bool(wrong("servicelocation/5/gateway/answer", json.dumps(answer))) != right


def test_the_examples_of_the_documentation():
    """docs/cloud.md and docs/history.md: each example of a message that is whole."""
    found = set()
    for file in ("cloud.md", "history.md"):
        text = (DOCUMENT.parent / file).read_text()
        for heading, example in _examples(text):
            title = {"Messages": "minutes", "The layout": "layout"}.get(heading, heading)
            title = "history" if '"lost"' in example else title
            if title in {channel.name for channel in CHANNELS} and "..." not in example:
                found.add(title)
                assert not wrong(f"servicelocation/5/{title}", example), title
    assert {"minutes", "history", "totals"} <= found


def _examples(text: str) -> Any:
    """(the heading before it, an indented block)."""
    title, block = "", ""
    for line in [*text.splitlines(), ""]:
        if line.startswith("#"):
            title = line.strip("# ")
        if line.startswith("    ") or block and not line.strip():
            block += line + "\n"
            continue
        if block.strip().startswith("{"):
            yield title, block
        block = ""
