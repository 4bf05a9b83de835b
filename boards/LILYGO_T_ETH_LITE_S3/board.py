"""LILYGO's T-ETH-Lite-ESP32S3 as a gateway: docs/boards.md has the wiring and its sources."""

NAME = "LILYGO_T_ETH_LITE_S3"
PUBLIC = "LILYGO T-ETH-Lite-ESP32S3"
CHIP = "esp32s3"
FLASH_MB = 16
ARTICLE_TYPE = 5010  # it plays a Genius
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
PINS = {
    "a_tx": 17,
    "a_rx": 18,
    "button": 0,
    "button_pull": 1,
    "led_red": 38,
    "led_green": 39,
    "led_blue": 40,
    "eth_phy": "W5500",
    "eth_address": 1,
    "eth_sck": 10,
    "eth_mosi": 12,
    "eth_miso": 11,
    "eth_cs": 9,
    "eth_int": 13,
    "eth_reset": 14,
    "b_tx": 15,
    "b_rx": 16,
}
