"""The boards that can be bought: board.py and docs/boards.md against what their makers publish."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest
from gateway_host import image
from gateway_host.image import BOARDS, ROOT

DOCUMENT = (ROOT / "docs" / "boards.md").read_text(encoding="utf-8")

# The contacts of the makers' connectors and the GPIO behind each: of Olimex the netlist of
# revision L (ESP32-PoE-ISO_Rev_L.net), of LILYGO the schematic (T-ETH-Lite-ESP32S3.pdf, sheet 3).
OLIMEX = {
    "EXT1-5": 0, "EXT1-6": 1, "EXT1-7": 2, "EXT1-8": 3, "EXT1-9": 4, "EXT1-10": 5,
    "EXT2-1": 39, "EXT2-2": 36, "EXT2-3": 35, "EXT2-4": 34, "EXT2-5": 33, "EXT2-6": 32,
    "EXT2-7": 16, "EXT2-8": 15, "EXT2-9": 14, "EXT2-10": 13,
    "UEXT-3": 4, "UEXT-4": 36, "UEXT-5": 33, "UEXT-6": 13, "UEXT-7": 15, "UEXT-8": 2,
    "UEXT-9": 14, "UEXT-10": 5, "BUT1": 34,
}  # fmt: skip
LILYGO = {
    "P2-14": 4, "P2-13": 5, "P2-12": 6, "P2-11": 7, "P2-10": 15, "P2-9": 16, "P2-8": 17,
    "P2-7": 18, "P2-6": 8, "P2-3": 3, "P3-11": 0, "P3-10": 1, "P3-9": 2, "P3-8": 41,
    "P3-7": 40, "P3-6": 39, "P3-5": 38, "P3-4": 21, "P3-3": 46, "SW2": 0,
}  # fmt: skip
# The PHY's nets; of the LAN8710A the ESP32's own MAC has the others.
OLIMEX_PHY = {"eth_mdc": 23, "eth_mdio": 18, "eth_power": 12, "eth_clock_out": 0, "eth_address": 0}
LILYGO_PHY = {"eth_reset": 14, "eth_int": 13, "eth_mosi": 12, "eth_miso": 11, "eth_sck": 10}
LILYGO_PHY |= {"eth_cs": 9, "eth_address": 1}

CONTACTS = {"OLIMEX_POE_ISO": OLIMEX, "LILYGO_T_ETH_LITE_S3": LILYGO}
PHYS = {"OLIMEX_POE_ISO": OLIMEX_PHY, "LILYGO_T_ETH_LITE_S3": LILYGO_PHY}
POWER = {
    "OLIMEX_POE_ISO": {"3.3 V": "UEXT-1", "ground": "UEXT-2"},
    "LILYGO_T_ETH_LITE_S3": {"3.3 V": "P2-15", "ground": "P2-2"},
}


def data(board: str) -> dict[str, Any]:
    return runpy.run_path(str(BOARDS / board / "board.py"))


def wiring(board: str) -> list[list[str]]:
    """The rows of the board's table in the document."""
    _, _, part = DOCUMENT.partition(f"\n## {data(board)['PUBLIC']}\n")
    table = part.partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return rows[1:]


def test_each_public_board_is_in_the_document():
    public = {board for board in image.boards() if "PUBLIC" in data(board)}
    assert public == set(CONTACTS)
    for board in public:
        assert re.search(rf"^\| `{board}` \| {data(board)['PUBLIC']}", DOCUMENT, re.MULTILINE)


@pytest.mark.parametrize("board", CONTACTS)
def test_the_wiring_is_the_boards_data_at_the_makers_contacts(board):
    pins = data(board)["PINS"]
    told = {}
    for signal, name, gpio, contact, _ in wiring(board):
        if name == "-":
            assert POWER[board][signal] == contact
            continue
        told[name.strip("`")] = int(gpio)
        assert CONTACTS[board][contact] == int(gpio), contact
    wired = {name: pin for name, pin in pins.items() if not name.startswith("eth_")}
    assert told == {name: pin for name, pin in wired.items() if name != "button_pull"}


@pytest.mark.parametrize("board", CONTACTS)
def test_the_phy_has_the_makers_pins(board):
    pins = data(board)["PINS"].items()
    assert dict(one for one in pins if one[0][:4] == "eth_" and one[0] != "eth_phy") == PHYS[board]


def test_no_board_uses_what_its_maker_has_used():
    """Olimex: the battery's and the supply's dividers; LILYGO: no contact is of the flash."""
    assert not {35, 39} & set(data("OLIMEX_POE_ISO")["PINS"].values())
    pins = data("LILYGO_T_ETH_LITE_S3")["PINS"]
    card = {5, 6, 7, 42}
    assert not card & {pin for name, pin in pins.items() if name != "eth_address"}
