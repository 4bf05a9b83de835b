"""Which gateways a site gets, with their modules. Owns that choice and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .cables import Run, b_bus, length
from .catalogue import (
    B_BUS_M,
    GATEWAYS,
    MAX_MODULES,
    MODULE_INPUTS,
    MODULE_OUTPUTS,
    Gateway,
)
from .plan import DigitalInput, Output, Plan
from .positions import Group
from .problems import refuse

INPUT_MODULE, OUTPUT_MODULE = "Input module", "Output module"
_SIMPLEST = {"ethernet": "Connect", "wifi": "Wi-Fi Connect", "lte": "4G Connect"}


@dataclass
class Module:
    """An Input or Output module and what hangs on its inputs or outputs, in order."""

    kind: str
    board: int
    items: Sequence[DigitalInput | Output]
    name: str = ""
    serial: str = ""


@dataclass
class Unit:
    """One gateway of the site with all that hangs on it. kind: of catalogue.GATEWAYS; b_run: its
    B-bus, whose devices are `modules`; identity: the uuid of its site document."""

    kind: str
    group: Group
    modules: list[Module]
    b_run: list[Run]
    identity: str
    name: str = ""
    serial: str = ""
    head_name: str = ""
    head: str = ""

    @property
    def gateway(self) -> Gateway:
        return GATEWAYS[self.kind]

    @property
    def b_metres(self) -> float:
        """Cable of its B-bus."""
        return length(self.b_run)


def choose(plan: Plan, groups: list[Group], identity_of: Callable[[str, str], str]) -> list[Unit]:
    """A gateway for each group; the first one has the modules. PlanError where none can do it."""
    modules = _modules(plan)
    first = _first(plan, len(groups), bool(modules))
    other = "Wi-Fi Connect" if plan.internet == "wifi" else "Connect"
    units = []
    for number, group in enumerate(groups):
        own = [] if number else modules
        identity = identity_of(plan.identity, str(number)) if number else plan.identity
        run = b_bus(plan, group.board, [module.board for module in own])
        units.append(Unit(other if number else first, group, own, run, identity))
    if units[0].b_metres >= B_BUS_M:
        raise refuse("board", "long_b_bus", metres=units[0].b_metres, most=f"{B_BUS_M:g}")
    return units


def _first(plan: Plan, count: int, modules: bool) -> str:
    """The kind of the gateway that has the grid."""
    kind = plan.gateway
    if kind == "auto":
        kind = "Genius" if count > 1 or modules else _SIMPLEST[plan.internet]
        if plan.modbus and not GATEWAYS[kind].b_bus:
            kind = "Connect"
    gateway = GATEWAYS[kind]
    if modules and not gateway.modules:
        raise refuse("gateway.kind", "modules_need_genius", kind=kind)
    if count > 1 and not gateway.modules:
        raise refuse("gateway.kind", "many_need_genius", kind=kind, count=count)
    if plan.internet not in gateway.links and not (plan.internet == "lte" and gateway.router):
        able = [name for name, one in GATEWAYS.items() if plan.internet in one.links]
        raise refuse(
            "gateway.internet", "no_link", kind=kind, link=plan.internet, able=", ".join(able)
        )
    if plan.modbus and (gateway.built_in or not gateway.b_bus):
        raise refuse("gateway.power_box", "no_modbus", kind=kind)
    return kind


def _modules(plan: Plan) -> list[Module]:
    modules: list[Module] = []
    kinds: list[tuple[str, Sequence[Any], int]] = [
        (INPUT_MODULE, plan.inputs, len(MODULE_INPUTS)),
        (OUTPUT_MODULE, plan.outputs, len(MODULE_OUTPUTS)),
    ]
    for kind, items, size in kinds:
        for board in range(len(plan.boards)):
            own = [item for item in items if item.board == board]
            for k in range(0, len(own), size):
                modules.append(Module(kind, board, own[k : k + size]))
    if len(modules) > MAX_MODULES:
        raise refuse("input", "many_modules", count=len(modules), most=MAX_MODULES)
    return modules
