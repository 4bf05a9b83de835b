"""The chip's clock before and after the time is known. Prints whether it was set, and to what."""

import json

from esp32_fakes import rtc

import board
import hardware

made = hardware.make(board)
known = [made.set_chip_clock()]
made.now_ms = lambda: 1793145600123  # 2026-10-28 00:00:00 UTC, a Wednesday
known.append(made.set_chip_clock())
print(json.dumps([known, rtc]))
