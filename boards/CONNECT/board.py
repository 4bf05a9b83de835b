"""The Connect: basic functions, Ethernet and Wi-Fi. Data only: esp32_hardware.py makes the
objects."""

from esp32_hardware import Hardware, give_up, serial_number  # noqa: F401

NAME = "CONNECT"
ARTICLE_TYPE = 5130  # the first four digits of its serial number
LINKS = ("ethernet", "wifi")
HAS_B_MODULES = False
RESET_HOLD_S = 3
LED = {
    "booting": ("blue", "solid"),
    "ready": ("blue", "blinking"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),
    "lost": ("red", "blinking"),
    "no internet": ("red", "blinking"),
}
PINS = {
    "a_tx": 17,
    "a_rx": 16,
    "led_red": 32,
    "led_green": 33,
    "led_blue": 14,
    "eth_mdc": 23,
    "eth_mdio": 18,
    "eth_address": 0,
}


def hardware():
    """The Hardware of this board."""
    return Hardware(serial_number(ARTICLE_TYPE), PINS, LINKS)
