"""What a device does whose files are not usable: the whole start on simulated time, with a board
that goes on, as boards/common/hardware.py does (the simulator ends: test_site.py)."""

from __future__ import annotations

import json

import pytest
from gateway_host.commands.run import DEFAULT_HOUSE
from gateway_host.image import BOARDS
from gateway_host.sim.house import load_house
from gateway_host.sim.radio import Network, World
from living import free_port
from worlds import play

# Starts, and tells after some seconds, and a factory reset by the button, how things are.
START = """
import asyncio, sys
import hardware, start
from on_world import hardware as made_by, tell
made = made_by()
lit = [0]
made.set_led = lambda red, green, blue: lit.append(red | green | blue)
hardware.make = lambda board: made
hardware.give_up = lambda: None

async def run(gateway):
    asyncio.create_task(gateway.run())
    await asyncio.sleep(14)
    connection = gateway.connection
    known = [ssid for ssid, _ in connection.settings.networks]
    tell(lit=max(lit) > 0, counts=gateway.counters.counts, networks=known,
         hotspot=made.a_uart.ask("hotspot_name"), link=connection.link, led=gateway.led.state,
         measures=hasattr(gateway, "measuring"))
    made.a_uart.ask("press", 25.0)
    await asyncio.sleep(30)
    tell(reset=False)

start._run = run
start.main()
"""
PLAN = load_house(DEFAULT_HOUSE).site_json()
SSID_WITH_A_SPACE = json.dumps({"networks": [["a b", "12345678"]]})
NOT_USABLE = [
    ("site.json", "{}"),
    ("site.json", '{"uuid": "x'),
    ("site.json", "\xff"),
    ("site.json", json.dumps(PLAN)[:1000]),
    ("site.json", json.dumps(PLAN | {"points": [7]})),
    ("settings.json", SSID_WITH_A_SPACE),
    ("settings.json", ""),
]


@pytest.mark.parametrize("name, text", NOT_USABLE)
def test_a_file_that_is_not_usable_leaves_a_gateway_that_can_be_helped(name, text, tmp_path):
    """The hotspot opens, the error is counted by its name, and the button resets."""
    (tmp_path / name).write_text(text, encoding="latin-1")
    ports = [free_port(), free_port()]
    world = World([Network("house", "geheim123")], cable=False)
    (told,) = play(world, START, tmp_path, board=BOARDS / "GENIUS", portal=ports)
    assert told["lit"] and told["led"] == "ready" and told["hotspot"].startswith("Gateway-")
    assert told["counts"] == {f"start.{name}": 1, "connection.nothing_known": 1}
    assert not told["measures"]
    assert not (tmp_path / name).exists()  # the reset has removed it


KEPT = """
import settings
settings.remember(settings.read(), "house", "geheim123")
"""


def test_what_was_learned_is_used_where_settings_are_not_usable(tmp_path):
    play(World(), KEPT, tmp_path)
    (tmp_path / "settings.json").write_text(SSID_WITH_A_SPACE)
    world = World([Network("house", "geheim123")], cable=False)
    (told,) = play(world, START, tmp_path, board=BOARDS / "GENIUS")
    assert (told["networks"], told["link"]) == (["house"], "wifi")
    assert told["counts"] == {"start.settings.json": 1}


FAILS = """
import gateway

class Gateway:
    def __init__(self, *parts):
        raise {error}

gateway.Gateway = Gateway
"""


@pytest.mark.parametrize("error", ["MemoryError('memory allocation failed')", "TypeError('x')"])
def test_a_site_with_which_no_gateway_can_be_made(error, tmp_path):
    """One that does not fit the memory, or has what nobody has thought of."""
    (tmp_path / "site.json").write_text(json.dumps(PLAN))
    program = FAILS.format(error=error) + START
    (told,) = play(World(), program, tmp_path, board=BOARDS / "GENIUS")
    assert told["counts"] == {"start.site.json": 1}
    assert (told["led"], told["measures"]) == ("connecting", False)


def test_a_reset_that_cannot_be_finished(tmp_path):
    """The flash does not let itself be erased at the start after a power cut."""
    (tmp_path / "kept").write_text("{}")
    (tmp_path / "factory.json").mkdir()  # cannot be written
    ports = [free_port(), free_port()]
    program = START.replace(
        "made.set_led", "made.program_files += ('factory.json',)\nmade.set_led"
    )
    (told,) = play(World(cable=False), program, tmp_path, board=BOARDS / "GENIUS", portal=ports)[
        :1
    ]
    assert told["lit"] and told["counts"]["start.reset"] == 1
