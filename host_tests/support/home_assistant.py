"""Home Assistant's side of MQTT discovery, as its documentation has it (Integrations, MQTT, "MQTT
Discovery", "Sensor device class", "State class"): what a device payload becomes, and what a
template makes of a message."""

from __future__ import annotations

import json
from typing import Any

from jinja2.sandbox import ImmutableSandboxedEnvironment

SHORT = {
    "dev": "device", "o": "origin", "cmps": "components", "avty": "availability",
    "avty_mode": "availability_mode", "stat_t": "state_topic", "p": "platform",
    "uniq_id": "unique_id", "dev_cla": "device_class", "stat_cla": "state_class",
    "unit_of_meas": "unit_of_measurement", "val_tpl": "value_template", "ent_cat":
    "entity_category", "en": "enabled_by_default", "json_attr_t": "json_attributes_topic",
    "json_attr_tpl": "json_attributes_template", "cmd_t": "command_topic", "pl_on": "payload_on",
    "pl_off": "payload_off", "stat_on": "state_on", "stat_off": "state_off", "t": "topic",
    "pl_avail": "payload_available", "pl_not_avail": "payload_not_available",
}  # fmt: skip
SHORT_OF_DEVICE = {"ids": "identifiers", "mf": "manufacturer", "mdl": "model",
                   "sn": "serial_number", "sw": "sw_version"}  # fmt: skip
SHARED = ("availability", "availability_mode", "state_topic", "command_topic")
# The options of each platform that are used here.
COMMON = {"name", "unique_id", "device", "origin", "availability", "availability_mode",
          "entity_category", "enabled_by_default", "json_attributes_topic",
          "json_attributes_template", "device_class", "state_topic", "value_template"}  # fmt: skip
PLATFORMS = {
    "sensor": COMMON | {"state_class", "unit_of_measurement"},
    "binary_sensor": COMMON,
    "switch": COMMON
    | {"command_topic", "payload_on", "payload_off", "state_on", "state_off"},
}  # fmt: skip
# Of a device class its units and its state classes.
ENERGY, MEASURED = {"total", "total_increasing"}, {"measurement"}
CLASSES: dict[str | None, tuple[set[str | None], set[str | None]]] = {
    None: ({None}, {None, "total_increasing"}),
    "power": ({"W"}, MEASURED), "reactive_power": ({"var"}, MEASURED),
    "power_factor": ({None, "%"}, MEASURED), "current": ({"A"}, MEASURED),
    "voltage": ({"V"}, MEASURED), "frequency": ({"Hz"}, MEASURED),
    "energy": ({"Wh", "kWh"}, ENERGY), "water": ({"L", "m³"}, ENERGY), "gas": ({"m³"}, ENERGY),
    "signal_strength": ({"dBm"}, MEASURED), "duration": ({"s"}, MEASURED),
}  # fmt: skip
BINARY = {None, "problem", "connectivity"}


def long_names(table: Any, short: dict[str, str] = SHORT) -> Any:
    """Abbreviations written out."""
    return {short.get(name, name): value for name, value in table.items()}


def components(payload: str) -> dict[str, dict[str, Any]]:
    """{key: its options} of a device payload, with what they share; checked. What is removed has
    `platform` alone."""
    root = long_names(json.loads(payload))
    assert set(root) <= {"device", "origin", "components", *SHARED}
    device = long_names(root["device"], SHORT_OF_DEVICE)
    assert device["identifiers"] and root["origin"]["name"]
    found, names = {}, set()
    for key, short in root["components"].items():
        assert " " not in key
        table = long_names(short)
        if len(table) > 1:
            for name in SHARED:
                if name in root:
                    table.setdefault(name, root[name])
            _check(table)
            assert table["unique_id"] not in names
            names.add(table["unique_id"])
            table["availability"] = [long_names(one) for one in table["availability"]]
        found[key] = table
    return found


def _check(table: dict[str, Any]) -> None:
    if table["platform"] != "switch":
        table.pop("command_topic", None)
    assert set(table) - {"platform"} <= PLATFORMS[table["platform"]], table
    kind = table.get("device_class")
    if table["platform"] == "sensor":
        units, uses = CLASSES[kind]
        assert table.get("unit_of_measurement") in units, table
        assert table.get("state_class") in uses, table
    else:
        assert kind in BINARY, table
    assert table["unique_id"] and table["name"] and table["state_topic"]


_environment = ImmutableSandboxedEnvironment()


def value(template: str, payload: str, state: str = "unknown") -> str:
    """What a value template makes of a message; state: what the entity shows now."""
    text = _environment.from_string(template)
    return text.render(value=payload, value_json=json.loads(payload), this={"state": state})


def available(table: dict[str, Any], last: dict[str, str]) -> bool:
    """Whether an entity is; last: the last message of each topic."""
    said = []
    for one in table["availability"]:
        payload = last.get(one["topic"])
        shown = payload and value(one["value_template"], payload)
        said.append(shown == one["payload_available"])
        assert not payload or shown in (one["payload_available"], one["payload_not_available"])
    return all(said)
