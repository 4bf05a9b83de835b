"""Lets a gateway's connection live through steps in a simulated world, on simulated time
(programs/live_through.py). A step is a list: its name and what it takes. What can be waited for
and reported are the fields of programs/connection_in_world.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway_host.sim.radio import Network, World
from in_interpreter import program
from play_in_world import play
from running_gateway import free_port

Step = list[Any]
KEY = "geheim123"
KNOWN = {"networks": [["house", KEY]]}

YES = "HTTP/1.0 204 No Content\r\n\r\n"  # what a probe answers that is reached
PORTAL = "HTTP/1.0 302 Found\r\n\r\n"

ONLINE: Step = ["until", "online", True, True]
OFFLINE: Step = ["until", "online", False, True]
IN_CLOUD: Step = ["accept", True]
MEASURING: Step = ["happen", "measuring", True]
PRESS: Step = ["press"]
OPEN: Step = ["open"]  # a press, and until the hotspot is open
SEARCH: Step = ["search"]
JOIN_PHONE: Step = ["phone"]
MARK: Step = ["mark"]  # `took` counts from here


def until(field: str, value: Any) -> Step:
    return ["until", field, value, True]


def until_not(field: str, value: Any) -> Step:
    return ["until", field, value, False]


def report(*fields: str) -> Step:
    """A line of what is so now."""
    return ["report", *fields]


def change(field: str, value: Any) -> Step:
    """Of the world, as World sets it; "bssid <bssid>" is the strength of that access point."""
    return ["change", field, value]


def sleep(seconds: float) -> Step:
    return ["sleep", seconds]


def watch(field: str, seconds: float) -> Step:
    """So long; `watched` is the values that it had, one after the other."""
    return ["watch", field, seconds]


def give(ssid: str, key: str) -> Step:
    """As a phone or a browser gives a network, and until the result is known."""
    return ["give", ssid, key]


def submit(ssid: str, key: str) -> Step:
    """As give(), without waiting."""
    return ["submit", ssid, key]


def answer(cable: str, wifi: str | None = None, silent: int = 0) -> Step:
    """What the probe answers from now on, by cable and by Wi-Fi; it says nothing at the first
    `silent` requests."""
    return ["answer", cable, cable if wifi is None else wifi, silent]


def serve(is_open: bool = True) -> tuple[Step, dict[str, Any]]:
    """A probe, and a cloud that takes a connection and says nothing, or none: the step, and the
    settings with that cloud."""
    port = free_port()
    mqtt = {"host": "127.0.0.1", "port": port, "home_broker": True}
    return ["serve", free_port(), port if is_open else 0], {"mqtt": mqtt}


def house() -> Network:
    """A new one each time: worlds change."""
    return Network("house", KEY, bssid="020000000001")


def _play(name: str, world: World, tmp_path: Path, settings: Any, **options: Any) -> list[dict]:
    if settings is not None:
        (tmp_path / "settings.json").write_text(json.dumps(settings))
    options.setdefault("portal", [free_port(), free_port()])
    return play(world, program(name), tmp_path, **options)


def live(
    world: World, tmp_path: Path, steps: list[Step], settings: Any = None, **options: Any
) -> list[dict]:
    """What is reported: lines of `led` with `s`, and those of report(). settings: settings.json;
    options: of play_in_world.play()."""
    return _play("live_through", world, tmp_path, settings, given=steps, **options)


def live_case(
    world: World, tmp_path: Path, case: str, *numbers: int, settings: Any = None
) -> list[dict]:
    """As live(), for a function of programs/connection_cases.py."""
    arguments = (case, *map(str, numbers))
    return _play("connection_cases", world, tmp_path, settings, arguments=arguments)


def leds(lines: list[dict]) -> list[str]:
    """What the LED showed, in order."""
    return [line["led"] for line in lines if "led" in line]


def others(lines: list[dict]) -> list[dict]:
    """All lines but the LED's."""
    return [line for line in lines if "led" not in line]


def joins(world: World) -> list[tuple[float, str, str]]:
    """What is joined from now on, in order: when (s), name, bssid."""
    found, join = [], world._join

    def recorded(wanted: list[str]) -> None:
        found.append((world.now / 1e6, wanted[0], wanted[2]))
        join(wanted)

    world._join = recorded
    return found
