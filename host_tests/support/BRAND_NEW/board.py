"""A gateway that nobody has thought of: Wi-Fi before Ethernet, a LED of its own."""

NAME = "BRAND_NEW"
ARTICLE_TYPE = 5199
LINKS = ("wifi", "ethernet")
CHOOSES = "gateway"
BUSES = ("a",)
HAS_B_MODULES = False
LED = {
    "booting": ("purple", "solid"),
    "connecting": ("cyan", "breathing"),
    "well": ("yellow", "breathing"),
    "lost": ("purple", "blinking"),
    "no internet": ("purple", "blinking"),
}
MAX_STATE_S = {}
RESET = (("off", 2), ("green", 5))
