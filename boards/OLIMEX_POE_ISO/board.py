"""Olimex's ESP32-POE-ISO-WROVER as a gateway: docs/boards.md has the wiring and its sources."""

NAME = "OLIMEX_POE_ISO"
PUBLIC = "Olimex ESP32-POE-ISO-WROVER"
ARTICLE_TYPE = 5010  # it plays a Genius
LINKS = ("ethernet",)  # the chip gives the PHY its clock, which its Wi-Fi disturbs
CHOOSES = "gateway"
BUSES = ("a", "b")
PSRAM = True
HAS_B_MODULES = True
LED = {
    "booting": ("blue", "solid"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),
    "lost": ("red", "blinking"),
    "no internet": ("red", "solid"),
    "safe mode": ("purple", "blinking"),
}
MAX_STATE_S = {"booting": 600, "connecting": 120}
RESET = (("red", 1), ("yellow", 8), ("off", 15), ("blue", 20))
PINS = {
    "a_tx": 33,
    "a_rx": 32,
    "button": 34,
    "led_red": 14,
    "led_green": 15,
    "led_blue": 13,
    "eth_phy": "LAN8710",
    "eth_mdc": 23,
    "eth_mdio": 18,
    "eth_address": 0,
    "eth_power": 12,
    "eth_clock_out": 0,
    "b_tx": 4,
    "b_rx": 36,
}
