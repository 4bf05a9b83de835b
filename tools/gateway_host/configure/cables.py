"""The cables of both buses: which run from where to where, and how long. Owns their lengths.

Where two devices are in one board, a ready cable of 40 cm joins them. Between boards the plan has
the distance, and the shortest ready cable that reaches is taken, or one is cut to length.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .catalogue import LONG_CABLE_M, SHORT_CABLE_M
from .plan import Plan

READY = {SHORT_CABLE_M: "AC-IBC40", LONG_CABLE_M: "AC-IBC150"}
CUT = "AC-IBCS-100m"
GATEWAY = (
    -1
)  # the end of a run that is the gateway, HEAD its Power Box, else the index of a device
HEAD = -2


@dataclass(frozen=True)
class Run:
    """A cable from one device of a bus to the next: their indices; metres of cable."""

    start: int
    end: int
    article: str
    metres: float


def cable(start: int, end: int, distance: float) -> Run:
    """The cable for a distance."""
    for metres, article in READY.items():
        if distance <= metres + 1e-9:
            return Run(start, end, article, metres)
    return Run(start, end, CUT, round(distance, 2))


def length(runs: Iterable[Run]) -> float:
    """m."""
    return round(sum(run.metres for run in runs), 2)


def a_bus(plan: Plan, boards: list[int], *, built_in: bool) -> list[Run]:
    """The A-bus of devices on these boards, in order along the cable: the gateway, its head in the
    first board, the devices. A head that is built in, or that is read over the B-bus, has no cable
    to the gateway here."""
    runs = []
    if not (plan.modbus or built_in):
        runs.append(cable(GATEWAY, HEAD, plan.gateway_distance))
    at, before = plan.position(boards[0]), HEAD
    for index, board in enumerate(boards):
        place = plan.position(board)
        runs.append(cable(before, index, place - at if place > at else SHORT_CABLE_M))
        at, before = place, index
    return runs


def b_bus(plan: Plan, head_board: int, boards: list[int]) -> list[Run]:
    """The B-bus of a gateway whose head is on `head_board` with modules on these boards: both of
    its ports are used where modules lie on both sides. With `modbus` its Power Box is on it."""
    runs = []
    if plan.modbus:
        runs.append(cable(GATEWAY, HEAD, plan.gateway_distance))
    here = plan.position(head_board)
    start = HEAD if plan.modbus else GATEWAY
    order = sorted(range(len(boards)), key=lambda k: (plan.position(boards[k]), k))
    onward = [k for k in order if plan.position(boards[k]) >= here]
    back = [k for k in reversed(order) if plan.position(boards[k]) < here]
    for side in (onward, back):
        at, before = here, start
        for k in side:
            place = plan.position(boards[k])
            distance = abs(place - at)
            if before == GATEWAY:  # which may hang apart from its head
                distance += plan.gateway_distance
            runs.append(cable(before, k, distance or SHORT_CABLE_M))
            at, before = place, k
    return runs
