"""main.py on a made-up chip, of a program that cannot begin. Standard input: `main`, its path;
`broken`, what is: "hardware" or "module"; `debug`, whether an engineer is there. Prints the reason
that the next start reports, their count, the LED's light, for how long was slept; of an engineer's
"raised" where the error ends the program."""

import json
import sys

from esp32_fakes import Anything, Module, kept, machine

import board
import last_resort

given = json.load(sys.stdin)
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


machine.PWM, machine.Pin, machine.reset = PWM, Pin, reset
machine.bitstream = lambda pin, kind, timing, data: shown.append(bytes(data))
last_resort.time = Module(sleep=slept.append)


class NoUart:
    def __init__(self, *what, **named):
        raise OSError(5, "no UART")


class NoModule:
    def __getattr__(self, name):
        raise ImportError("can't import name " + name)


class Next:
    reset_cause = "software"
    end_kept = staticmethod(lambda: kept[0])
    keep_end = staticmethod(lambda data: None)
    uptime_ms = staticmethod(lambda: 0)


def light_shown():
    if "led_addressable" in board.PINS:
        return [shown[-1][1], shown[-1][0], shown[-1][2]]
    dark = 65535 * board.PINS.get("led_low", 0)
    names = ("led_red", "led_green", "led_blue")
    return [abs(light[board.PINS[name]] - dark) // 257 for name in names]


def begin():
    with open(given["main"]) as file:
        exec(file.read(), {})


def end_reported():
    from system.ends import Ends

    ends = Ends(Next)
    ends.begin("")
    return {"reason": ends.reason, "count": ends.count}


if given["broken"] == "hardware":
    machine.UART = NoUart
else:
    sys.modules["system.counters"] = NoModule()
if given["debug"]:
    try:
        begin()
    except OSError:
        print(json.dumps("raised"))
else:
    try:
        begin()
    except Over:
        pass
    reported = end_reported()
    reported.update({"led": light_shown(), "slept": slept[-1:]})
    print(json.dumps(reported))
