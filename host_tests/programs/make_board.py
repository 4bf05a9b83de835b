"""Makes a board's hardware. Prints its UARTs and pins."""

import json

from esp32_fakes import pins, uarts

import board
import hardware

made = hardware.make(board)
if "b" in board.BUSES:
    made.b_uart()
print(json.dumps({"uarts": uarts, "pins": pins}))
