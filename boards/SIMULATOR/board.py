"""The simulated gateway plays a Genius, with hardware of its own (hardware.py)."""

NAME = "SIMULATOR"
ARTICLE_TYPE = 5010  # the first four digits of its serial number
LINKS = ("ethernet", "wifi")
CHOOSES = "gateway"
BUSES = ("a", "b")
PSRAM = True
HAS_B_MODULES = True
LED = {
    "booting": ("blue", "solid"),
    "ready": ("blue", "blinking"),
    "connecting": ("green", "solid"),
    "well": ("green", "breathing"),
    "lost": ("red", "blinking"),
    "no internet": ("red", "solid"),
    "safe mode": ("purple", "blinking"),
}
MAX_STATE_S = {"booting": 600, "connecting": 120}
RESET = (("red", 1), ("yellow", 8), ("off", 15), ("blue", 20))
