"""The emulated chip itself: skipped where there is no emulator, or no firmware with PSRAM."""

from __future__ import annotations

import pytest
from gateway_host.chip import bench, device_tests, emulator, flash_image, report
from gateway_host.errors import UserError
from gateway_host.sim.house_file import DEFAULT_HOUSE

BOARD = "WIFI_CONNECT"


@pytest.fixture(autouse=True)
def chip() -> None:
    """An emulator and a firmware."""
    try:
        emulator.find()
        firmware = flash_image.firmware()
    except UserError as error:
        pytest.skip(str(error))
    if not firmware.psram:
        pytest.skip("no firmware with PSRAM: ESP32_FIRMWARE names one (docs/chip.md)")


def test_an_on_device_test_runs_there() -> None:
    (found,) = device_tests.run(BOARD, lambda _: None, "identify")
    assert found.passed and not found.failed, found.words


def test_the_image_measures_and_publishes() -> None:
    measured = bench.measure(bench.Run(BOARD, DEFAULT_HOUSE, 25, tls=True), lambda _: None)
    found = report.result(measured)
    assert found["blocks_handed_over"] > 0
    assert found["realtime_sent"] > 0
    assert found["start_s"] is not None and found["idle_share"] is not None
    assert found["internal_heap_free_bytes"] > 0
