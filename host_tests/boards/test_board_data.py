"""A board whose data cannot work is refused before there is an image of it, in one line that names
the board and the field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gateway_host import image
from gateway_host.boards import data as board_data
from gateway_host.errors import UserError
from gateway_host.image import BOARDS
from play_in_world import NEW_BOARD
from test_boards_common import CONSOLE, FLASH, ONLY_INPUTS, PSRAM, RMII

CONNECT_4G = (BOARDS / "CONNECT_4G" / "board.py").read_text(encoding="utf-8")
CONNECT = (BOARDS / "CONNECT" / "board.py").read_text(encoding="utf-8")
LILYGO = (BOARDS / "LILYGO_T_ETH_LITE_S3" / "board.py").read_text(encoding="utf-8")
TEXTS = {"CONNECT": CONNECT, "CONNECT_4G": CONNECT_4G, "LILYGO_T_ETH_LITE_S3": LILYGO}


@pytest.mark.parametrize("board", image.boards())
def test_the_boards_can_work(board):
    board_data.check(BOARDS / board)


def folder_with(tmp_path: Path, name: str, text: str) -> Path:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "board.py").write_text(text, encoding="utf-8")
    return folder


# Which board, what is changed in it, by what, the field and words of the reason.
BROKEN = [
    ("CONNECT", '    "lost": ("red", "blinking"),\n', "", "LED: the row 'lost' is missing"),
    ("CONNECT", '"well": ("green",', '"well": ("lime",', "LED: 'well': 'lime'"),
    ("CONNECT", '"green", "breathing"', '"green", "pulsing"', "LED: 'well': 'green', 'pulsing'"),
    ("CONNECT", '"ready":', '"readier":', "LED: there is no state 'readier'"),
    ("CONNECT", '"connecting": 120', '"lost": 120', "MAX_STATE_S: 'lost' is none of"),
    ("CONNECT", '(("red", 1), ("blue", 3))', '(("red", 3), ("blue", 3))', "RESET: must be"),
    ("CONNECT", '("blue", 3)', '("navy", 3)', "RESET: there is no colour 'navy'"),
    ("CONNECT", 'CHOOSES = "installer"\n', "", "CHOOSES: is missing"),
    ("CONNECT", '"installer"', '"anybody"', "CHOOSES: must be"),
    ("CONNECT", '"ethernet", "wifi"', '"ethernet", "wlan"', "LINKS: 'wlan' is none of"),
    ("CONNECT", '("ethernet", "wifi")', "()", "LINKS: must be a tuple"),
    ("CONNECT", 'NAME = "CONNECT"', 'NAME = "GENIUS"', "NAME: must be the folder's"),
    ("CONNECT", "5130", "51300", "ARTICLE_TYPE: must be four digits"),
    ("CONNECT", '    "eth_mdc": 23,\n', "", "PINS: 'eth_mdc' is missing"),
    ("CONNECT", '    "led_green": 33,\n', "", "PINS: 'led_green' is missing"),
    ("CONNECT", "NAME =", "NAME", "does not run: "),
    ("CONNECT", 'LINKS = ("ethernet", "wifi")', "LINKS = 7", "LINKS: must be a tuple"),
    ("CONNECT", '("a", "b")', '("a", ["b"])', "BUSES: must be a tuple"),
    ("CONNECT", "HAS_B_MODULES = False", "HAS_B_MODULES = 'no'", "HAS_B_MODULES: must be True or"),
    ("CONNECT", '("blue", "solid")', '("blue",)', "LED: 'booting': must be (colour, pattern)"),
    ("CONNECT", '("blue", "solid")', '"blue"', "LED: 'booting': must be (colour, pattern)"),
    ("CONNECT", '("blue", "solid")', '(["blue"], "solid")', "LED: 'booting': must be (colour"),
    ("CONNECT", '"booting": 30', '"booting": "30"', "MAX_STATE_S: 'booting': must be whole"),
    ("CONNECT", '"booting": 30', '"booting": 0', "MAX_STATE_S: 'booting': must be whole"),
    ("CONNECT", '(("red", 1), ("blue", 3))', '("red", ("blue", 3))', "RESET: must be (colour, s"),
    ("CONNECT", '("red", 1)', '("red", "1")', "RESET: must be (colour, seconds)"),
    ("CONNECT", '("red", 1)', '("red", 1, 2)', "RESET: must be (colour, seconds)"),
    ("CONNECT", "PINS = {", "PINS = 7\nOTHERS = {", "PINS: must be a dictionary"),
    (
        "CONNECT",
        "PINS = {",
        'PINS = {"eth_pwr": 12,',
        "PINS: 'eth_pwr' is not known on this board",
    ),
    ("CONNECT", "PINS = {", 'PINS = {"lte_tx": 12,', "PINS: 'lte_tx' is not known on this board"),
    ("CONNECT", "PINS = {", 'PINS = {"led_addressable": 13,', "PINS: 'led_red' is not known"),
    ("CONNECT", "PINS = {", 'PINS = {"eth_phy": "LAN8270",', "PINS: 'eth_phy': 'LAN8270' is none"),
    (
        "CONNECT",
        '"eth_address": 0',
        '"eth_address": 32',
        "PINS: 'eth_address': 32 is none of 0 to",
    ),
    ("CONNECT", '"eth_address": 0', '"eth_address": "0"', "PINS: 'eth_address': '0' is none of"),
    ("CONNECT", "PINS = {", 'PINS = {"led_low": 2,', "PINS: 'led_low': 2 is none of 0, 1"),
    ("CONNECT", "PINS = {", 'PINS = {"button_pull": 1,', "PINS: 'button_pull': GPIO 34 has no"),
    ("CONNECT", '"a_tx": 5', '"a_tx": "5"', "PINS: 'a_tx': '5' is no free GPIO"),
    ("CONNECT", '"a_tx": 5', '"a_tx": [5]', "PINS: 'a_tx': [5] is no free GPIO"),
    ("CONNECT", '"a_tx": 5', '"a_tx": 32', "PINS: 'a_tx': GPIO 32 is taken: led_red"),
    (
        "CONNECT",
        "PINS = {",
        'PINS = {"eth_clock_out": 0,',
        "PINS: 'eth_clock_out': not beside Wi",
    ),
    (
        "CONNECT",
        "PINS = {",
        'PINS = {"eth_clock_out": 17,',
        "PINS: 'eth_clock_out': GPIO 17 is taken: the module's PSRAM",
    ),
    ("CONNECT", "PSRAM = True", "PSRAM = 4", "PSRAM: must be True or False"),
    ("CONNECT", "PSRAM = True", 'CHIP = "esp32c3"', "CHIP: must be one of esp32, esp32s3"),
    ("CONNECT", "PSRAM = True", "PUBLIC = True", "PUBLIC: must be the name"),
    ("CONNECT", "PINS = {", 'PINS = {"eth_phy": "W5500",', "PINS: 'eth_sck' is missing"),
    ("CONNECT", "PSRAM = True", 'CHIP = "esp32s3"', "PINS: 'eth_phy' is missing: the chip has no"),
    (
        "LILYGO_T_ETH_LITE_S3",
        '"W5500"',
        '"LAN8720"',
        "PINS: 'eth_phy': 'LAN8720' is none of W5500",
    ),
    ("LILYGO_T_ETH_LITE_S3", "PINS = {", 'PINS = {"eth_mdc": 21,', "PINS: 'eth_mdc' is not known"),
    ("LILYGO_T_ETH_LITE_S3", '"eth_int": 13', '"eth_int": 14', "PINS: 'eth_reset': GPIO 14 is ta"),
    (
        "LILYGO_T_ETH_LITE_S3",
        '"a_tx": 17',
        '"a_tx": 35',
        "PINS: 'a_tx': GPIO 35 is taken: the mod",
    ),
    ("LILYGO_T_ETH_LITE_S3", '"a_tx": 17', '"a_tx": 27', "PINS: 'a_tx': 27 is no free GPIO (26 "),
    ("LILYGO_T_ETH_LITE_S3", '"a_tx": 17', '"a_tx": 43', "PINS: 'a_tx': 43 is no free GPIO (26 "),
    ("CONNECT_4G", "SIGNAL_DBM = (-95, -105)", "", "SIGNAL_DBM: is missing"),
    ("CONNECT_4G", "(-95, -105)", "(-105, -95)", "SIGNAL_DBM: must be"),
    ("CONNECT_4G", 'BUSES = ("a",)', 'BUSES = ("a", "b")', "BUSES: the modem has the UART"),
    ("CONNECT_4G", "HAS_B_MODULES = False", "HAS_B_MODULES = True", "HAS_B_MODULES: there is no"),
]


@pytest.mark.parametrize("board, old, new, words", BROKEN, ids=[row[3][:30] for row in BROKEN])
def test_what_cannot_work_is_refused(board, old, new, words, tmp_path, monkeypatch):
    """By `make image` itself."""
    text = TEXTS[board]
    assert old in text
    folder_with(tmp_path, board, text.replace(old, new))
    monkeypatch.setattr(image, "BOARDS", tmp_path)
    with pytest.raises(UserError, match=re.escape(f"{board}/board.py: {words}")) as refused:
        image.build(board)
    assert "\n" not in str(refused.value)


def test_a_new_board_needs_pins_unless_it_has_hardware_of_its_own(tmp_path):
    folder = folder_with(tmp_path, "BRAND_NEW", (NEW_BOARD / "board.py").read_text())
    with pytest.raises(UserError, match="BRAND_NEW/board.py: PINS: is missing"):
        board_data.check(folder)
    (folder / "hardware.py").touch()
    board_data.check(folder)


NO_OUTPUTS = [*FLASH, *CONSOLE, *RMII, *PSRAM, *ONLY_INPUTS, 20, 24, 28, 31, 40, -1]


@pytest.mark.parametrize("pin", NO_OUTPUTS)
def test_a_pin_that_is_no_free_output_is_refused(pin, tmp_path):
    """Those that an ESP32 has: table "Pin Overview" of its datasheet."""
    folder = folder_with(tmp_path, "CONNECT", CONNECT.replace('"a_tx": 5', f'"a_tx": {pin}'))
    with pytest.raises(UserError, match=f"CONNECT/board.py: PINS: '[a-z_]+': (GPIO )?{pin} is "):
        board_data.check(folder)


# What a board may have beside what ours have, and what it has not then.
OTHERS = [
    ('LINKS = ("ethernet",)', 'PSRAM = False\n'
     "PINS.update(eth_clock_out=17, eth_power=12, eth_reset=13, a_tx=0, a_rx=16)"),
    ('LINKS = ("ethernet",)', 'PINS.update(eth_clock_out=0, eth_phy="KSZ8081", eth_address=31)'),
    ("", 'PINS.update(a_rx=39, button=4, button_high=1, button_pull=1, led_low=1)'),
    ("", "for lamp in ('red', 'green'): del PINS['led_' + lamp]\n"
         "PINS['led_addressable'] = PINS.pop('led_blue')"),
    ("", "for name in ('eth_mdc', 'eth_mdio'): del PINS[name]\n"
         'PINS.update(eth_phy="W5500", eth_sck=19, eth_mosi=21, eth_miso=39, eth_cs=22,'
         " eth_int=25, a_tx=0)"),
    ('LINKS = ("wifi",)', "for name in list(PINS):\n  if 'eth' in name: del PINS[name]\n"
                          "PINS.update(a_tx=19, a_rx=0)"),
]  # fmt: skip


@pytest.mark.parametrize("links, pins", OTHERS)
def test_what_is_wired_in_another_way_is_taken(links, pins, tmp_path):
    text = "\n".join([CONNECT, links, pins, ""])
    board_data.check(folder_with(tmp_path, "CONNECT", text))


@pytest.mark.parametrize("pin", [2, 35])
def test_a_clock_is_given_at_three_pins_only(pin, tmp_path):
    """ESP-IDF's Ethernet guide: 0, 16 and 17."""
    text = f'{CONNECT}\nPSRAM = False\nLINKS = ("ethernet",)\nPINS["eth_clock_out"] = {pin}\n'
    with pytest.raises(UserError, match="PINS: 'eth_clock_out': "):
        board_data.check(
            folder_with(tmp_path, "CONNECT", text.replace('"a_rx": 35', '"a_rx": 39'))
        )
