"""What boards/common/alarm.py wants of asyncio's queue of streams."""

from typing import Any

_io_queue: Any
