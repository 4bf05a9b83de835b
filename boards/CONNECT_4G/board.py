"""The 4G Connect: basic functions, LTE Cat M1."""

NAME = "CONNECT_4G"
ARTICLE_TYPE = 5140  # the first four digits of its serial number
LINKS = ("lte",)
CHOOSES = "installer"
BUSES = ("a",)  # the modem has the UART of the other
PSRAM = True
HAS_B_MODULES = False
LED = {
    "booting": ("cyan", "blinking"),
    "searching": ("cyan", "blinking"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),
    "medium": ("yellow", "breathing"),
    "poor": ("red", "breathing"),
    "lost": ("red", "blinking"),
    "no internet": ("red", "blinking"),
    "safe mode": ("purple", "blinking"),
}
MAX_STATE_S = {"connecting": 120}
SIGNAL_DBM = (-95, -105)  # good reception from here on; medium from here on
RESET = (("red", 1), ("blue", 3))
PINS = {
    "a_tx": 5,
    "a_rx": 35,
    "button": 34,
    "led_red": 32,
    "led_green": 33,
    "led_blue": 14,
    "lte_tx": 4,
    "lte_rx": 36,
}
