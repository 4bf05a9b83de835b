"""A program that cannot even begin, on a chip that is made up: the LED is red, the reason is kept,
the chip starts anew, and the next start reports why."""

from __future__ import annotations

import json

import pytest
from chip import on_chip
from gateway_host import image
from gateway_host.session import ROOT

BOARDS = sorted(set(image.boards()) - {"SIMULATOR"})
SEEN = """
import os
shown, slept, light = [], [], {}

class PWM(Anything):
    def __init__(self, pin, freq, duty_u16):
        self.number = pin.number
        light[self.number] = duty_u16
    def duty_u16(self, duty):
        light[self.number] = duty

class Pin(Anything):
    def __init__(self, number, *what, **named):
        self.number = number

class Over(BaseException):
    pass

def reset():
    raise Over

machine = sys.modules["machine"]
machine.PWM, machine.Pin, machine.reset = PWM, Pin, reset
machine.bitstream = lambda pin, kind, timing, data: shown.append(bytes(data))
import last_resort
last_resort.time = Module(sleep=slept.append)
import board
"""
BEGIN = (
    f"MAIN = {str(ROOT / 'firmware' / 'main.py')!r}"
    + """
micropython = __import__("micropython")
try:
    with open(MAIN) as file:
        exec(file.read(), {})
except Over:
    pass
from system.ends import Ends

class Next:
    reset_cause = "software"
    end_kept = staticmethod(lambda: kept[0])
    keep_end = staticmethod(lambda data: None)

ends = Ends(Next)
ends.begin()
if "led_addressable" in board.PINS:
    red, green, blue = shown[-1][1], shown[-1][0], shown[-1][2]
else:
    dark = 65535 * board.PINS.get("led_low", 0)
    red, green, blue = (
        abs(light[board.PINS[name]] - dark) // 257 for name in ("led_red", "led_green", "led_blue")
    )
print(json.dumps({"reason": ends.reason, "count": ends.count, "led": [red, green, blue],
                  "slept": slept[-1:]}))
"""
)
NO_HARDWARE = """
class Broken:
    def __init__(self, *what, **named):
        raise OSError(5, "no UART")
machine.UART = Broken
"""
NO_MODULE = """
class Broken:
    def __getattr__(self, name):
        raise ImportError("can't import name " + name)
sys.modules["system.counters"] = Broken()
"""


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(
    "broken, reason",
    [(NO_HARDWARE, "OSError"), (NO_MODULE, "ImportError")],
    ids=["hardware", "module"],
)
def test_it_shows_red_keeps_the_reason_and_starts_anew(tmp_path, board, broken, reason):
    said = on_chip(SEEN + broken + BEGIN, board, tmp_path)
    assert said["reason"].startswith(reason), said
    assert said["count"] == 1
    assert said["led"] == [255, 0, 0]
    assert said["slept"] == [30]


def test_an_engineer_has_the_prompt(tmp_path):
    """With the file `debug` the error ends the program."""
    (tmp_path / "debug").touch()
    program = BEGIN.replace(
        "except Over:\n    pass", "except OSError:\n    print(json.dumps('raised'))"
    )
    said = on_chip(
        SEEN + NO_HARDWARE + program.partition("from system.ends")[0], "GENIUS", tmp_path
    )
    assert json.loads(json.dumps(said)) == "raised"
