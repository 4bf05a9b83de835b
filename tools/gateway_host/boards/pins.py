"""A board's PINS: what each of them is for, and what its chip can do with it (docs/device.md, "A
board"; Espressif's datasheets)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

_LAMPS = ("led_red", "led_green", "led_blue")
# GPIOs of each link and bus; what else its chip has to know.
_NEEDED = {
    "a": ("a_tx", "a_rx"),
    "b": ("b_tx", "b_rx"),
    "ethernet": ("eth_mdc", "eth_mdio"),
    "wifi": (),
    "lte": ("lte_tx", "lte_rx"),
}
_OPTIONAL = {"ethernet": ("eth_power", "eth_reset", "eth_clock_out"), "lte": ("lte_power",)}
_SPI_NEEDED = ("eth_sck", "eth_mosi", "eth_miso", "eth_cs", "eth_int")
_SPI_OPTIONAL = ("eth_power", "eth_reset")
_RMII_PHYS = ("LAN8710", "LAN8720", "IP101", "RTL8201", "DP83848", "KSZ8041", "KSZ8081")
_SPI_PHYS = ("W5500",)
_INPUTS = ("a_rx", "b_rx", "lte_rx", "button", "eth_miso", "eth_int")

_RMII = (19, 21, 22, 25, 26, 27)  # they cannot be others
_CLOCK_IN = 0
_CLOCK_OUT = (0, 16, 17)


@dataclass(frozen=True)
class _Chip:
    """`gpios`: free ones; `others`: what the rest is for; `only_inputs`: without a driver and a
    resistor; `psram`: those of a module with PSRAM; `rmii`: whether it has an Ethernet MAC."""

    gpios: frozenset[int]
    others: str
    only_inputs: Collection[int]
    psram: Collection[int]
    rmii: bool


_CHIPS = {
    "esp32": _Chip(
        frozenset({0, 2, 4, 5, *range(12, 20), 21, 22, 23, 25, 26, 27, *range(32, 40)}),
        "6 to 11: flash; 1, 3: console",
        range(34, 40),
        (16, 17),  # of an ESP32-WROVER
        rmii=True,
    ),
    "esp32s3": _Chip(
        frozenset({*range(19), 21, *range(33, 43), 45, 46, 47, 48}),
        "26 to 32: flash; 19, 20: USB; 43, 44: console",
        (),
        range(33, 38),  # of an ESP32-S3 with PSRAM on eight lines
        rmii=False,
    ),
}
CHIPS = tuple(_CHIPS)


def problems(
    pins: dict[str, Any], parts: Collection[str], psram: bool, chip: str = "esp32"
) -> Iterator[str]:
    """What cannot work. parts: the board's links and buses; psram: its module has PSRAM; chip: one
    of CHIPS. As in board_data, each relies on those before it."""
    able = _CHIPS[chip]
    by_spi = "ethernet" in parts and pins.get("eth_phy") in _SPI_PHYS
    required = _NEEDED | ({"ethernet": _SPI_NEEDED} if by_spi else {})
    optional = _OPTIONAL | ({"ethernet": _SPI_OPTIONAL} if by_spi else {})
    lamps = ("led_addressable",) if "led_addressable" in pins else _LAMPS
    needed = ["button", *lamps, *(pin for part in parts for pin in required[part])]
    gpios = [*needed, *(pin for part in parts for pin in optional.get(part, ()))]
    options = {"button_high": (0, 1), "button_pull": (1,)}
    if lamps is _LAMPS:
        options["led_low"] = (0, 1)
    if "ethernet" in parts:
        needed.append("eth_address")
        phys = (*_RMII_PHYS, *_SPI_PHYS) if able.rmii else _SPI_PHYS
        options |= {"eth_address": range(32), "eth_phy": phys}
        if not able.rmii and "eth_phy" not in pins:
            yield f"'eth_phy' is missing: the chip has no Ethernet, {_words(phys)} gives it some"
    if "lte" in parts:
        options |= {"lte_power_low": (0, 1), "lte_power_ms": range(1, 10001)}
    if "eth_phy" in pins.keys() & options.keys() and pins["eth_phy"] not in options["eth_phy"]:
        # It decides which pins are wanted.
        yield f"'eth_phy': {pins['eth_phy']!r} is none of {_words(options['eth_phy'])}"
    for name in needed:
        if name not in pins:
            yield f"{name!r} is missing"
    for name, value in pins.items():
        if name in options:
            if type(value) not in (int, str) or value not in options[name]:
                yield f"{name!r}: {value!r} is none of {_words(options[name])}"
        elif name not in gpios:
            yield f"{name!r} is not known on this board; known: {', '.join([*gpios, *options])}"
    numbers = {name: pins[name] for name in gpios if name in pins}
    yield from _gpios(numbers, parts, able, psram, by_spi)
    if "button_pull" in pins and pins["button"] in able.only_inputs:
        yield f"'button_pull': GPIO {pins['button']} has no resistor"


def _gpios(
    pins: dict[str, Any], parts: Collection[str], able: _Chip, psram: bool, by_spi: bool
) -> Iterator[str]:
    """pins: those that are numbers of GPIOs."""
    used = dict.fromkeys(able.psram if psram else (), "the module's PSRAM")
    if "ethernet" in parts and not by_spi:
        fixed = _RMII if "eth_clock_out" in pins else (*_RMII, _CLOCK_IN)
        used |= dict.fromkeys(fixed, "Ethernet's data or clock")
    for name, gpio in pins.items():
        if type(gpio) is not int or gpio not in able.gpios:
            yield f"{name!r}: {gpio!r} is no free GPIO ({able.others})"
        elif gpio in used:
            yield f"{name!r}: GPIO {gpio} is taken: {used[gpio]}"
        elif gpio in able.only_inputs and name not in _INPUTS:
            yield f"{name!r}: GPIO {gpio} is an input only"
        used[gpio] = name
    if "eth_clock_out" in pins:
        if pins["eth_clock_out"] not in _CLOCK_OUT:
            yield f"'eth_clock_out': must be one of {_words(_CLOCK_OUT)}"
        if "wifi" in parts:
            yield "'eth_clock_out': not beside Wi-Fi (Espressif's erratum CLK-3.22)"


def _words(choices: Collection[Any]) -> str:
    if isinstance(choices, range):
        return f"{choices[0]} to {choices[-1]}"
    return ", ".join(map(str, choices))
