"""Runs in the Python of a Home Assistant: takes a device payload as its MQTT integration does, and
gives what it makes of it. Standard input: `topic` and `payload` of the announcement, `messages`,
the last of each topic. Prints {key: [options, what its value template gives or None]}."""

import asyncio
import json
import sys
import tempfile

from homeassistant.components.mqtt import binary_sensor, sensor, switch
from homeassistant.components.mqtt.discovery import (
    TOPIC_MATCHER,
    MQTTDiscoveryPayload,
    _merge_common_device_options,
    _parse_device_payload,
)
from homeassistant.components.mqtt.models import MqttValueTemplate
from homeassistant.core import HomeAssistant
from homeassistant.helpers.template import Template

SCHEMAS = {
    "sensor": sensor.DISCOVERY_SCHEMA,
    "binary_sensor": binary_sensor.DISCOVERY_SCHEMA,
    "switch": switch.DISCOVERY_SCHEMA,
}


def plain(value: object) -> object:
    """What JSON can hold of a value."""
    if isinstance(value, Template):
        return value.template
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return getattr(value, "value", value)


async def main() -> None:
    task = json.load(sys.stdin)
    hass = HomeAssistant(tempfile.mkdtemp())
    match = TOPIC_MATCHER.fullmatch(task["topic"].split("/", 1)[1])
    assert match and match["component"] == "device", task["topic"]
    device = _parse_device_payload(hass, task["payload"], match["object_id"], match["node_id"])
    assert device, "refused: see above"
    found = {}
    for key, table in device["components"].items():
        platform = table.pop("platform")
        if not table:
            found[key] = [{"platform": platform}, None]
            continue
        config = MQTTDiscoveryPayload(table)
        config["device"], config["origin"] = device["device"], device["origin"]
        _merge_common_device_options(config, device)
        config = SCHEMAS[platform](dict(config))
        value = None
        if (message := task["messages"].get(config["state_topic"])) is not None:
            config["value_template"].hass = hass
            template = MqttValueTemplate(config["value_template"])
            this = {"this": {"state": "unknown"}}
            value = template.async_render_with_possible_json_value(message, variables=this)
        found[key] = [{"platform": platform, **plain(config)}, value]
    print(json.dumps(found))
    await hass.async_stop(force=True)


asyncio.run(main())
