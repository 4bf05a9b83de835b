"""What the simulator replaces, boards/common, with a chip that is made up here: which UARTs and
pins a board takes, a scan that fails, an empty socket."""

from __future__ import annotations

import json
import runpy

import pytest
from chip import on_chip
from gateway_host import image
from gateway_host.image import BOARDS
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.radio import World
from living import free_port
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


NAMED = """
import board, hardware
order = []

def link(kind):
    def make(*what, **named):
        order.append(kind)
        return Anything()
    return make

network.hostname = order.append
network.LAN, network.WLAN = link("ethernet"), link("wifi")
with open("factory.json", "w") as file:
    file.write(json.dumps({"serial": "5010000123"}))
hardware.make(board)
print(json.dumps(order))
"""


def test_the_links_have_the_gateways_name_before_they_ask_for_an_address(tmp_path):
    assert on_chip(NAMED, cwd=tmp_path) == ["Gateway-5010000123", "ethernet", "wifi", "wifi"]


CLOCK = """
import board, hardware
made = hardware.make(board)
known = [made.set_chip_clock()]
made.now_ms = lambda: 1793145600123  # 2026-10-28 00:00:00 UTC, a Wednesday
known.append(made.set_chip_clock())
print(json.dumps([known, rtc]))
"""


def test_the_chips_clock_is_set_once_the_time_is_known():
    """Its weekdays begin with Monday as 0."""
    assert on_chip(CLOCK, "CONNECT") == [[False, True], [[2026, 10, 28, 2, 0, 0, 0, 0]]]


DEAD = """
import board, hardware

def fails(*what):
    raise {error}

network.{name} = {made}
made = hardware.make(board)
print(json.dumps([made.ethernet is not None, made.radio is not None, made.modem is not None]))
"""


@pytest.mark.parametrize(
    "error", ["OSError('esp_eth_driver_install failed')", "AttributeError('PHY_LAN8720')"]
)
@pytest.mark.parametrize("made", ["fails()", "Module(active=fails)"])
@pytest.mark.parametrize(
    "board, name, left",
    [
        ("GENIUS", "LAN", [False, True, False]),
        ("GENIUS", "WLAN", [True, False, False]),
        ("CONNECT_4G", "PPP", [False, False, False]),
    ],
)
def test_a_link_that_fails_leaves_the_rest(board, name, left, made, error):
    """As the constructors and active() of MicroPython's network_lan.c and network_wlan.c tell it;
    PPP has no active()."""
    if name == "PPP":
        made = "fails()"
    program = DEAD.format(name=name, error=error, made="lambda *what, **named: " + made)
    assert on_chip(program, board) == left


WITHOUT = """
import asyncio, sys
import board
from site import settings
from system.counters import Counters
from panel.housekeeping import Housekeeping
from on_world import hardware, tell
made = hardware()
made.{name} = None
wishes = settings.read()
wishes.link = {wish!r}
counters = Counters()
panel = Housekeeping(made, board, wishes, counters, lambda: None, lambda: False)

async def main():
    asyncio.create_task(panel.run())
    await asyncio.sleep(20)
    panel.connection.open_hotspot()
    states = []
    for _ in range(100):
        await asyncio.sleep_ms(200)
        if panel.led.state not in states:
            states.append(panel.led.state)
    tell(link=panel.connection.link, led=states, problem=panel.connection.wrong(),
         tasks=[name for name in counters.counts if name.startswith("task.")])

asyncio.run(main())
"""


@pytest.mark.parametrize(
    "board, name, wish, link, led, problem",
    [
        ("CONNECT", "radio", "wifi", "ethernet", "connecting", None),
        ("CONNECT", "ethernet", "ethernet", None, "ready", "nothing_known"),
        ("WIFI_CONNECT", "radio", None, None, "no internet", "no_modem"),
        ("CONNECT_4G", "modem", None, None, "no internet", "no_modem"),
    ],
)
def test_a_gateway_goes_on_without_a_link(board, name, wish, link, led, problem, tmp_path):
    """Also where it is the one that the installer has chosen, or the only one."""
    program = WITHOUT.format(name=name, wish=wish)
    ports = [free_port(), free_port()]
    (told,) = play(World(), program, tmp_path, board=BOARDS / board, portal=ports)
    assert told == {"link": link, "led": [led], "problem": problem, "tasks": []}


FLASH, PSRAM, CONSOLE = set(range(6, 12)), {16, 17}, {1, 3}
RMII = {0, 19, 21, 22, 25, 26, 27}  # the clock at 0
ONLY_INPUTS = set(range(34, 40))


@pytest.mark.parametrize("board", sorted(set(image.boards()) - {"SIMULATOR"}))
def test_the_pins_are_free_on_a_module_with_psram(board):
    """Espressif's datasheets of the ESP32 and of the ESP32-WROVER-E."""
    data = runpy.run_path(str(BOARDS / board / "board.py"))
    pins = {name: pin for name, pin in data["PINS"].items() if name != "eth_address"}
    taken = FLASH | PSRAM | CONSOLE | (RMII if "ethernet" in data["LINKS"] else set())
    assert not taken & set(pins.values())
    inputs = {name for name, pin in pins.items() if pin in ONLY_INPUTS}
    assert inputs <= {"a_rx", "b_rx", "lte_rx", "button"}


WIRED = """
import board, hardware, links
made = {}

class Lamp:
    def __init__(self, pin, freq, duty_u16):
        self.duty_u16 = lambda duty: levels.append(duty)
        levels.append(duty_u16)

class Button(Pin):
    def __init__(self, number, *what, **named):
        self.number = number
    def init(self, pull):
        made["pull"] = pull
    def value(self):
        return level

def lan(**named):
    for name in named:
        made[name] = getattr(named[name], "number", named[name])
    return Anything()

levels = []
level = None  # nobody presses
network.LAN = lan
sys.modules["machine"].PWM = Lamp
sys.modules["machine"].Pin = Button
pressed = hardware.make(board).pressed
level = 0
made["at low"] = pressed()
level = 1
made["at high"] = pressed()
level = None
hardware.make(board).set_led(255, 1, 0)
made["levels"] = levels[-6:]
print(json.dumps(made))
"""
OTHER = """
PINS.update({"eth_phy": "IP101", "eth_address": 3, "eth_power": 2, "eth_reset": 13,
             "eth_clock_out": 17, "led_low": 1, "button_high": 1, "button_pull": 1})
"""


def test_what_is_wired_in_another_way_is_data(tmp_path):
    """LAN's arguments: MicroPython's documentation of network.LAN."""
    board = (BOARDS / "GENIUS" / "board.py").read_text()
    (tmp_path / "board.py").write_text(board + OTHER)
    usual = {"mdc": 23, "mdio": 18, "power": None, "reset": None, "phy_type": 1, "phy_addr": 0}
    usual |= {"at low": True, "at high": False, "levels": [0, 0, 0, 65535, 257, 0]}
    other = {"mdc": 23, "mdio": 18, "power": 2, "reset": 13, "phy_type": 2, "phy_addr": 3}
    other |= {"ref_clk": 17, "ref_clk_mode": 3, "pull": 1, "at low": False, "at high": True}
    other |= {"levels": [65535, 65535, 65535, 0, 65278, 65535]}
    assert on_chip(WIRED) == usual
    assert on_chip(WIRED, tmp_path) == other


# What is in factory.json, and the serial number: the MAC address has 1 * 65536 + 2 * 256 + 3.
FACTORIES = [
    ('{"serial": "5010654321", "hotspot_key": "k7m2xw9pq4ht"}', "5010654321"),
    (None, "5010066051"),
    ("{", "5010066051"),
    ("[]", "5010066051"),
    ("{}", "5010066051"),
    ('{"serial": "5020654321"}', "5010066051"),  # a Genius Flex's
    ('{"serial": 5010654321}', "5010066051"),
    ('{"serial": "501065432"}', "5010066051"),
    ('{"serial": "50106543210"}', "5010066051"),
    ('{"serial": "5010 54321"}', "5010066051"),
    ('{"serial": ["5","0","1","0","6","5","4","3","2","1"]}', "5010066051"),
]
SERIAL = """
import board, hardware
print(json.dumps(hardware.make(board).serial))
"""


@pytest.mark.parametrize("factory, serial", FACTORIES)
def test_the_serial_number_is_the_labels(factory, serial, tmp_path):
    if factory is not None:
        (tmp_path / "factory.json").write_text(factory)
    assert on_chip(SERIAL, cwd=tmp_path) == serial


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
nothing = lambda *what: None  # a driver that never comes back
links._thread = Module(start_new_thread=nothing, stack_size=nothing)
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

async def told(counters, tasks, watch):
    print(json.dumps({"tasks": [name for name, _, _ in tasks]}))
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


ENTRY = """
import os
import debug_entry

class Time:
    now = 0
    def sleep_ms(self, ms):
        self.now += ms

debug_entry.time = clock = Time()
held_ms, lights = int(sys.argv[1]), []
wanted = debug_entry.wanted(lambda: clock.now < held_ms, lambda *light: lights.append(light))
print(json.dumps({"wanted": wanted, "ms": clock.now, "lights": lights}))
"""
WHITE, DARK = [255, 255, 255], [0, 0, 0]


@pytest.mark.parametrize(
    "held_ms, wanted, lights",
    [
        (0, False, []),
        (900, False, []),
        (1500, True, [WHITE, DARK]),
        (9000, True, [WHITE, DARK]),
        (10**9, False, [WHITE, DARK]),  # jammed
    ],
)
def test_the_button_held_at_start_gives_an_engineer_the_console(held_ms, wanted, lights):
    program = ENTRY.replace("int(sys.argv[1])", str(held_ms))
    told = on_chip(program)
    assert told == {"wanted": wanted, "ms": min(held_ms, 10000), "lights": lights}


CONSOLE_OF = """
import board
calls, fed = [], []
sys.modules["micropython"] = Module(
    kbd_intr=lambda code: calls.append(code), const=lambda value: value, opt_level=lambda: 0
)
sys.modules["machine"].WDT = lambda timeout: fed.append(timeout) or Anything()
class Start:
    def main(self):
        import hardware
        made = hardware.make(board)
        made.watchdog(30000)
        made.feed()
        calls.append(made.debug)
sys.modules["start"] = Start()
exec(open(MAIN).read(), {})
print(json.dumps([calls, fed]))
"""


@pytest.mark.parametrize("debug, fed", [(False, [30000]), (True, [])])
def test_ctrl_c_is_off_from_the_first_line_and_a_file_lets_an_engineer_in(debug, fed, tmp_path):
    """For whom there is no watchdog either."""
    if debug:
        (tmp_path / "debug").touch()
    program = f"MAIN = {str(image.MAIN)!r}\n{CONSOLE_OF}"
    assert on_chip(program, cwd=tmp_path) == [[-1, debug], fed]


CROWDED = """
import links

def refuses(*what):
    raise OSError("can't create thread")

links._thread = Module(start_new_thread=refuses, stack_size=lambda size: None)
"""


def test_a_scan_for_which_there_is_no_thread_is_made_at_once():
    """As on a module without PSRAM."""
    program = SCAN.format(error="OSError", scan="lambda: found", time=CROWDED)
    assert on_chip(program) == {"found": 1}
