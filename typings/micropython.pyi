"""MicroPython's own module, as far as the firmware uses it. A viper function takes any buffer
where it says ptr8, ptr16 or ptr32; the compiler for the target checks the rest."""

from collections.abc import Callable
from typing import Any, TypeVar

_Constant = TypeVar("_Constant", int, float, str, bytes, tuple)

def const(value: _Constant, /) -> _Constant: ...
def viper(function: Callable[..., Any], /) -> Callable[..., Any]: ...
def kbd_intr(character: int, /) -> None: ...
