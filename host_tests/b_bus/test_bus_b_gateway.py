"""The whole gateway with modules on the B-bus, seen over MQTT."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from paho.mqtt import publish
from running_gateway import Listener, mqtt_at


class Living:
    """A gateway in the default house; `command` publishes below the site's prefix."""

    def __init__(self, broker, with_site: bool, absent: bool):
        house = load_house(DEFAULT_HOUSE)
        self.plan = house.site_json()
        if not with_site:
            del self.plan["b_bus"]
        self.installation = Installation(house)
        self.line = self.installation.b_line
        for slave in self.line.slaves:
            slave.connected = not absent
        self.port = broker.port
        self.listener = Listener(self.plan, broker.port)
        self.session = Session(self.installation, self.plan, mqtt=mqtt_at(broker.port))

    def __enter__(self) -> Living:
        self.listener.__enter__()
        self.session.__enter__()
        return self

    def __exit__(self, *what: object) -> None:
        self.session.__exit__(*what)
        self.listener.__exit__(*what)

    def command(self, topic: str, payload: Any) -> None:
        name = f"servicelocation/{self.plan['uuid']}/{topic}"
        publish.single(name, json.dumps(payload), qos=1, port=self.port)

    def until(self, topic: str, good, what: str) -> Any:
        """The first value at the topic for which good(value)."""
        return self.listener.messages.until(
            lambda items: next(
                (one.value for one in items if one.topic == topic and good(one.value)), None
            ),
            what,
        )


def test_a_relay_is_switched_over_mqtt(broker):
    with Living(broker, with_site=True, absent=False) as living:
        living.until("plug/1/state", lambda value: value["value"] == "OFF", "the relay's state")
        living.command("plug/1/setstate", {"value": "ON"})
        said = living.until("plug/1/state", lambda value: value["value"] == "ON", "ON")
        assert said["since"] > 1_600_000_000_000
        module = living.line.of("5710000012")
        assert module.is_on(0) and not module.is_on(1)
        off = {"output": "Boiler", "on": False}
        living.command("gateway/set", {"id": "7", "expires": int(time.time()) + 60, "switch": off})
        living.listener.messages.until(
            lambda items: (
                [o.value["value"] for o in items if o.topic == "plug/1/state"][-1] == "OFF"
            ),
            "OFF again",
        )
        [answer] = living.listener.wait("gateway/answer")
        assert (answer["id"], answer["ok"]) == ("7", True)
        [home] = living.listener.wait("homeControlConfig")
        assert home["smartplugActuators"] == [{"nodeId": 1, "name": "Boiler"}]
        [sensors] = living.listener.wait("sensorConfig")
        assert sensors["gwSensors"][0]["serialNumber"] == "5700000011"
        assert sensors["gwSensors"][0]["gwSensorChannelsConfig"][0]["ppu"] == pytest.approx(4)
        water = living.until(
            "bBus", lambda bus: bus["devices"][0]["inputs"][0]["pulses"] > 0, "water"
        )["devices"][0]["inputs"][0]
        assert water["total"] == pytest.approx(water["pulses"] * 0.25)
        assert not living.listener.of("gateway")[-1]["errors"]


def test_modules_that_come_later_are_found_by_a_scan(broker):
    """Nothing is named and nothing is there: nothing of the B-bus is loaded until a scan."""
    with Living(broker, with_site=False, absent=True) as living:
        living.listener.wait("gateway", 4)
        assert not living.listener.of("bBus")
        for slave in living.line.slaves:
            slave.connected = True
        living.command("gateway/set", {"scan": True})
        bus = living.until("bBus", lambda bus: len(bus["devices"]) == 2, "both modules")
        assert {one["serial"] for one in bus["devices"]} == {"5700000011", "5710000012"}
        state = living.until("gateway", lambda value: value["advice"], "advice")
        assert "b_not_in_site" in {one["name"] for one in state["advice"]}


def test_a_module_identifies_itself(broker):
    with Living(broker, with_site=True, absent=False) as living:
        living.until("bBus", lambda bus: bus["devices"][1]["state"] == "well", "the module")
        relay = {"serial": "5710000012", "input": "A", "seconds": 60}
        living.command("gateway/set", {"identify": relay})
        polls = living.listener.wait("bBus", len(living.listener.of("bBus")) + 2)
        assert polls
        module = living.line.of("5710000012")
        assert module.is_selected(0) and not module.is_selected(1)
        assert module.led(living.line.now) == "blinks 3 times a second"
