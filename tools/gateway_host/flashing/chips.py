"""The chips that gateways have: what esptool, ESP-IDF and the web flasher call them, and where
their boot loader looks for the first program."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """`number`: in the header of a firmware; `family`: of ESP Web Tools; `start`: where a firmware
    file belongs in the flash; `board`: the folder with MicroPython's configuration; `stock`: the
    file that MicroPython publishes for it with PSRAM."""

    name: str
    number: int
    family: str
    start: int
    board: str
    stock: str


CHIPS = {
    "esp32": Chip("esp32", 0, "ESP32", 0x1000, "ESP32_GATEWAY", "ESP32_GENERIC-SPIRAM"),
    "esp32s3": Chip("esp32s3", 9, "ESP32-S3", 0, "ESP32S3_GATEWAY", "ESP32_GENERIC_S3-SPIRAM_OCT"),
}
