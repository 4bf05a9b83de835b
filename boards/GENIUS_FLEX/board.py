"""The Genius Flex: a Genius with the Power Box built in."""

NAME = "GENIUS_FLEX"
ARTICLE_TYPE = 5020  # the first four digits of its serial number
LINKS = ("ethernet", "wifi")
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
