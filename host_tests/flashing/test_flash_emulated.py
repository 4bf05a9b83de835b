"""`make flash` by esptool on the emulated chip, in its loader: then it boots from what was
written. Skipped where one of them is missing."""

from __future__ import annotations

import os
import select
import time
from pathlib import Path

import pytest
from gateway_host.__main__ import main
from gateway_host.chip import emulator, flash_image, scripts
from gateway_host.errors import UserError
from gateway_host.flashing import esp

BOARD = "WIFI_CONNECT"
LOADER = ["-global", "driver=esp32.gpio,property=strap_mode,value=0x0f"]
_LONGEST_S = 60


class InLoader(emulator.Emulator):
    """A chip whose BOOT is held while it starts."""

    def _command(self, *what):
        return [*super()._command(*what), *LOADER]


def test_a_chip_boots_from_what_esptool_wrote(tmp_path: Path) -> None:
    try:
        emulator.find()
        firmware = flash_image.firmware()
        esp.program()
    except UserError as error:
        pytest.skip(str(error))
    settings = tmp_path / "settings.json"
    settings.write_text("{")  # its refusal is a line on the console
    settings.write_text('{"mqtt": 7}')
    with InLoader(b"\xff" * (4 << 20)) as chip:
        time.sleep(1)
        words = ["flash", "--board", BOARD, "--port", chip.pty, "--in-loader"]
        words += ["--firmware", str(firmware.path), "--settings", str(settings)]
        assert main(words) == 0
        flash = (chip.directory / "flash.bin").read_bytes()
    assert flash[0x1000:].startswith(firmware.path.read_bytes())
    with emulator.Emulator(flash, firmware.psram) as chip:
        console = os.open(chip.pty, os.O_RDWR | os.O_NOCTTY)
        said, until = b"", time.monotonic() + _LONGEST_S
        while b"error: settings.json" not in said and time.monotonic() < until:
            if select.select([console], [], [], 0.5)[0]:
                said += os.read(console, 4096)
        os.close(console)
    assert b"error: settings.json" in said, said[-2000:]


def test_the_on_device_tests_run_at_a_port(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        emulator.find()
        flash_image.firmware()
    except UserError as error:
        pytest.skip(str(error))
    with scripts.at_console(BOARD, {}) as chip:
        assert main(["test-device", "--port", chip.pty, "--only", "identify"]) == 0
    assert "2 passed, 0 failed" in capsys.readouterr().out
