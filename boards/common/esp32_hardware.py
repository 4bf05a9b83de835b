"""Hardware objects of the gateways with an ESP32: the only file that imports machine and network.
 A board's board.py gives the data and calls hardware(). The RS485 transceivers switch their
direction by themselves (their driver is enabled by the data line), so a UART is a whole line.
"""

import asyncio
import os
import time

import machine
import network
from micropython import const

_BAUD = const(3000000)
_RECEIVE_BUFFER = const(8192)  # docs/a-bus.md section 8
_TO_UNIX = const(946684800)  # seconds from 1970 to 2000, where the ESP32's clock begins
_SET = const(800000000)  # a clock below this was never set


class Hardware:
    """What the firmware gets. `pins`: the board's table of GPIO numbers; `links`: the board's, in
    order of preference; `serial`: ten digits."""

    def __init__(self, serial, pins, links):
        self.serial = serial
        self.a_baud = _BAUD
        self.a_uart = machine.UART(
            1,
            baudrate=_BAUD,
            tx=pins["a_tx"],
            rx=pins["a_rx"],
            rxbuf=_RECEIVE_BUFFER,
            timeout=0,
        )
        self._led = [
            machine.PWM(machine.Pin(pins[name]), freq=1000, duty_u16=0)
            for name in ("led_red", "led_green", "led_blue")
        ]
        self._seconds = 0
        self._ms = 0
        self._ticks = time.ticks_ms()
        self._links = {name: _LINKS[name](pins) for name in links if name in _LINKS}

    ticks_us = staticmethod(time.ticks_us)

    def sleep_us(self, us):
        """Sleep: to be awaited. Rounded up to whole ms."""
        return asyncio.sleep_ms((us + 999) // 1000)

    def uptime_ms(self):
        """ms since start; call it at least once in six days."""
        now = time.ticks_ms()
        self._ms += time.ticks_diff(now, self._ticks)
        self._ticks = now
        return self._ms

    def now_ms(self):
        """Milliseconds since 1970, or None while the time is not known."""
        if time.time() < _SET:
            return None
        return time.time_ns() // 1000000 + _TO_UNIX * 1000

    def set_led(self, red, green, blue):
        for channel, level in zip(self._led, (red, green, blue)):
            channel.duty_u16(level * 257)

    def entropy(self):
        """A number of 16 bits or more, another one at every start."""
        return int.from_bytes(os.urandom(2), "big")

    def connect(self, settings):
        """Join the Wi-Fi network of the settings; the driver joins it again whenever it is
        lost."""
        wifi = settings.get("wifi")
        if wifi and "wifi" in self._links:
            self._links["wifi"].connect(wifi["ssid"], wifi["key"])

    def online(self):
        """Whether the network is up."""
        return any(link.isconnected() for link in self._links.values())

    def name_server(self):
        """Address of the network's name server."""
        for link in self._links.values():
            if link.isconnected():
                return link.ifconfig()[3]
        return "0.0.0.0"


def _ethernet(pins):
    lan = network.LAN(
        mdc=machine.Pin(pins["eth_mdc"]),
        mdio=machine.Pin(pins["eth_mdio"]),
        power=None,
        phy_type=network.PHY_LAN8720,
        phy_addr=pins["eth_address"],
    )
    lan.active(True)
    return lan


def _wifi(_):
    wlan = network.WLAN(network.STA_IF)
    wlan.active(True)
    return wlan


def give_up():
    """The configuration is not usable: back to the REPL, where it can be written."""


_LINKS = {"ethernet": _ethernet, "wifi": _wifi}


def serial_number(article_type):
    """Ten digits: the article's type, and the last 24 bits of the chip's number modulo 10^6."""
    chip = machine.unique_id()
    return "%04d%06d" % (article_type, int.from_bytes(chip[-3:], "big") % 1000000)
