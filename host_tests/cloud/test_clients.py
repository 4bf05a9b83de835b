"""Public clients of the original on what the gateway publishes: pysmappee (Home Assistant) and
ioBroker's adapter as they are, and the shapes that the maker's Node-RED nodes and Victron's
dbus-smappee read."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gateway_host.broker import Broker
from gateway_host.commands.run import DEFAULT_HOUSE
from gateway_host.interpreter import ROOT
from gateway_host.session import SERIAL
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from running_gateway import Listener, Unannounced, mqtt_at
from test_uplink import needs_mosquitto

pytestmark = needs_mosquitto
PLACE = ROOT / "build" / "clients"
PYSMAPPEE, IOBROKER = PLACE / "pysmappee.zip", PLACE / "iobroker-smappee.js"
DRIVERS = Path(__file__).parents[1] / "clients"
NOON = 1764000000  # a multiple of 300
REMEDY = "not here: `make setup FORCE=1` fetches it, and says what is missing"


@pytest.fixture(scope="module")
def living() -> Iterator[SimpleNamespace]:
    """A gateway of the default house that has ended an interval of 5 minutes."""
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    with Broker() as broker, Listener(plan, broker.port) as listener:
        with Unannounced(Installation(house), plan, mqtt=mqtt_at(broker.port), epoch=NOON - 5):
            listener.wait("plug/1/state")
            listener.wait("aggregated")
            listener.wait("realtime", 8)
            yield SimpleNamespace(plan=plan, listener=listener, port=broker.port)


def roles(plan: dict) -> dict[str, str]:
    return {load["name"]: load["role"] for load in plan["loads"]}


@pytest.mark.skipif(not PYSMAPPEE.exists(), reason=f"pysmappee is {REMEDY}")
def test_pysmappee_sees_grid_sun_circuits_and_outputs(living):
    driver = [sys.executable, str(DRIVERS / "pysmappee_client.py"), str(PYSMAPPEE)]
    done = subprocess.run(
        [*driver, SERIAL, str(living.port)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    seen = json.loads(done.stdout)
    own = roles(living.plan)
    names = {"Grid", "Solar"} | {n for n, role in own.items() if role in ("circuit", "battery")}
    assert set(seen["measurements"]) == names
    assert all(isinstance(power, int) for power in seen["powers"].values())
    assert seen["powers"]["Solar"] != 0
    assert seen["powers"]["Grid"] == pytest.approx(seen["total"], abs=2)  # three are rounded
    assert seen["actuators"] == {"Boiler": "COMFORT_PLUG"}
    assert len(seen["voltages"]) == 3 and all(200 < volts < 260 for volts in seen["voltages"])
    living.listener.messages.until(
        lambda items: (
            any(m.topic == "plug/1/setstate" for m in items)
            and [m for m in items if m.topic == "plug/1/state"][-1].value["value"] == "OFF"
        ),
        "the output's state",
    )


@pytest.mark.skipif(
    not IOBROKER.exists() or not shutil.which("node"), reason=f"ioBroker's adapter is {REMEDY}"
)
def test_iobrokers_adapter(living, tmp_path):
    """Each point has its name, kind and power under its own number; the switch publishes what the
    gateway takes."""
    uuid = living.plan["uuid"]
    recorded = tmp_path / "messages"
    lines = [
        {"topic": f"servicelocation/{uuid}/{m.topic}", "payload": json.dumps(m.value)}
        for m in living.listener.messages.all()
        if m.value is not None
    ]
    lines += [line for line in lines if not line["topic"].endswith("set")]  # it heard of them now
    recorded.write_text("".join(json.dumps(line) + "\n" for line in lines))
    driver = ["node", str(DRIVERS / "iobroker_adapter.mjs"), str(IOBROKER), str(recorded)]
    done = subprocess.run(driver, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["warnings"] == []
    states = {
        name.removeprefix(f"Servicelocations.{uuid}."): value
        for name, value in seen["states"].items()
    }
    own = roles(living.plan)
    points = living.plan["points"]
    last = living.listener.of("realtime")[-1]["channelPowers"]
    assert not [name for name in states if "undefined" in name]
    for i, point in enumerate(points):
        place = f"Power.CT_Input.{i}."
        assert states[place + "name"] == point["load"]
        kind = "PRODUCTION" if own[point["load"]] == "solar" else "CONSUMPTION"
        assert states[place + "inputChannelType"] == kind
        at_grid = own[point["load"]] in ("grid", "solar")
        assert states[place + "inputChannelConnection"] == ("GRID" if at_grid else "SUBMETER")
        assert states[place + "phaseId"] == int(point["phase"][1]) - 1
        assert isinstance(states[place + "phasePower"], int)
    assert len(last) == len(points)
    assert states["Gas_Water_Sensors.1.SerialNumber"] == "5700000011"
    assert states["Gas_Water_Sensors.1.Channel_0.type"] == "pulse"
    assert states["plug.1.state"] in ("ON", "OFF")
    (published,) = seen["published"]
    assert published["topic"] == f"servicelocation/{uuid}/plug/1/setstate"
    assert published["payload"]["value"] == "ON"


def test_victrons_bridge_finds_meters(living):
    """As dbus-smappee makes meters of `realtime`: channels of one phase after another, in the
    order of their numbers; it sums powers and energies, and looks voltages up by their phase."""
    message = living.listener.of("realtime")[-1]
    voltages = {one["phaseId"]: one["voltage"] for one in message["voltages"]}
    phases: dict[int, list[dict]] = {0: [], 1: [], 2: []}
    for phase, channels in groupby(message["channelPowers"], lambda one: one["phaseId"]):
        phases[phase].extend(sorted(channels, key=lambda one: one["ctInput"]))
    assert sorted(voltages) == [0, 1, 2]
    assert sum(map(len, phases.values())) == len(living.plan["points"])
    for phase, channels in phases.items():
        expected = [
            i for i, p in enumerate(living.plan["points"]) if p["phase"] == f"L{phase + 1}"
        ]
        assert [one["ctInput"] for one in channels] == expected
        for one in channels:
            numbers = [one[name] for name in ("power", "current", "importEnergy", "exportEnergy")]
            assert all(type(number) is int for number in numbers)


# What the maker's nodes pass on, by the public examples: the fields and their types.
CHANNEL = {
    "ctInput": int, "name": str, "phase": int, "inputChannelType": str,
    "inputChannelConnection": str, "reversed": bool, "nilm": bool, "balanced": bool,
    "inputChannelCTType": str,
}  # fmt: skip
SENSOR = {"sensorId": int, "serialNumber": str, "gwSensorChannelsConfig": list}
INTERVAL = {
    "ctInput": int, "averageRMSCurrent": int, "averageImportRMSActivePower": int,
    "averageExportRMSActivePower": int, "averageRMSApparentPower": int,
    "averageRMSReactivePower": int, "averagePowerfactor": int,
}  # fmt: skip


def has(value: dict, shape: dict) -> bool:
    return all(isinstance(value.get(name), kind) for name, kind in shape.items())


def test_channel_config(living):
    (config,) = living.listener.of("channelConfig")
    channels = config["inputChannels"]
    assert isinstance(config["utcTimeStamp"], int)
    assert all(has(channel, CHANNEL) for channel in channels)
    numbers = [one["ctInput"] for one in living.listener.of("realtime")[-1]["channelPowers"]]
    assert [channel["ctInput"] for channel in channels] == numbers == list(range(28))
    assert {channel["phase"] for channel in channels} == {0, 1, 2}


def test_sensor_config(living):
    (config,) = living.listener.of("sensorConfig")
    (sensor,) = config["gwSensors"]
    assert config["switchSensors"] == [] and has(sensor, SENSOR)
    channels = sensor["gwSensorChannelsConfig"]
    assert [channel["enabled"] for channel in channels] == [True, True, False, False]
    assert (channels[0]["uom"], channels[0]["ppu"]) == ("l", 4)
    assert channels[2] == {
        "channel": 2, "enabled": False, "type": None, "uom": None, "ppu": None,
    }  # fmt: skip


def test_home_control_config(living):
    (config,) = living.listener.of("homeControlConfig")
    assert config["smartplugActuators"] == [{"nodeId": 1, "name": "Boiler"}]
    assert config["switchActuators"] == []


def test_aggregated(living):
    """Of an interval of some seconds the means are those of its `realtime` messages."""
    message = living.listener.of("aggregated")[0]
    (data,) = message["intervalDatas"]
    assert data["utcEndtime"] == NOON * 1000 and data["version"] == 2
    assert all(2000 < tenths < 2600 for tenths in data["averageRMSVoltages"])
    assert isinstance(data["alwaysOn"], int | None)
    channels = data["channelIntervalDatas"]
    assert all(has(channel, INTERVAL) for channel in channels)
    assert [channel["ctInput"] for channel in channels] == list(range(28))
    reals = [r["channelPowers"] for r in living.listener.of("realtime")]
    # Which reports the interval had is not said: those among the first that agree best.
    runs = [reals[a:b] for a in range(3) for b in range(a + 2, min(len(reals), 10) + 1)]
    shown = np.array([channel["averageRMSApparentPower"] / 1000 for channel in channels])
    means = [np.array([[one["apparentPower"] for one in r] for r in run]).mean(0) for run in runs]
    best = min(range(len(runs)), key=lambda k: float(np.abs(means[k] - shown).max()))
    assert shown == pytest.approx(means[best], rel=0.002, abs=1)
    for i, channel in enumerate(channels):
        mean = sum(real[i]["power"] for real in runs[best]) / len(runs[best])
        net = channel["averageImportRMSActivePower"] - channel["averageExportRMSActivePower"]
        # From energies, which begin with the first whole cycle: of an interval of some seconds.
        assert net / 1000 == pytest.approx(mean, rel=0.1, abs=3)
        current = sum(real[i]["current"] for real in runs[best]) / len(runs[best])
        assert channel["averageRMSCurrent"] / 100 == pytest.approx(current, rel=0.002, abs=1)
        if shown[i] > 50:
            assert channel["averagePowerfactor"] == pytest.approx(net / shown[i] / 10, abs=1.1)
