"""The boards' LED tables against the installation manual's (product.md section 4). How the LED
follows what happens is in test_uplink.py, its timing in device/test_led.py."""

from __future__ import annotations

import json

import pytest
from gateway_host import interpreter
from gateway_host.image import BOARDS, boards
from gateway_host.session import MODULE_PATH

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
    "SIMULATOR": GENIUS | READY,  # it plays a Genius
}

# Of product.md section 3 and interfaces.md section 1: links and the article's type.
ARTICLES = {
    "GENIUS": (("ethernet", "wifi"), 50),
    "GENIUS_FLEX": (("ethernet", "wifi"), 50),
    "CONNECT": (("ethernet", "wifi"), 5130),
    "WIFI_CONNECT": (("wifi",), 5100),
    "CONNECT_4G": (("lte",), 5140),
}

# Prints a board's data.
SHOW = """
import json
import board, led_animation
kind = getattr(board, "ARTICLE_TYPE", 0)
print(json.dumps({"led": board.LED, "links": board.LINKS, "type": kind,
                  "b": board.HAS_B_MODULES, "colours": list(led_animation.COLOURS)}))
"""


def data_of(board: str, bits: int = 32) -> dict:
    path = [BOARDS / board, *MODULE_PATH[:1]]
    done = interpreter.run(["-c", SHOW], bits=bits, heap="512K", path=path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_every_board_is_in_the_manual():
    assert set(boards()) == set(MANUAL)


@pytest.mark.parametrize("board", sorted(MANUAL))
def test_the_table_is_the_manuals(board):
    data = data_of(board)
    table = {state: tuple(shown) for state, shown in data["led"].items()}
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
