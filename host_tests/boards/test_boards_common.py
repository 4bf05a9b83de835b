"""What the simulator replaces, boards/common, with a chip that is made up here: which UARTs and
pins a board takes, a scan that fails, an empty socket."""

from __future__ import annotations

import json
import runpy

from esp32_fakes import on_chip

import pytest
from gateway_host import image
from gateway_host.image import BOARDS
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.radio import World
from in_interpreter import program
from play_in_world import play
from running_gateway import free_port


@pytest.mark.parametrize("board", sorted(set(image.boards()) - {"SIMULATOR"}))
def test_no_board_uses_a_uart_or_a_pin_twice(board):
    """The ESP32 has UARTs 0 to 2, and 0 is the console."""
    made = on_chip("make_board", board=board)
    assert made["uarts"] in ([1], [1, 2])
    assert len(made["pins"]) > 5 and sorted(set(made["pins"])) == sorted(made["pins"])


def test_a_modem_is_not_beside_a_b_bus():
    """Nor does a board without the bus name its pins."""
    made = on_chip("make_board", board="CONNECT_4G")
    assert made["uarts"] == [1, 2] and {4, 36} <= set(made["pins"])


def test_the_links_have_the_gateways_name_before_they_ask_for_an_address(tmp_path):
    reported = on_chip("name_links", cwd=tmp_path)
    assert reported == [
        "Gateway-5010000123",
        "ethernet",
        "wifi",
        "wifi",
    ]


def test_the_chips_clock_is_set():
    """Its weekdays begin with Monday as 0."""
    reported = on_chip("set_chip_clock", board="CONNECT")
    assert reported == [[2026, 10, 28, 2, 0, 0, 0, 0]]


@pytest.mark.parametrize(
    "error", [("OSError", "esp_eth_driver_install failed"), ("AttributeError", "PHY_LAN8720")]
)
@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize(
    "board, name, left",
    [
        ("GENIUS", "LAN", [False, True, False]),
        ("GENIUS", "WLAN", [True, False, False]),
        ("CONNECT_4G", "PPP", [False, False, False]),
    ],
)
def test_a_link_that_fails_leaves_the_rest(board, name, left, made, error):
    """As the constructors and active() of MicroPython's network_lan.c and network_wlan.c have it;
    PPP has no active()."""
    given = {"name": name, "error": error, "made": made and name != "PPP"}
    assert on_chip("make_broken_link", given, board) == left


@pytest.mark.parametrize(
    "board, name, choice, link, led, problem",
    [
        ("CONNECT", "radio", "wifi", "ethernet", "connecting", None),
        ("CONNECT", "ethernet", "ethernet", None, "ready", "nothing_known"),
        ("WIFI_CONNECT", "radio", None, None, "no internet", "no_modem"),
        ("CONNECT_4G", "modem", None, None, "no internet", "no_modem"),
    ],
)
def test_a_gateway_goes_on_without_a_link(board, name, choice, link, led, problem, tmp_path):
    """Also where it is the one that the installer has chosen, or the only one."""
    given = {"name": name, "choice": choice}
    ports = [free_port(), free_port()]
    (reported,) = play(
        World(),
        program("run_without_link"),
        tmp_path,
        given=given,
        board=BOARDS / board,
        portal=ports,
    )
    assert reported == {"link": link, "led": [led], "problem": problem, "tasks": []}


# What in PINS is no number of a GPIO.
NO_PINS = {"eth_address", "eth_phy", "button_high", "button_pull", "led_low"}
FLASH, PSRAM, CONSOLE = set(range(6, 12)), {16, 17}, {1, 3}
RMII = {0, 19, 21, 22, 25, 26, 27}  # the clock at 0
ONLY_INPUTS = set(range(34, 40))
# The ESP32-S3's flash and PSRAM on eight lines, USB, console.
S3_TAKEN = {*range(26, 38), 19, 20, 43, 44}


@pytest.mark.parametrize("board", sorted(set(image.boards()) - {"SIMULATOR"}))
def test_the_pins_are_free_on_a_module_with_psram(board):
    """Espressif's datasheets of the ESP32, the ESP32-WROVER-E and the ESP32-S3-WROOM-1."""
    data = runpy.run_path(str(BOARDS / board / "board.py"))
    pins = {name: pin for name, pin in data["PINS"].items() if name not in NO_PINS}
    if data.get("CHIP") == "esp32s3":
        assert not S3_TAKEN & set(pins.values())
        return
    clock = pins.pop("eth_clock_out", None)
    assert clock in (None, 0)
    taken = FLASH | PSRAM | CONSOLE | (RMII if "ethernet" in data["LINKS"] else set())
    assert not taken & set(pins.values())
    inputs = {name for name, pin in pins.items() if pin in ONLY_INPUTS}
    assert inputs <= {"a_rx", "b_rx", "lte_rx", "button"}


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
    assert on_chip("read_wiring") == usual
    assert on_chip("read_wiring", board=tmp_path) == other


def test_ethernet_is_on_spi_where_the_board_says_so():
    """As MicroPython's network_lan.c wants it for a W5500: no pin of an MII among LAN's."""
    wired = on_chip("read_wiring", board="LILYGO_T_ETH_LITE_S3")
    lan = {"spi": [1, 10, 12, 11], "cs": 9, "int": 13, "reset": 14, "power": None}
    lan |= {"phy_type": 102, "phy_addr": 1}
    assert {name: wired[name] for name in lan} == lan
    assert not {"mdc", "mdio", "ref_clk"} & set(wired)


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


@pytest.mark.parametrize("factory, serial", FACTORIES)
def test_the_serial_number_is_the_labels(factory, serial, tmp_path):
    if factory is not None:
        (tmp_path / "factory.json").write_text(factory)
    assert on_chip("serial_of_board", cwd=tmp_path) == serial


def found(error: str | None = None, thread: str = "runs") -> dict:
    return on_chip("scan_networks", {"error": error, "thread": thread})


@pytest.mark.parametrize("error", ["OSError", "MemoryError", "RuntimeError"])
def test_a_scan_that_fails_hears_nothing(error):
    """Whatever the driver's thread dies of: the Wi-Fi and the hotspot go on."""
    assert found(error=error) == {"found": 0}


def test_a_scan_gives_what_the_driver_heard():
    assert found() == {"found": 1}


def test_a_scan_that_never_ends_is_not_waited_for():
    assert found(thread="hangs") == {"found": 0}


def test_an_empty_socket_is_not_plugged():
    """The port's statuses (network_lan.c): STARTED from active(True) until the first link."""
    plugged = [name for name, is_so in on_chip("plug_ethernet").items() if is_so]
    assert sorted(plugged) == ["CONNECTED", "GOT_IP"]


def test_a_gateway_without_a_b_bus_leaves_it_alone(tmp_path):
    """The task that looks for modules runs where the bus is; a site that has some is refused."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    site = tmp_path / "site.json"
    site.write_text(json.dumps(plan))
    with_b, without = BOARDS / "GENIUS", BOARDS / "CONNECT_4G"
    (said,) = play(World(), program("start_refused"), tmp_path, board=without)
    assert said["name"] == "site.json" and "b_bus" in said["error"] and "Genius" in said["error"]
    del plan["b_bus"]
    site.write_text(json.dumps(plan))
    for board, runs in ((with_b, True), (without, False)):
        (said,) = play(World(), program("start_tasks"), tmp_path, board=board)
        assert ("bus_b" in said["tasks"], "measure" in said["tasks"]) == (runs, True)


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
    reported = on_chip("hold_button_at_start", held_ms)
    assert reported == {"wanted": wanted, "ms": min(held_ms, 10000), "lights": lights}


@pytest.mark.parametrize("debug, fed", [(False, [30000]), (True, [])])
def test_ctrl_c_is_off_from_the_first_line_and_a_file_lets_an_engineer_in(debug, fed, tmp_path):
    """For whom there is no watchdog either."""
    if debug:
        (tmp_path / "debug").touch()
    reported = on_chip("run_main_file", str(image.MAIN), cwd=tmp_path)
    assert reported == [[-1, debug], fed]


def test_a_scan_for_which_there_is_no_thread_is_made_at_once():
    """As on a module without PSRAM."""
    assert found(thread="refused") == {"found": 1}
