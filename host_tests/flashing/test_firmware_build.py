"""`make firmware`: what is missing is said in one line; with a made-up ESP-IDF it builds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from gateway_host.commands import firmware as command
from gateway_host.errors import UserError
from gateway_host.flashing import build, partitions
from gateway_host.flashing.chips import CHIPS
from gateway_host.flashing.of_board import chip_and_flash
from made_up_firmware import made_up

MAKEFILE = "all:\n\t@{}\n"
TAKE = 'mkdir -p "$(BUILD)" && cp made.bin "$(BUILD)/firmware.bin" && echo $$GATEWAY_FLASH_MB'


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """MicroPython's sources, as far as they are looked at."""
    folder = tmp_path / "micropython"
    (folder / "ports" / "esp32").mkdir(parents=True)
    (folder / "ports" / "esp32" / "Makefile").write_text(MAKEFILE.format(TAKE))
    (folder / "py").mkdir()
    header = "#define MICROPY_VERSION_MAJOR 1\n#define MICROPY_VERSION_MINOR 27\n"
    (folder / "py" / "mpconfig.h").write_text(header)
    return folder


@pytest.fixture
def idf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment with an ESP-IDF."""
    monkeypatch.setattr(build, "ROOT", tmp_path / "root")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "boards").symlink_to(Path(build.__file__).parents[3] / "boards")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "idf.py").write_text("#!/bin/sh\n")
    (tools / "idf.py").chmod(0o755)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "IDF_PATH": str(tmp_path / "idf")}


def run(sources: Path, environment: dict[str, str], chip: str = "esp32", mb: int = 8) -> Any:
    into = sources.parent / "out" / "firmware.bin"
    return build.build(CHIPS[chip], mb, sources, into, environment)


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize("flash_mb", [4, 8, 16])
def test_it_is_built_with_the_table_for_the_flash(sources, idf, chip, flash_mb):
    table = partitions.read(build.table_file(flash_mb))
    made = made_up(CHIPS[chip], table)
    (sources / "ports" / "esp32" / "made.bin").write_bytes(made)
    built = run(sources, idf, chip, flash_mb)
    assert (built.version, built.chip.name) == ("1.27.0", chip)
    assert (sources.parent / "out" / "firmware.bin").read_bytes() == made
    board = CHIPS[chip].board
    log = build.ROOT / "build" / "firmware" / f"{board}-{flash_mb}MB.log"
    assert log.read_text().split() == [str(flash_mb)]  # the cmake file reads it there
    assert (build.ROOT / "boards" / board / "mpconfigboard.cmake").exists()


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda s, e: (s / "ports/esp32/Makefile").unlink(), "no ports/esp32/Makefile there"),
        (lambda s, e: old(s), "MicroPython 1.25, 1.26 or later is needed"),
        (lambda s, e: e.pop("IDF_PATH"), "no ESP-IDF: IDF_PATH is not set; install"),
        (lambda s, e: e.update(PATH="/nowhere"), "no ESP-IDF: idf.py is not on PATH; install"),
        (lambda s, e: fails(s), "MicroPython was not built: make: *** "),
        (lambda s, e: other_table(s), "has other partitions than partitions-8MB.csv"),
    ],
)
def test_what_is_missing_is_said_in_one_line(sources, idf, change, words):
    change(sources, idf)
    with pytest.raises(UserError) as refused:
        run(sources, idf)
    assert words in str(refused.value) and "\n" not in str(refused.value)
    assert not (sources.parent / "out" / "firmware.bin").exists()


def old(sources: Path) -> None:
    header = sources / "py" / "mpconfig.h"
    header.write_text(header.read_text().replace("27", "25"))


def fails(sources: Path) -> None:
    recipe = MAKEFILE.format("echo no compiler; exit 1")
    (sources / "ports" / "esp32" / "Makefile").write_text(recipe)


def other_table(sources: Path) -> None:
    table = partitions.read(build.table_file(4))
    made = made_up(CHIPS["esp32"], table)
    (sources / "ports" / "esp32" / "made.bin").write_bytes(made)


def test_a_user_without_esp_idf_is_told(sources, monkeypatch):
    monkeypatch.delenv("IDF_PATH", raising=False)
    arguments = type("Given", (), {"board": "GENIUS", "flash": None, "micropython": None})
    with pytest.raises(UserError, match="MICROPYTHON=folder"):
        command.main(arguments)
    arguments.micropython = sources
    with pytest.raises(UserError, match="no ESP-IDF: IDF_PATH is not set"):
        command.main(arguments)


def test_the_chip_and_the_flash_are_the_boards():
    assert chip_and_flash("LILYGO_T_ETH_LITE_S3") == (CHIPS["esp32s3"], 16)
    assert chip_and_flash("GENIUS", 8) == (CHIPS["esp32"], 8)
    for board, flash, words in (
        ("SIMULATOR", None, "no such board with a chip; known: CONNECT,"),
        ("GENIUS", 32, "FLASH=32: there are tables for 4, 8 and 16 MB"),
    ):
        with pytest.raises(UserError, match=words):
            chip_and_flash(board, flash)
