"""What the simulator replaces, boards/common, with a chip that is made up here: which UARTs and
pins a board takes, a scan that fails, a line that PPP still has. No hardware: what the chip's
own drivers do is not shown here."""

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


DIAL = r"""
import modem as modem_module
from modem import Modem
said = []
ppp = [False]

class Line:
    def __init__(self):
        self.answer = b"\x7e\xff\x7d"  # what is left of PPP is no text
        self.data = True
    def write(self, data):
        said.append([passed[0], data.decode(), ppp[0]])
        if data == b"+++":
            self.data = False
        elif self.data:
            return
        self.answer += {
            b"AT+CPIN?\r": b"+CPIN: READY\r\nOK\r\n",
            b"AT+CEREG?\r": b"+CEREG: 0,1\r\nOK\r\n",
            b"AT+CSQ\r": b"+CSQ: 20,99\r\nOK\r\n",
            b"ATD*99#\r": b"CONNECT\r\n",
        }.get(data, b"OK\r\n")
    def read(self):
        answer, self.answer = self.answer, b""
        return answer

class Ppp:
    def active(self, on=None):
        if on is None:
            return ppp[0]
        ppp[0] = on
    def connect(self):
        pass
    def disconnect(self):
        assert ppp[0]
    def isconnected(self):
        return True

passed = [0]
modem_module.time = Module(ticks_ms=lambda: passed[0], ticks_diff=time.ticks_diff)

async def passes(ms):
    passed[0] += ms

asyncio.sleep_ms = passes
modem = Modem({"lte_tx": 4, "lte_rx": 36})
modem._uart, modem._interface = Line(), Ppp()

async def main():
    first = await modem.dial("m2m")
    modem._uart.data = True  # the line is lost: PPP is not told
    del said[:]
    return first, await modem.dial("m2m")

first, second = asyncio.run(main())
print(json.dumps({"results": [first, second], "dbm": modem.dbm(), "said": said}))
"""


def test_the_modem_is_dialled_again_after_a_lost_line():
    """As most modems have it: commands are heard again after +++ with a second of silence before
    and behind it. PPP lets go of the line first."""
    told = on_chip(DIAL, "CONNECT_4G")
    assert told["results"] == ["ok", "ok"] and told["dbm"] == 2 * 20 - 113
    (_, first, _), (hung, second, _) = told["said"][:2]
    assert (first, second) == ("+++", "ATH\r") and hung - told["said"][0][0] >= 1000
    assert not any(ppp for *_, ppp in told["said"])
    assert told["said"][-1][1] == "ATD*99#\r"


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
