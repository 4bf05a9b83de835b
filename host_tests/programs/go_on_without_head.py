"""No head answers, and a meter's first point is applied. Prints whether time is counted before
and after it, 250 cycles of 20 ms each."""

import json

from site import document
from energy.aggregates import Aggregates  # noqa: F401 - not behind the others: the stack is short
import assembly

SITE = {
    "version": 1, "name": "Test", "uuid": "u", "location": 1, "timezone": "Etc/UTC",
    "utc_offset": 0, "scheme": "3x400+N", "frequency": 50, "head": "5020000001",
    "points": [], "loads": [{"name": "Pump", "role": "circuit"}],
    "b_bus": {"meters": [{"name": "M", "unit": 2, "profile": "SDM120"}]},
}  # fmt: skip
POINT = {"meter": "M", "input": "A", "phase": "L1", "load": "Pump"}


class Hardware:
    a_uart = None
    a_baud = 1000000

    @staticmethod
    def ticks_us():
        return 0

    @staticmethod
    def now_ms():
        return None

    @staticmethod
    def entropy():
        return 7


class Silence:
    timed = False
    block = within = 0


def wait(measuring):
    for cycle in range(250):
        measuring.bus.backlog.note(20000 * cycle, Silence)
    print(measuring.bus.backlog.head.known)


def load(points):
    return document.load(json.dumps(dict(SITE, points=points)), lambda b_bus: {"M": 1})


measuring = assembly.build_measuring(Hardware, load([]), lambda: None)
wait(measuring)
measuring.stopped = None
wait(assembly.build_next(Hardware, load([POINT]), measuring))
