"""Prints the serial number of a board's hardware."""

import json

import esp32_fakes  # noqa: F401

import board
import hardware

print(json.dumps(hardware.make(board).serial))
