"""The Connect: basic functions, Ethernet and Wi-Fi."""

NAME = "CONNECT"
ARTICLE_TYPE = 5130  # the first four digits of its serial number
LINKS = ("ethernet", "wifi")
CHOOSES = "installer"
BUSES = ("a", "b")
PSRAM = True
HAS_B_MODULES = False
LED = {
    "booting": ("blue", "solid"),
    "ready": ("blue", "blinking"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),
    "lost": ("red", "blinking"),
    "no internet": ("red", "blinking"),
    "safe mode": ("purple", "blinking"),
}
MAX_STATE_S = {"booting": 30, "connecting": 120}
RESET = (("red", 1), ("blue", 3))
PINS = {
    "a_tx": 5,
    "a_rx": 35,
    "button": 34,
    "led_red": 32,
    "led_green": 33,
    "led_blue": 14,
    "eth_mdc": 23,
    "eth_mdio": 18,
    "eth_address": 0,
    "b_tx": 15,
    "b_rx": 36,
}
