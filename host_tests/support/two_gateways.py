"""A site with two gateways, a Genius that measures the grid and a Connect that measures circuits
behind it, each with a house of its own in which the same loads run."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from gateway_host.broker import Broker
from gateway_host.session import Session
from gateway_host.sim.house import House
from gateway_host.sim.house_file import load_house
from gateway_host.sim.installation import Installation
from running_gateway import Listener, Waiting, mqtt_at

GENIUS, CONNECT = "5020000042", "5130000007"
KEY = "00112233445566778899aabbccddeeff" * 2
HUB, FAR_HUB = "5500000190", "5500000201"
SOLAR_W, KETTLE_W, HEAT_PUMP_W, LAMPS_W = -4000.0, 2000.0, 3000.0, 400.0
GRID_W = SOLAR_W + KETTLE_W + HEAT_PUMP_W + LAMPS_W
_TOP = """
name = "{name}"
uuid = "{uuid}"
scheme = "3x400+N"
seed = 3
[head]
serial = "{head}"
"""
_ALL = (
    ("Grid", "grid", None, ["L1", "L2", "L3"]),
    ("Roof", "solar", SOLAR_W, ["L1", "L2", "L3"]),
    ("Kettle", "circuit", KETTLE_W, ["L2"]),
    ("Heat pump", "circuit", HEAT_PUMP_W, ["L1", "L2", "L3"]),
    ("Lamps", "circuit", LAMPS_W, ["L3"]),
)
_OF_GENIUS = {
    "Grid": [("5600000301", letter) for letter in "ABC"],
    "Roof": [(HUB, letter) for letter in "ABC"],
    "Kettle": [(HUB, "D")],
}
_OF_CONNECT = {
    "Heat pump": [(FAR_HUB, letter) for letter in "ABC"],
    "Lamps": [(FAR_HUB, "D")],
}


def _house(folder: Path, name: str, head: str, measured: dict[str, list], loads: Any) -> House:
    text = _TOP.format(name=name, uuid=f"3f7a9c1e-0000-4000-8000-00{head}", head=head)
    for node in sorted({node for places in measured.values() for node, _ in places}):
        text += f'[[node]]\nserial = "{node}"\n'
    for load, role, watts, phases in loads:
        text += f'[[load]]\nname = "{load}"\nrole = "{role}"\n'
        if watts is not None:
            text += f"power = {watts}\nphases = {phases}\n".replace("'", '"')
        places = zip(measured.get(load, ()), phases, strict=False)
        points = [
            f'{{ node = "{node}", input = "{letter}", phase = "{phase}"'
            + ("" if node.startswith("5600") else ', ct = "AC-CT-50A"')
            + " }"
            for (node, letter), phase in places
        ]
        if points:
            text += f"points = [{', '.join(points)}]\n"
    file = folder / f"{name}.toml"
    file.write_text(text)
    return load_house(file)


class Site:
    """`genius`, `connect`: their documents; `houses`: of each."""

    def __init__(self, folder: Path):
        far = [load for load in _ALL if load[0] in _OF_CONNECT]
        self.houses = (
            _house(folder, "Genius", "5400000001", _OF_GENIUS, _ALL),
            _house(folder, "Connect", "5400000002", _OF_CONNECT, far),
        )
        self.genius, self.connect = (house.site_json() for house in self.houses)
        fed = [{**point, "gateway": CONNECT} for point in self.connect["points"]]
        self.genius["gathers"] = [CONNECT]
        self.genius["points"] += copy.deepcopy(fed)
        known = {load["name"] for load in self.genius["loads"]}
        self.genius["loads"] += [x for x in self.connect["loads"] if x["name"] not in known]
        self.connect["feeds"] = GENIUS

    def fed(self) -> list[int]:
        """The places of the Connect's points in the Genius's document."""
        return [i for i, point in enumerate(self.genius["points"]) if "gateway" in point]


class Feeding(Session):
    """A gateway whose settings have the site's key. home: the port of the site's network."""

    def __init__(self, house: House, plan: dict[str, Any], serial: str, home: int, **options: Any):
        self._key = options.pop("key", KEY)
        board = {"serial": serial, "home": ["127.0.0.1", home]} | options.pop("board", {})
        super().__init__(Installation(house), plan, board=board, **options)

    def _write(self, name: str, content: Any) -> None:
        if name == "settings.json":
            content |= {"home_assistant": False}
            content |= {"site_key": self._key} if self._key else {}
        super()._write(name, content)


def listen(plan: dict[str, Any], broker: Broker) -> Listener:
    return Listener(plan, broker.port)


def until(messages: Waiting, topic: str, good: Any, what: str) -> Any:
    """The first value at the topic for which good(value)."""
    return messages.until(
        lambda items: next((x.value for x in items if x.topic == topic and good(x.value)), None),
        what,
    )


def genius(site: Site, home: int, broker: Broker, **options: Any) -> Feeding:
    options = {"mqtt": mqtt_at(broker.port)} | options
    return Feeding(site.houses[0], site.genius, GENIUS, home, **options)


def connect(site: Site, home: int, broker: Broker, **options: Any) -> Feeding:
    options = {"mqtt": mqtt_at(broker.port)} | options
    return Feeding(site.houses[1], site.connect, CONNECT, home, **options)
