"""Home Assistant: what is announced to it and taken back, and what it shows of what a gateway
publishes. The rules are those of its documentation; where Home Assistant itself is there, it must
see the same."""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from everything import Everything
from gateway_host.broker import Broker
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from home_assistant import available, components, value
from in_interpreter import succeed
from running_gateway import mqtt_at

PREFIX = "servicelocation/"


def plan() -> dict[str, Any]:
    return load_house(DEFAULT_HOUSE).site_json()


def connect(place: Path, site: dict[str, Any], bits: int = 32, **change: Any) -> list[list[str]]:
    """[topic, text] of what a gateway publishes on connecting; `place` keeps what it knows."""
    task = {
        "site": site,
        "home_assistant": None,
        "home_broker": True,
        "lte": False,
        "born": [],
    } | change
    printed = succeed("announce_home", given=task, bits=bits, heap="2M", cwd=place)
    return [json.loads(line) for line in printed.splitlines()]


def of(messages: list[list[str]]) -> dict[str, dict[str, Any]]:
    """The components of the only message."""
    ((_, text),) = messages
    return components(text)


def test_the_announcement(tmp_path, bits):
    site = plan()
    ((topic, text),) = connect(tmp_path, site, bits)
    assert topic == f"homeassistant/device/{site['uuid']}/config"
    assert len(text.encode()) < 35000
    found = components(text)
    energies = [one for one in found.values() if one.get("device_class") == "energy"]
    shown = {one["name"] for one in energies if one.get("enabled_by_default", True)}
    assert {"Grid import", "Grid export", "Solar production"} <= shown
    loads = {load["name"] for load in site["loads"]}
    powers = {one["name"] for one in found.values() if one.get("device_class") == "power"}
    assert {f"{name} power" for name in loads} <= powers
    for point in site["points"]:
        assert any(one["name"].startswith(point["load"]) for one in found.values())
    switches = {one["name"] for one in found.values() if one["platform"] == "switch"}
    named = [output for module in site["b_bus"]["output_modules"] for output in module["outputs"]]
    assert switches == {output["name"] for output in named}
    nodes = {point["node"] for point in site["points"] if "node" in point} | {site["head"]}
    modules = {one["name"] for one in found.values() if one.get("device_class") == "connectivity"}
    assert nodes <= modules
    health = [one for one in found.values() if one.get("entity_category") == "diagnostic"]
    assert any(one["name"] == "Problem" for one in health)


def test_what_goes_away_is_removed(tmp_path):
    site = plan()
    before = of(connect(tmp_path, site))
    circuits = [load["name"] for load in site["loads"] if load["role"] == "circuit"]
    name = next(n for n in circuits if sum(p["load"] == n for p in site["points"]) == 1)
    less = site | {
        "points": [point for point in site["points"] if point["load"] != name],
        "loads": [load for load in site["loads"] if load["name"] != name],
    }
    kept = of(connect(tmp_path, less))
    removed = {key for key, one in kept.items() if len(one) == 1}
    assert removed == {key for key, one in before.items() if one["name"].startswith(name + " ")}
    assert all(kept[key] == {"platform": before[key]["platform"]} for key in removed)
    assert kept.keys() == before.keys()
    assert of(connect(tmp_path, less)) == kept  # Home Assistant may have been off
    assert of(connect(tmp_path, site)) == before


def test_switched_off_it_is_taken_away_once(tmp_path):
    site = plan()
    ((topic, _),) = connect(tmp_path, site)
    assert connect(tmp_path, site, home_assistant=False) == [[topic, ""]]
    assert connect(tmp_path, site, home_assistant=False) == []


def test_another_prefix(tmp_path):
    site = plan()
    ((topic, text),) = connect(tmp_path, site)
    other = topic.replace("homeassistant", "ha/home")
    first, second = connect(tmp_path, site, home_assistant="ha/home")
    assert first == [topic, ""]
    assert second == [other, text]
    assert connect(tmp_path, site, home_assistant="ha/home") == [second]


def test_what_is_dropped_comes_a_minute_later(tmp_path):
    (tmp_path / "other").mkdir()
    said = connect(tmp_path / "other", plan())
    assert connect(tmp_path, plan(), dropped=1, looks=[59000]) == []
    assert connect(tmp_path, plan(), dropped=1, looks=[59000, 1000, 60000]) == said


def test_what_is_dropped_is_not_taken_for_taken_back(tmp_path):
    site = plan()
    ((topic, _),) = connect(tmp_path, site)
    assert connect(tmp_path, site, home_assistant=False, dropped=1) == []
    assert connect(tmp_path, site, home_assistant=False) == [[topic, ""]]


# home_assistant of settings.json, a home broker, LTE: whether it is announced.
DEFAULTS = [(None, True, False, True), (None, False, False, False), (None, True, True, False),
            (True, False, True, True), (False, True, False, False)]  # fmt: skip


@pytest.mark.parametrize("requested, home, lte, announced", DEFAULTS)
def test_the_default(tmp_path, requested, home, lte, announced):
    found = connect(tmp_path, plan(), home_assistant=requested, home_broker=home, lte=lte)
    assert bool(found) == announced


def test_a_link_that_costs_takes_nothing_back(tmp_path):
    site = plan()
    said = connect(tmp_path, site)
    assert connect(tmp_path, site, lte=True) == []
    assert connect(tmp_path, site) == said


def test_it_is_said_again_when_home_assistant_starts(tmp_path):
    """Not more often than every 10 s, and then once."""
    first, *again = connect(tmp_path, plan(), born=[1000, 1000, 9000, 1000])
    assert again == [first]


def test_a_gateway_that_is_exchanged_is_the_same(tmp_path):
    site = plan()
    found = of(connect(tmp_path, site))
    assert all(one["unique_id"] == site["uuid"] + key for key, one in found.items())


# J in the register, kWh that are shown now: what is shown then.
COUNTED = [
    (3600000, "unknown", "1.0"), (0, "unknown", "0.0"), (3600000, "unavailable", "1.0"),
    (7200000, "1.0", "2.0"), (7199999, "1.999", "2.0"),
    (3600 * 999_990, "1000.0", "1000.0"),  # a power cut has taken 10 Wh back
    (3600 * 1000_001, "1000.0", "1000.001"),  # made up for
    (0, "1000.0", "0.0"), (3600000, "1000.0", "1.0"),  # it has begun anew
    (3600 * 1000_000, "1000000.0", "1000.0"),  # shown in another unit: it is not held
]  # fmt: skip


@pytest.mark.parametrize("joules, before, after", COUNTED)
def test_energy_never_falls_a_little(tmp_path, joules, before, after):
    found = of(connect(tmp_path, plan()))
    (energy,) = [one for one in found.values() if one.get("name") == "Grid import"]
    loads = [{"name": "Grid", "import": joules}]
    assert value(energy["value_template"], json.dumps({"loads": loads}), before) == after


def test_loads_in_another_order(tmp_path):
    """The templates of before with the message of a site that was changed: each load's own."""
    site = plan()
    site["loads"][0]["name"] = name = 'Grid "é" 100 %}} \\'
    for point in site["points"]:
        if point["load"] == "Grid":
            point["load"] = name
    found = of(connect(tmp_path, site))
    loads = [
        {"name": load["name"], "power": 10 * k, "import": 3600000 * k, "export": 3600000 * k}
        for k, load in enumerate(site["loads"])
    ]
    message = json.dumps({"loads": loads[::-1]})
    for load in loads:
        own = [one for one in found.values() if one.get("name", "").startswith(load["name"] + " ")]
        shown = {one["device_class"]: value(one["value_template"], message)
                 for one in own if "value_json.loads" in one["value_template"]}  # fmt: skip
        assert shown["power"] == str(load["power"])
        assert float(shown["energy"]) == load["import"] / 3600000


# A gateway that runs


@pytest.fixture(scope="module")
def life() -> Iterator[SimpleNamespace]:
    """A gateway of the default house, its broker, and the last message of each topic."""
    house = load_house(DEFAULT_HOUSE)
    site = house.site_json()
    with Broker() as broker, Everything(broker.port) as everything:
        with Session(Installation(house), site, mqtt=mqtt_at(broker.port), heap="2M") as session:
            prefix = f"{PREFIX}{site['uuid']}/"
            own = [prefix + name for name in ("presence", "site", "totals", "gateway", "bBus")]
            topic = f"homeassistant/device/{site['uuid']}/config"
            plug = prefix + "plug/1/state"
            last = everything.until(
                lambda last: (
                    last.keys() >= {*own, topic, plug}
                    and all(
                        module["state"] == "well" for module in json.loads(last[own[4]])["devices"]
                    )
                    and all(node["state"] == "well" for node in nodes_of(last[own[3]]))
                ),
                "the announcement and all states",
            )
            yield SimpleNamespace(
                site=site, prefix=prefix, topic=topic, last=last, everything=everything,
                session=session, found=components(last[topic]),
            )  # fmt: skip
            session.check()


def nodes_of(gateway: str) -> list[dict[str, Any]]:
    return json.loads(gateway)["aBus"]["nodes"]


def shown(life: SimpleNamespace, name: str) -> str:
    """What the entity of that name shows."""
    (one,) = [one for one in life.found.values() if one["name"] == name]
    assert available(one, life.last)
    return value(one["value_template"], life.last[one["state_topic"]])


def test_every_entity_is_available_and_has_a_value(life):
    for key, one in life.found.items():
        assert available(one, life.last), key
        text = value(one["value_template"], life.last[one["state_topic"]])
        if one["platform"] == "binary_sensor":
            assert text in ("ON", "OFF")
        elif one["platform"] == "switch":
            assert text in (one["state_on"], one["state_off"])
        elif one.get("unit_of_measurement"):
            assert text == "None" or math.isfinite(float(text)), key
        else:
            assert text


def test_values_are_those_of_the_messages(life):
    site = json.loads(life.last[life.prefix + "site"])
    for load in site["loads"]:
        assert float(shown(life, f"{load['name']} power")) == load["power"]
    (grid,) = [load for load in site["loads"] if load["role"] == "grid"]
    imported = shown(life, f"{grid['name']} import")
    assert float(imported) == pytest.approx(grid["import"] / 3.6e6, abs=0.0005001)
    assert float(shown(life, "House power")) == site["totals"]["house"]
    assert float(shown(life, "Voltage L2")) == site["voltages"][1]
    devices = json.loads(life.last[life.prefix + "bBus"])["devices"]
    (water,) = [i for d in devices for i in d.get("inputs", []) if i["name"] == "Water"]
    assert float(shown(life, "Water")) == water["total"]
    for node in nodes_of(life.last[life.prefix + "gateway"]):
        assert shown(life, node["serial"]) == "ON"


def test_nothing_is_available_when_the_gateway_has_gone(life):
    gone = life.last | {life.prefix + "presence": '{"value": false}'}
    assert not any(available(one, gone) for one in life.found.values())


def test_what_is_null_is_unknown(life):
    """A node that is lost: its powers are null, and never 0."""
    site = json.loads(life.last[life.prefix + "site"])
    for point in site["points"]:
        point |= dict.fromkeys(("power", "reactive", "factor", "current"))
    for load in site["loads"]:
        load["power"] = None
    site["frequency"], site["voltages"] = None, [None] * 3
    text = json.dumps(site)
    topic = life.prefix + "site"
    announced = [one for one in life.found.values() if one["state_topic"] == topic]
    assert len(announced) > 20
    for one in announced:
        known = one["device_class"] == "energy" or "totals" in one["value_template"]
        assert known or value(one["value_template"], text) == "None", one
    totals = {**json.loads(life.last[life.prefix + "totals"]), "alwaysOn": None}
    totals["demand"] |= {"forecast": None, "month": None}
    for key in ("alwaysOn", "forecast", "month"):
        assert value(life.found[key]["value_template"], json.dumps(totals)) == "None"


def test_a_module_that_is_lost_makes_its_inputs_unavailable(life):
    message = json.loads(life.last[life.prefix + "bBus"])
    for device in message["devices"]:
        device["state"] = "lost"
    gone = life.last | {life.prefix + "bBus": json.dumps(message)}
    inputs = [one for one in life.found.values() if one["name"] in ("Water", "Front door")]
    assert inputs and not any(available(one, gone) for one in inputs)


def test_a_switch_switches(life):
    (one,) = [one for one in life.found.values() if one["name"] == "Boiler"]
    for payload, state in (("payload_on", "state_on"), ("payload_off", "state_off")):
        life.everything.publish(one["command_topic"], one[payload])
        life.everything.until(
            lambda last, state=state: (
                value(one["value_template"], last[one["state_topic"]]) == one[state]
            ),
            state,
        )


def test_it_announces_itself_again(life):
    life.everything.forget(life.topic)
    life.everything.publish("homeassistant/status", "online")
    last = life.everything.until(lambda last: life.topic in last, "the announcement")
    assert last[life.topic] == life.last[life.topic]


def test_home_assistant_itself_takes_it(life):
    """Its own schemas and its own templates, with the messages of the run."""
    python = Path(os.environ.get("HOMEASSISTANT_PYTHON", ROOT / "build/homeassistant/bin/python"))
    if not python.exists():
        pytest.skip(
            "no Home Assistant, for which Python 3.12 is needed: "
            "python3.12 -m venv build/homeassistant && "
            "build/homeassistant/bin/pip install --no-deps --only-binary :all: "
            "-r host_tests/clients/requirements-home-assistant.txt"
        )
    program = (ROOT / "host_tests/clients/home_assistant_core.py").read_text()
    task = {"topic": life.topic, "payload": life.last[life.topic], "messages": life.last}
    done = subprocess.run(
        [str(python), "-c", program], input=json.dumps(task), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Invalid" not in done.stderr and "not valid" not in done.stderr, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() == life.found.keys()
    for key, (options, rendered) in found.items():
        assert (
            options.items()
            >= {
                name: one
                for name, one in life.found[key].items()
                if name not in ("availability", "device", "origin")
            }.items()
        )
        own = life.found[key]
        assert rendered == value(own["value_template"], life.last[own["state_topic"]]), key
