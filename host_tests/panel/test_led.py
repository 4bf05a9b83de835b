"""The boards' LED tables against the installation manual's. How the LED follows what happens is
in test_uplink.py, its timing in device/test_led.py."""

from __future__ import annotations

import json

import numpy as np
import pytest
from gateway_host.boards import table as boards_table
from gateway_host.image import BOARDS, boards
from gateway_host.session import MODULE_PATH
from gateway_host.sim.radio import World
from in_interpreter import program, succeed
from play_in_world import NEW_BOARD, play

# The manual: state, colour and pattern for each column. Genius Flex is "same" as the Genius where
# the manual says so, and has no Wi-Fi to be connected to.
GENIUS = {
    "booting": ("blue", "solid"),  # booting or installing an update
    "connecting": ("green", "solid"),  # network is up, not yet activated
    "well": ("green", "breathing"),
    "lost": ("red", "blinking"),  # had a working connection, lost the cloud
    "no internet": ("red", "solid"),  # no internet at start
}
READY = {"ready": ("blue", "blinking")}
CONNECT = {
    "booting": ("blue", "solid"),
    "connecting": ("green", "solid"),  # connecting to the internet
    "well": ("green", "breathing"),
    "lost": ("red", "blinking"),  # no internet
    "no internet": ("red", "blinking"),
} | READY
LTE = {
    "booting": ("cyan", "blinking"),  # the manual has nothing before "searching a 4G network"
    "searching": ("cyan", "blinking"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),  # good reception
    "medium": ("yellow", "breathing"),
    "poor": ("red", "breathing"),
    "lost": ("red", "blinking"),
    "no internet": ("red", "blinking"),  # no 4G at start
}
MANUAL = {
    "GENIUS": GENIUS | READY,
    "GENIUS_FLEX": GENIUS,
    "CONNECT": CONNECT,
    "WIFI_CONNECT": CONNECT,
    "CONNECT_4G": LTE,
    "SIMULATOR": GENIUS | READY,  # it plays a Genius, as boards do that anybody can buy
    "LILYGO_T_ETH_LITE_S3": GENIUS | READY,
    "OLIMEX_POE_ISO": GENIUS,
}
PUBLIC = {"LILYGO_T_ETH_LITE_S3": ("ethernet", "wifi"), "OLIMEX_POE_ISO": ("ethernet",)}

# Of the manual: links, and the type that the article's serial number begins with.
ARTICLES = {
    "GENIUS": (("ethernet", "wifi"), 50),
    "GENIUS_FLEX": (("ethernet", "wifi"), 50),
    "CONNECT": (("ethernet", "wifi"), 5130),
    "WIFI_CONNECT": (("wifi",), 5100),
    "CONNECT_4G": (("lte",), 5140),
}


def data_of(board: str, bits: int = 32) -> dict:
    path = [BOARDS / board, *MODULE_PATH[:1]]
    return json.loads(succeed("show_board", bits=bits, path=path))


def test_every_board_of_the_manual_is_there():
    assert set(boards()) >= set(MANUAL)


@pytest.mark.parametrize("board", sorted(MANUAL))
def test_the_table_is_the_manuals(board):
    data = data_of(board)
    table = {state: tuple(shown) for state, shown in data["led"].items()}
    assert table.pop("safe mode") == ("purple", "blinking")  # ours: no state of the manual
    assert table == MANUAL[board]
    assert {colour for colour, _ in table.values()} <= set(data["colours"])
    assert {pattern for _, pattern in table.values()} <= {"solid", "blinking", "breathing"}


@pytest.mark.parametrize("board", sorted(ARTICLES))
def test_links_and_types_are_the_manuals(board):
    """Input and Output modules work with a Genius or Genius Flex only."""
    data = data_of(board)
    links, kind = ARTICLES[board]
    assert tuple(data["links"]) == links
    assert str(data["type"]).startswith(str(kind))
    assert data["b"] == board.startswith("GENIUS")


def test_the_document_has_the_boards_tables():
    text = boards_table.DOCUMENT.read_text(encoding="utf-8")
    part = text.split(boards_table.BEGIN)[1].split(boards_table.END)[0]
    assert part == boards_table.tables(), "run `build/venv/bin/python -m gateway_host led-table`"


# The manual: how long a button is held, with which colours; which states call for support when.
RESETS = {
    "GENIUS": (["red", "yellow", "off", "blue"], 20),
    "CONNECT": (["red", "blue"], 3),
}
LIMITS = {"GENIUS": {"booting": 600}, "CONNECT": {"booting": 30, "connecting": 120}}


@pytest.mark.parametrize("board", sorted(ARTICLES))
def test_reset_and_limits_are_the_manuals(board):
    data = boards_table.data(board)
    like = "GENIUS" if board.startswith("GENIUS") else "CONNECT"
    colours, seconds = RESETS[like]
    assert [colour for colour, _ in data["RESET"]] == colours
    assert data["RESET"][-1][1] == seconds
    limits = LIMITS[like] if board != "CONNECT_4G" else {"connecting": 120}
    assert limits.items() <= data["MAX_STATE_S"].items()
    assert data["CHOOSES"] == ("gateway" if like == "GENIUS" else "installer")


def test_breathing_is_even_to_the_eye(bits):
    """CIE 1976 lightness of each frame's light (numpy, float64): equal steps up and down again,
    as even as 8 bits of light can be."""
    steps = json.loads(succeed("breathe", bits=bits))
    light = np.zeros(200)
    for us, level in steps:
        light[us // 20000 :] = level
    wanted = 15 + 85 * (1 - np.abs(np.arange(200) - 100) / 100)
    relative = ((wanted + 16) / 116) ** 3  # above L* = 8
    assert np.abs(light - 255 * relative).max() <= 0.5001
    seen = 116 * np.cbrt(light / 255) - 16
    assert np.abs(seen - wanted).max() < 1.2


def test_a_new_board_changes_no_firmware_module(tmp_path):
    """Its data in a folder of its own is all that it takes: it boots and shows its own LED."""
    (reported,) = play(
        World(), program("start_and_show_led"), tmp_path, board=NEW_BOARD, paced=True
    )
    assert reported == {"led": "cyan", "state": "connecting", "link": "ethernet", "hotspot": True}


@pytest.mark.parametrize("board", sorted([*ARTICLES, *PUBLIC]))
def test_every_board_boots(board, tmp_path):
    """With the simulator's hardware: the links are the board's, green solid once one is up."""
    links = PUBLIC.get(board) or ARTICLES[board][0]
    (reported,) = play(
        World(lte_dbm=None),
        program("start_and_show_led"),
        tmp_path,
        board=BOARDS / board,
        paced=True,
    )
    assert reported["hotspot"] == ("wifi" in links)
    if "ethernet" in links:
        assert (reported["link"], reported["led"], reported["state"]) == (
            "ethernet",
            "green",
            "connecting",
        )
    else:
        assert reported["link"] is None
