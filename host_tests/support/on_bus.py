"""Runs the firmware's measuring path against an installation in which things happen at given
times, and reads its reports with the A-bus's counters
(tools/gateway_host/device/bus_report.py)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from gateway_host.session import ROOT, Session
from gateway_host.sim.house import House
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "bus_report.py"
NUMBERS = 1 << 22  # the firmware numbers samples modulo this
BLOCK = 64
POINTS = 28
HEAD, HUB, OTHER = "5020000001", "5500000191", "5500000193"  # of the default house

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
    rxbuf: int = 5120,
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


def house() -> House:
    """The default house: head, 4 Solid Cores, 4 hubs, 28 points."""
    return load_house(DEFAULT_HOUSE)


def run(count: int, *words: str, bits: int = 32, plan=None, events=None, **line) -> list[Report]:
    """`count` reports of the default house; what every run must hold is checked here."""
    installation = Eventful(house(), events, **line)
    line.pop("corrupt", None)
    seen = first(count, reports(installation, *words, bits=bits, plan=plan, **line))
    for report in seen:
        for count, missed in zip(report["counts"], report["missed"], strict=True):
            assert count + missed == report["samples"]
    assert [sum(points) for points in zip(*(r["missed"] for r in seen), strict=True)] == seen[-1][
        "missing"
    ]
    last = seen[-1]
    if not last["restarts"]:
        time_base(seen)
        behind = installation.sample_number(last["ms"] * 1000) - last["first_sample"]
        assert BLOCK <= (behind - last["samples"]) % NUMBERS <= 12 * BLOCK
    return seen


def time_base(seen: list[Report]) -> None:
    """Reports follow each other by the head's own numbers, with what was lost."""
    for report, following in zip(seen, seen[1:], strict=False):
        assert (report["first_sample"] + report["samples"]) % NUMBERS == following["first_sample"]


def missing(report: Report, *serials: str) -> list[int]:
    """Missing samples of the points on these nodes; without any, of all."""
    points = house().points
    return [
        count
        for count, point in zip(report["missing"], points, strict=True)
        if not serials or point.node in serials
    ]


def others(report: Report, *serials: str) -> int:
    """Missing samples of the points on all nodes but these."""
    return sum(missing(report)) - sum(missing(report, *serials))
