"""What the simulator replaces, boards/common, with a chip that is made up here: which UARTs and
pins a board takes, a scan that fails, an empty socket."""

from __future__ import annotations

import json

import pytest
from chip import on_chip
from gateway_host import image
from gateway_host.commands.run import DEFAULT_HOUSE
from gateway_host.image import BOARDS
from gateway_host.sim.house import load_house
from gateway_host.sim.radio import World
from worlds import play

MADE = """
import board, hardware
made = hardware.make(board)
if "b" in board.BUSES:
    made.b_uart()
print(json.dumps({"uarts": uarts, "pins": pins}))
"""


@pytest.mark.parametrize("board", sorted(set(image.boards()) - {"SIMULATOR"}))
def test_no_board_uses_a_uart_or_a_pin_twice(board):
    """The ESP32 has UARTs 0 to 2, and 0 is the console."""
    made = on_chip(MADE, board)
    assert made["uarts"] in ([1], [1, 2])
    assert len(made["pins"]) > 5 and sorted(set(made["pins"])) == sorted(made["pins"])


def test_a_modem_is_not_beside_a_b_bus():
    """Nor does a board without the bus name its pins."""
    made = on_chip(MADE, "CONNECT_4G")
    assert made["uarts"] == [1, 2] and {4, 36} <= set(made["pins"])


SCAN = """
from links import Radio
radio = Radio()
found = [(b"house", b"123456", 6, -60, 3, False)]

def breaks():
    raise {error}("scan")

radio._interface.scan = {scan}
{time}
print(json.dumps({{"found": len(asyncio.run(radio.scan()))}}))
"""
HANGS = """
import links
links._thread = Module(start_new_thread=lambda *what: None)  # a driver that never comes back
passed = [0]
links.time = Module(ticks_ms=lambda: passed[0], ticks_diff=time.ticks_diff)

async def passes(ms):
    passed[0] += ms
    assert passed[0] < 20000, "the wait has no end"

asyncio.sleep_ms = passes
"""


@pytest.mark.parametrize("error", ["OSError", "MemoryError", "RuntimeError"])
def test_a_scan_that_fails_hears_nothing(error):
    """Whatever the driver's thread dies of: the Wi-Fi and the hotspot go on."""
    assert on_chip(SCAN.format(error=error, scan="breaks", time="")) == {"found": 0}


def test_a_scan_gives_what_the_driver_heard():
    good = SCAN.format(error="OSError", scan="lambda: found", time="")
    assert on_chip(good) == {"found": 1}


def test_a_scan_that_never_ends_is_not_waited_for():
    hangs = SCAN.format(error="OSError", scan="breaks", time=HANGS)
    assert on_chip(hangs) == {"found": 0}


ETHERNET = """
import links
told = {}
for name in ("INITIALIZED", "STARTED", "STOPPED", "CONNECTED", "DISCONNECTED", "GOT_IP"):
    status = getattr(network, "ETH_" + name)
    network.LAN = lambda **what: Module(active=lambda on: None, status=lambda: status)
    told[name] = links.Ethernet({"eth_mdc": 23, "eth_mdio": 18, "eth_address": 0}).plugged()
print(json.dumps(told))
"""


def test_an_empty_socket_is_not_plugged():
    """The port's statuses (network_lan.c): STARTED from active(True) until the first link."""
    plugged = [name for name, is_so in on_chip(ETHERNET).items() if is_so]
    assert sorted(plugged) == ["CONNECTED", "GOT_IP"]


REFUSED = """
import json, sys
import start

def told(name, error):
    print(json.dumps({"name": name, "error": str(error)}))
    sys.exit(0)

start._refused = told
start.main()
"""
TASKS = """
import json, sys
import gateway, start

async def told(counters, tasks):
    print(json.dumps({"tasks": [name for name, _ in tasks]}))
    sys.exit(0)

gateway.run_all = told
start.main()
"""


def test_a_gateway_without_a_b_bus_leaves_it_alone(tmp_path):
    """The task that looks for modules runs where the bus is; a site that has some is refused."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    site = tmp_path / "site.json"
    site.write_text(json.dumps(plan))
    with_b, without = BOARDS / "GENIUS", BOARDS / "CONNECT_4G"
    (said,) = play(World(), REFUSED, tmp_path, board=without)
    assert said["name"] == "site.json" and "b_bus" in said["error"] and "Genius" in said["error"]
    del plan["b_bus"]
    site.write_text(json.dumps(plan))
    for board, runs in ((with_b, True), (without, False)):
        (said,) = play(World(), TASKS, tmp_path, board=board)
        assert ("bus_b" in said["tasks"], "measure" in said["tasks"]) == (runs, True)
