"""What the firmware names without an import: MicroPython's viper types, and the contracts of the
hardware."""

from typing import Any

import contracts

BoardHardware = contracts.Hardware
Ethernet = contracts.Ethernet
Link = contracts.Link
Radio = contracts.Radio
UartLine = contracts.Uart

class ptr(Any):
    def __init__(self, place: object) -> None: ...

class ptr8(ptr): ...
class ptr16(ptr): ...
class ptr32(ptr): ...
class uint(int): ...
