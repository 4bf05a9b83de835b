"""What the firmware names without an import: MicroPython's viper types, and the contracts of the
hardware."""

from typing import Any

from contracts import Ethernet as Ethernet
from contracts import Hardware as Hardware
from contracts import Link as Link
from contracts import Radio as Radio
from contracts import Uart as Uart

class ptr(Any):
    def __init__(self, place: object) -> None: ...

class ptr8(ptr): ...
class ptr16(ptr): ...
class ptr32(ptr): ...
class uint(int): ...
