"""The smallest heap in which the whole gateway measures and publishes.

The gateway boots from the ROMFS image, mapped outside the heap: code does not count, as on a
device where it is frozen or executed in place. Each try is a new start with 28 points and a
broker; it holds when nothing is counted as an error and nothing is lost.
"""

from __future__ import annotations

import time

from rich.console import Console

from gateway_host.broker import Broker
from gateway_host.errors import UserError
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.view.collector import Collector

_STEP = 4 * 1024
_MIN = 64 * 1024
MAX = 512 * 1024  # as session.HEAP gives the 32-bit interpreter
_MESSAGES = 4
_PATIENCE_S = 30


def least_heap(progress: Console) -> int:
    """Bytes, to 4 kB. UserError when 512 kB are not enough."""
    low, high = _MIN // _STEP, MAX // _STEP
    if not _holds(high * _STEP):
        raise UserError(f"the gateway does not run in a heap of {high * _STEP:,} bytes")
    while high - low > 1:
        middle = (low + high) // 2
        good = _holds(middle * _STEP)
        progress.print(f"    {middle * _STEP:,} bytes: {'enough' if good else 'too little'}")
        low, high = (low, middle) if good else (middle, high)
    return high * _STEP


def _holds(heap: int) -> bool:
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    with Broker() as broker, Collector(plan) as collector:
        collector.connect("127.0.0.1", broker.port)
        mqtt = broker.mqtt()
        with Session(Installation(house), plan, mqtt=mqtt, heap=str(heap)) as session:
            deadline = time.monotonic() + _PATIENCE_S
            while time.monotonic() < deadline:
                time.sleep(0.1)
                if session.exit_code is not None or "MemoryError" in session.tail():
                    return False
                snapshot = collector.snapshot()
                if snapshot.received.get("realtime", 0) >= _MESSAGES and snapshot.gateway:
                    return not snapshot.gateway["errors"]
    return False
