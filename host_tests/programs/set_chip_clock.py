"""Sets the chip's clock. Prints to what."""

import json

from esp32_fakes import rtc

import board
import hardware

made = hardware.make(board)
made.set_chip_clock(1793145600123)  # 2026-10-28 00:00:00 UTC, a Wednesday
print(json.dumps(rtc))
