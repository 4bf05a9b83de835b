"""What a board's data make of LAN, button and LED. Prints LAN's arguments, whether the button is
pressed at each level, the LED's levels."""

import json

from esp32_fakes import Anything, Pin, machine, network

import board
import hardware

made = {}


class Lamp:
    def __init__(self, pin, freq, duty_u16):
        self.duty_u16 = lambda duty: levels.append(duty)
        levels.append(duty_u16)


class Button(Pin):
    def __init__(self, number, *what, **named):
        self.number = number

    def init(self, pull):
        made["pull"] = pull

    def value(self):
        return level


def lan(**named):
    for name in named:
        made[name] = getattr(named[name], "number", named[name])
    return Anything()


def spi(number, **named):
    return Button([number, named["sck"].number, named["mosi"].number, named["miso"].number])


levels = []
level = None  # nobody presses
network.LAN = lan
machine.SPI = spi
machine.PWM = Lamp
machine.Pin = Button
pressed = hardware.make(board).pressed
level = 0
made["at low"] = pressed()
level = 1
made["at high"] = pressed()
level = None
hardware.make(board).set_led(255, 1, 0)
made["levels"] = levels[-6:]
print(json.dumps(made))
