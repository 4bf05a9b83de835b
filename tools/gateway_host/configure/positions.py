"""Which sensor is on which input of which device, and which devices belong to which gateway.

Owns the division of a site: loads of a board hang on hubs of that board, a load is never divided
over two gateways, and a gateway's A-bus keeps its limits. The same plan gives the same result.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from .cables import Run, a_bus, length
from .catalogue import (
    A_BUS_M,
    BUILT_IN,
    GATEWAYS,
    HUB,
    INPUTS,
    MAX_NODES,
    MAX_POINTS,
    SOLID_CORE,
)
from .plan import Plan
from .sensors import Choice


@dataclass(frozen=True)
class Position:
    """A point: the load's index, the line that the sensor is around, the phase configured."""

    input: str
    load: int
    line: str
    phase: str
    ct: str


@dataclass
class Device:
    """A CT Hub or a Solid Core; `name` and `serial` come when all devices are known."""

    kind: str
    board: int
    positions: list[Position] = field(default_factory=list)
    name: str = ""
    serial: str = ""

    @property
    def free(self) -> str:
        """Inputs that are not used."""
        return INPUTS[self.kind][len(self.positions) :]


@dataclass
class Group:
    """What hangs on one A-bus. board: where its head is."""

    devices: list[Device]
    run: list[Run]

    @property
    def board(self) -> int:
        return self.devices[0].board

    @property
    def loads(self) -> list[int]:
        """Indices of its loads, in the plan's order."""
        return sorted({place.load for device in self.devices for place in device.positions})

    @property
    def points(self) -> int:
        return sum(len(device.positions) for device in self.devices)

    @property
    def metres(self) -> float:
        """Cable of its A-bus."""
        return length(self.run)


def arrange(plan: Plan, choices: list[Choice]) -> list[Group]:
    """The groups, the one with the grid first."""
    of_boards = [
        _in_order(plan, [k for k, load in enumerate(plan.loads) if load.board == board])
        for board in sorted({load.board for load in plan.loads})
    ]
    whole = _divide(plan, choices, of_boards)
    filled = _divide(plan, choices, [[load] for load in itertools.chain(*of_boards)])
    groups = [_group(plan, choices, loads) for loads in min(whole, filled, key=len)]
    groups.sort(key=lambda group: not _has_grid(plan, group))
    if plan.gateway in GATEWAYS and GATEWAYS[plan.gateway].built_in:
        boards = [device.board for device in groups[0].devices]
        groups[0].run = a_bus(plan, boards, built_in=True)
    return groups


def _in_order(plan: Plan, loads: list[int]) -> list[int]:
    """The grid first, then solar, batteries and circuits, as the plan has them."""
    order = ("grid", "solar", "battery", "circuit")
    return sorted(loads, key=lambda k: order.index(plan.loads[k].role))


def _has_grid(plan: Plan, group: Group) -> bool:
    return any(plan.loads[k].role == "grid" for k in group.loads)


def _divide(plan: Plan, choices: list[Choice], parts: list[list[int]]) -> list[list[int]]:
    """Loads of each gateway. A part stays together where one A-bus can take it: on the first that
    has room, else on a new one; where none can, each of its loads is a part."""
    groups: list[list[int]] = []
    for part in parts:
        together = _may_be(plan, choices, part)
        for loads in [part] if together else [[load] for load in part]:
            for group in groups:
                if _may_be(plan, choices, group + loads):
                    group += loads
                    break
            else:
                groups.append(list(loads))
    return groups


def _may_be(plan: Plan, choices: list[Choice], loads: list[int]) -> bool:
    """Whether one A-bus can carry them: points (every input of a hub counts), nodes, metres."""
    group = _group(plan, choices, loads)
    inputs = sum(len(INPUTS[device.kind]) for device in group.devices)
    return inputs <= MAX_POINTS and len(group.devices) <= MAX_NODES and group.metres < A_BUS_M


def _group(plan: Plan, choices: list[Choice], loads: list[int]) -> Group:
    devices: list[Device] = []
    for board in sorted({plan.loads[k].board for k in loads}):
        own = _in_order(plan, [k for k in loads if plan.loads[k].board == board])
        for kind in (SOLID_CORE, HUB):
            of_kind = [k for k in own if (choices[k].ct.kind == BUILT_IN) == (kind == SOLID_CORE)]
            devices += _pack(plan, choices, of_kind, kind, board)
    return Group(devices, a_bus(plan, [device.board for device in devices], built_in=False))


def _pack(
    plan: Plan, choices: list[Choice], loads: list[int], kind: str, board: int
) -> list[Device]:
    """As few devices as their points need. A load stays on one device where it can."""
    size = len(INPUTS[kind])
    total = sum(len(plan.measured(plan.loads[k])) for k in loads)
    devices = [Device(kind, board) for _ in range(-(-total // size))]
    for k in sorted(loads, key=lambda k: -len(plan.measured(plan.loads[k]))):
        measured = plan.measured(plan.loads[k])
        room = [device for device in devices if len(device.free) >= len(measured)]
        for line, phase in measured:
            device = room[0] if room else next(one for one in devices if one.free)
            place = Position(device.free[0], k, line, phase, choices[k].ct.article)
            device.positions.append(place)
    return devices
