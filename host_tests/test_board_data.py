"""A board whose data cannot work is refused before there is an image of it, in one line that names
the board and the field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from gateway_host import board_data, image
from gateway_host.errors import UserError
from gateway_host.image import BOARDS
from test_led import NEW_BOARD

CONNECT_4G = (BOARDS / "CONNECT_4G" / "board.py").read_text(encoding="utf-8")
CONNECT = (BOARDS / "CONNECT" / "board.py").read_text(encoding="utf-8")


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
    ("CONNECT", '"connecting": 120', '"lost": 120', "LONGEST_S: 'lost' is none of"),
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
    ("CONNECT_4G", "SIGNAL_DBM = (-95, -105)", "", "SIGNAL_DBM: is missing"),
    ("CONNECT_4G", "(-95, -105)", "(-105, -95)", "SIGNAL_DBM: must be"),
    ("CONNECT_4G", 'BUSES = ("a",)', 'BUSES = ("a", "b")', "BUSES: the modem has the UART"),
    ("CONNECT_4G", "HAS_B_MODULES = False", "HAS_B_MODULES = True", "HAS_B_MODULES: there is no"),
]


@pytest.mark.parametrize("board, old, new, words", BROKEN, ids=[row[3][:30] for row in BROKEN])
def test_what_cannot_work_is_refused(board, old, new, words, tmp_path, monkeypatch):
    """By `make image` itself."""
    text = {"CONNECT": CONNECT, "CONNECT_4G": CONNECT_4G}[board]
    assert old in text
    folder_with(tmp_path, board, text.replace(old, new))
    monkeypatch.setattr(image, "BOARDS", tmp_path)
    with pytest.raises(UserError, match=re.escape(f"{board}/board.py: {words}")) as refused:
        image.build(board)
    assert "\n" not in str(refused.value)


def test_a_new_board_needs_pins_unless_it_has_hardware_of_its_own(tmp_path):
    folder = folder_with(tmp_path, "BRAND_NEW", NEW_BOARD)
    with pytest.raises(UserError, match="BRAND_NEW/board.py: PINS: is missing"):
        board_data.check(folder)
    (folder / "hardware.py").touch()
    board_data.check(folder)
