"""A board's PINS: what each of them is for, and what an ESP32 can do with it (docs/device.md, "A
board"; Espressif's datasheet)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
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
_PHYS = ("LAN8710", "LAN8720", "IP101", "RTL8201", "DP83848", "KSZ8041", "KSZ8081")
_INPUTS = ("a_rx", "b_rx", "lte_rx", "button")

_GPIOS = {0, 2, 4, 5, *range(12, 20), 21, 22, 23, 25, 26, 27, *range(32, 40)}
_ONLY_INPUTS = range(34, 40)
_RMII = (19, 21, 22, 25, 26, 27)  # they cannot be others
_CLOCK_IN = 0
_CLOCK_OUT = (0, 16, 17)
_PSRAM = (16, 17)  # of an ESP32-WROVER


def problems(pins: dict[str, Any], parts: Collection[str], psram: bool) -> Iterator[str]:
    """What cannot work. parts: the board's links and buses; psram: its module has PSRAM. As in
    board_data, each relies on those before it."""
    lamps = ("led_addressable",) if "led_addressable" in pins else _LAMPS
    needed = ["button", *lamps, *(pin for part in parts for pin in _NEEDED[part])]
    gpios = [*needed, *(pin for part in parts for pin in _OPTIONAL.get(part, ()))]
    options = {"button_high": (0, 1), "button_pull": (1,)}
    if lamps is _LAMPS:
        options["led_low"] = (0, 1)
    if "ethernet" in parts:
        needed.append("eth_address")
        options |= {"eth_address": range(32), "eth_phy": _PHYS}
    if "lte" in parts:
        options |= {"lte_power_low": (0, 1), "lte_power_ms": range(1, 10001)}
    for name in needed:
        if name not in pins:
            yield f"{name!r} is missing"
    for name, value in pins.items():
        if name in options:
            if type(value) not in (int, str) or value not in options[name]:
                yield f"{name!r}: {value!r} is none of {_words(options[name])}"
        elif name not in gpios:
            yield f"{name!r} is not known on this board; known: {', '.join([*gpios, *options])}"
    yield from _gpios({name: pins[name] for name in gpios if name in pins}, parts, psram)
    if "button_pull" in pins and pins["button"] in _ONLY_INPUTS:
        yield f"'button_pull': GPIO {pins['button']} has no resistor"


def _gpios(pins: dict[str, Any], parts: Collection[str], psram: bool) -> Iterator[str]:
    """pins: those that are numbers of GPIOs."""
    used = dict.fromkeys(_PSRAM if psram else (), "the module's PSRAM")
    if "ethernet" in parts:
        fixed = _RMII if "eth_clock_out" in pins else (*_RMII, _CLOCK_IN)
        used |= dict.fromkeys(fixed, "Ethernet's data or clock")
    for name, gpio in pins.items():
        if type(gpio) is not int or gpio not in _GPIOS:
            yield f"{name!r}: {gpio!r} is no free GPIO (6 to 11: flash; 1, 3: console)"
        elif gpio in used:
            yield f"{name!r}: GPIO {gpio} is taken: {used[gpio]}"
        elif gpio in _ONLY_INPUTS and name not in _INPUTS:
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
