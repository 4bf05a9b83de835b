"""MicroPython's interactive console as a task; frozen in some firmware only."""

from collections.abc import Coroutine
from typing import Any

def task(globals: dict[str, Any] | None = ..., prompt: str = ...) -> Coroutine[Any, Any, None]: ...
