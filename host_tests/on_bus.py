"""Runs the firmware's measuring path against an installation in which things happen at given
times, and reads its reports with the A-bus's counters
(tools/gateway_host/device/bus_report.py)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from gateway_host.session import ROOT, Session
from gateway_host.sim.installation import Installation

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "bus_report.py"
NUMBERS = 1 << 22  # the firmware numbers samples modulo this

Report = dict[str, Any]
Event = tuple[float, Callable[["Eventful"], None]]


class Eventful(Installation):
    """An installation with events: (seconds, function of the installation), by the board's
    clock, so a run is the same however fast it is."""

    def __init__(self, house: Any, events: list[Event] | None = None, **options: Any):
        super().__init__(house, **options)
        self._events = sorted(events or [], key=lambda event: event[0])

    def write(self, ticks: int, data: bytes) -> None:
        """As Installation's; the gateway writes at least once in 20 ms."""
        while self._events and self._events[0][0] * 1e6 <= self.time_of(ticks):
            self._events.pop(0)[1](self)
        super().write(ticks, data)


def reports(
    installation: Installation,
    *words: str,
    plan: dict | None = None,
    bits: int = 32,
    paced: bool = False,
    rxbuf: int = 8192,
    baud: int = 3_000_000,
) -> Iterator[Report]:
    """The firmware's reports, without end. `words`: the script's own (pauses)."""
    with Session(
        installation,
        plan or installation.house.site_json(),
        script=SCRIPT,
        arguments=(*words, *(["paced"] if paced else [])),
        bits=bits,
        paced=paced,
        rxbuf=rxbuf,
        baud=baud,
        console=False,
    ) as session:
        while True:
            line = session.output.readline()
            session.check()
            assert line, session.tail()
            yield json.loads(line)


def first(count: int, source: Iterator[Report]) -> list[Report]:
    """The first `count` reports; the run ends."""
    try:
        return [next(source) for _ in range(count)]
    finally:
        source.close()
