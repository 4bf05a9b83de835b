"""A program that cannot even begin, on a chip that is made up: the LED is red, the reason is kept,
the chip starts anew, and the next start reports why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from esp32_fakes import on_chip

import pytest
from gateway_host import image

BOARDS = sorted(set(image.boards()) - {"SIMULATOR"})


def begin(broken: str, directory: Path, board: str = "GENIUS", debug: bool = False) -> Any:
    given = {"main": str(image.MAIN), "broken": broken, "debug": debug}
    return on_chip("begin_in_vain", given, board, directory)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(
    "broken, reason",
    [("hardware", "OSError"), ("module", "ImportError")],
)
def test_it_shows_red_keeps_the_reason_and_starts_anew(tmp_path, board, broken, reason):
    said = begin(broken, tmp_path, board)
    assert said["reason"].startswith(reason), said
    assert said["count"] == 1
    assert said["led"] == [255, 0, 0]
    assert said["slept"] == [30]


def test_an_engineer_has_the_prompt(tmp_path):
    """With the file `debug` the error ends the program."""
    (tmp_path / "debug").touch()
    assert begin("hardware", tmp_path, debug=True) == "raised"
