"""A gateway's power-up, with the firmware's own image for a board and the files of
boards/ESP32_GATEWAY: after a factory reset, after a power cut at any operation of one, with a
damaged file system."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway_host import image
from in_interpreter import succeed

LABEL = b'{"serial": "5010654321", "hotspot_key": "labelkey2345"}'
BOARD = image.BOARDS / "ESP32_GATEWAY"


@pytest.fixture(scope="module")
def romfs() -> Path:
    return image.build("GENIUS", image.ARCHITECTURES[32]).romfs


def on_device(
    program: str, application: Path, frozen: Path | str, main_is_file: bool = False, **given: Any
) -> dict:
    """application: a ROMFS image, or a folder of what is in the file system."""
    given |= {"application": str(application), "frozen": str(frozen), "label": LABEL.decode()}
    given |= {"main": str(image.MAIN), "main_is_file": main_is_file}
    said = succeed(program, given=given, heap="16M", path=())
    (line,) = (line for line in said.splitlines() if line.startswith("{"))
    return json.loads(line)


def check_every_cut(reported: dict) -> None:
    """As new after the reset, and where it was cut too, unless it had not begun."""
    assert reported["used"] == "runs" and reported["secrets"] > 30
    whole, cuts = reported["whole"], reported["cuts"]
    assert (whole["reset"], whole["then"], whole["new"]) == ("runs", "runs", True)
    assert len(cuts) >= 2 * min(whole["operations"], 16) > 20
    for number, after in enumerate(cuts):
        assert (after["reset"], after["then"]) == ("cut", "runs"), (number, after)
        assert after["new"] if after["begun"] else after["as_before"], (number, after)
    assert [after["begun"] for after in cuts[:3]] == [False, False, True]


def test_it_comes_up_as_new_after_a_reset_and_after_a_cut_at_any_operation(romfs):
    """And then nothing of what it was given is in the flash."""
    reported = on_device("reset_with_power_cuts", romfs, BOARD, blocks=24)
    check_every_cut(reported)
    assert reported["whole"]["operations"] > 24  # every block is erased
    assert not any(
        after["secrets"] for after in [reported["whole"], *reported["cuts"]] if after["begun"]
    )


def test_it_is_as_new_after_it_was_freed_and_after_a_cut_at_any_operation(romfs):
    """All or nothing, and its label says when."""
    freed = 1764000000
    reported = on_device("reset_with_power_cuts", romfs, BOARD, blocks=24, freed=freed)
    check_every_cut(reported)
    for after in [reported["whole"], *reported["cuts"]]:
        assert after["freed"] == freed if after.get("begun", True) else after["secrets"]


def test_a_reset_leaves_the_program_where_it_is_in_the_same_file_system(romfs):
    """With the files of `make flash`; with ROMFS, where main.py is a file and not frozen."""
    files = romfs.parent / "files"
    for application, more in ((files, {"blocks": 352}), (romfs, {"blocks": 24})):
        with_file = application == romfs
        reported = on_device("reset_with_power_cuts", application, "", with_file, most=6, **more)
        check_every_cut(reported)
        after = [reported["whole"], *reported["cuts"]]
        assert not any(one["given"] for one in after if one["begun"])


@pytest.mark.parametrize(
    "damage", [[[0, 65536, 255]], [[0, 8192, 165]], [[0, 4000, 0], [4100, 20, 0]]]
)
def test_it_comes_up_whatever_is_left_of_the_file_system(romfs, damage):
    reported = on_device("boot_damaged_flash", romfs, BOARD, damage=damage)
    assert (reported["then"], reported["again"]) == ("runs", "runs")
