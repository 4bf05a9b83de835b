"""The bill of materials: article, description, quantity, alternatives. Owns what is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .cables import CUT, Run
from .catalogue import (
    BUILT_IN,
    CABLE_SET_M,
    CABLE_SET_PLUGS,
    DIN_PLATES,
    HUB,
    NORTH_AMERICAN,
    RELAY_AMPERES,
    SOLID_CORE,
    TRANSFORMED,
    WALL_PLATES,
)
from .gateways import INPUT_MODULE, Unit
from .plan import Plan
from .sensors import Choice

# Articles that the manual has no number for are known by these.
TERMINATOR, CONTACTOR, TRANSFORMER = "terminator", "contactor", "transformer"
NUMBERLESS = (TERMINATOR, CONTACTOR, TRANSFORMER)


@dataclass(frozen=True)
class Item:
    """article: its number, or one of NUMBERLESS; alternatives: articles that could be taken in its
    place, or texts of text.toml."""

    article: str
    quantity: int
    alternatives: tuple[str, ...] = field(default=())


def make(plan: Plan, choices: list[Choice], units: list[Unit]) -> list[Item]:
    """The items, gateways first; each article once."""
    counts: Counter[str] = Counter()
    others: dict[str, list[str]] = {}  # what can stand in for each one of it

    def add(article: str, quantity: int, *alternatives: str) -> None:
        if quantity:
            before = others.get(article, alternatives) if counts[article] else alternatives
            others[article] = [one for one in before if one in alternatives]
            counts[article] += quantity

    american = plan.scheme in NORTH_AMERICAN
    for number, unit in enumerate(units):
        add(unit.gateway.article, 1, *_other_gateways(plan, unit, number))
        if unit.gateway.built_in:
            single = plan.scheme == "1x230"
            add("GF-CBL-1F-200" if single else "GF-CBL-3F-200", 1)
        else:
            add("I1-VAC-1-US" if american else "I1-VAC-1", 1)
    if plan.internet == "lte" and units[0].gateway.router:
        add("AC-SP-LU2", 1)
    devices = [device for unit in units for device in unit.group.devices]
    add("I1-IAC-1", sum(device.kind == HUB for device in devices))
    add("I1-IAC-2", sum(device.kind == SOLID_CORE for device in devices), "hub_and_split_cores")
    for load, choice in zip(plan.loads, choices, strict=True):
        if choice.ct.kind != BUILT_IN:
            others_of = ["I1-IAC-2" if a == "SOLID-CORE" else a for a in choice.alternatives]
            add(choice.ct.article, len(plan.measured(load)), *others_of)
    modules = [module for unit in units for module in unit.modules]
    add("I1-INP-1", sum(module.kind == INPUT_MODULE for module in modules))
    add("I1-OUT-1", sum(module.kind != INPUT_MODULE for module in modules))
    add(CONTACTOR, sum(output.amperes > RELAY_AMPERES for output in plan.outputs))
    _cables(add, [run for unit in units for run in (*unit.group.run, *unit.b_run)])
    add(TERMINATOR, len(units))
    if plan.scheme in TRANSFORMED:
        add(TRANSFORMER, 3 * len(units))
    heads = sum(not unit.gateway.built_in for unit in units)
    boxes = len(units) + heads + len(modules) + sum(device.kind == HUB for device in devices)
    kit, size, other = ("AC-IMPD-4", DIN_PLATES, "AC-IMPW-8")
    if plan.mounting == "wall":
        kit, size, other = ("AC-IMPW-8", WALL_PLATES, "AC-IMPD-4")
    add(kit, -(-boxes // size), other)
    return [Item(article, count, tuple(others[article])) for article, count in counts.items()]


def _other_gateways(plan: Plan, unit: Unit, number: int) -> list[str]:
    """What could stand in the gateway's place: never with fewer functions than the site uses."""
    if unit.kind == "Genius":
        return [] if plan.modbus else ["genius_flex"]
    if unit.kind == "Genius Flex":
        return ["genius_and_power_box"]
    if number:
        return ["I1-GW-2"] if unit.kind == "Connect" else ["I1-GW-3"]
    return {"Connect": ["I1-GW-1"], "Wi-Fi Connect": ["I1-GW-3", "I1-GW-1"]}.get(
        unit.kind, ["router"]
    )


def _cables(add: Callable[..., None], runs: list[Run]) -> None:
    for run in runs:
        if run.article != CUT:
            add(run.article, 1, CUT)
    cut = [run.metres for run in runs if run.article == CUT]
    plugs = -(-2 * len(cut) // CABLE_SET_PLUGS)
    add(CUT, max(plugs, -(-int(sum(cut) + 0.999) // CABLE_SET_M)))
