"""From a plan to all that its site is made of. Owns the result, and what is said beside it."""

from __future__ import annotations

from dataclasses import dataclass

from . import bill, documents, gateways, numbers, positions, sensors
from .catalogue import CTS, INPUTS, MAX_POINTS, MAX_SUPPLY_V, RELAY_AMPERES, SCHEMES, TRANSFORMED
from .gateways import Unit
from .plan import Plan, identity_of
from .problems import Message, PlanError
from .sensors import Choice

SITE_KEY = "site-key.json"  # the file that `make configure` puts a key in
_COARSE = 10  # times a load's current that its sensor is rated for


@dataclass(frozen=True)
class Result:
    """choices: the sensor of each load; units: gateways with what hangs on them, the one with the
    grid first; standing_in: names of devices whose serial number is not known yet."""

    plan: Plan
    choices: list[Choice]
    units: list[Unit]
    items: list[bill.Item]
    standing_in: list[str]
    notes: list[Message]

    @property
    def points(self) -> int:
        """Measuring points of the site."""
        return sum(unit.group.points for unit in self.units)


def design(plan: Plan) -> Result:
    """The same plan gives the same result. PlanError where it cannot be built."""
    choices, problems = sensors.choose(plan)
    if problems:
        raise PlanError(problems)
    groups = positions.arrange(plan, choices)
    units = gateways.choose(plan, groups, identity_of)
    standing_in = numbers.number(units, plan.serials)
    items = bill.make(plan, choices, units)
    notes = _notes(plan, choices, units)
    return Result(plan, choices, units, items, standing_in, notes)


def _notes(plan: Plan, choices: list[Choice], units: list[Unit]) -> list[Message]:
    notes = []
    whole = documents.gathers(units)  # its document knows all parents

    def note(path: str, key: str, **values: object) -> None:
        notes.append(Message(path, key, values))

    if not any(load.role == "grid" for load in plan.loads):
        note("load", "no_grid")
    if plan.delta:
        share, whole = f"{plan.maximum_current:.1f}", f"{plan.breaker:g}"
        note("breaker", "delta_maximum", share=share, breaker=whole)
    if plan.scheme in TRANSFORMED:
        note("voltage_ratio", "transformers", ratio=f"{plan.voltage_ratio:g}")
    elif SCHEMES[plan.scheme].volt > MAX_SUPPLY_V:
        note("scheme", "supply", volt=f"{SCHEMES[plan.scheme].volt:g}", most=MAX_SUPPLY_V)
    if plan.modbus and plan.voltage_ratio != 1:
        note("voltage_ratio", "box_ratio", ratio=f"{plan.voltage_ratio:g}")
    if len(units) > 1:
        inputs = sum(len(INPUTS[device.kind]) for unit in units for device in unit.group.devices)
        by_points = len(units) <= -(-inputs // MAX_POINTS)
        key = "several_by_points" if by_points else "several_by_place"
        note("load", key, count=len(units), points=sum(unit.group.points for unit in units))
        note("load", "gathered" if whole else "not_gathered", file=SITE_KEY)
    for k, (load, choice) in enumerate(zip(plan.loads, choices, strict=True)):
        where = f"load[{k}]"
        if (
            load.parent
            and not whole
            and not any(
                {load.name, load.parent} <= {plan.loads[one].name for one in unit.group.loads}
                for unit in units
            )
        ):
            note(f"{where}.parent", "parent_elsewhere", load=load.name, parent=load.parent)
        if load.hybrid:
            note(f"{where}.inverter", "hybrid", load=load.name)
        if load.role == "circuit" and load.amperes > plan.breaker:
            values = {"amperes": f"{load.amperes:g}", "breaker": f"{plan.breaker:g}"}
            note(f"{where}.breaker", "above_main", load=load.name, **values)
        if choice.ct.rated >= max(_COARSE * load.amperes, 2 * CTS[0].rated):
            rated, amperes = f"{choice.ct.rated:g}", f"{load.amperes:.1f}"
            note(f"{where}.ct", "coarse", load=load.name, rated=rated, amperes=amperes)
    unknown = [load.name for load in plan.loads if not (load.cable or load.busbar)]
    if unknown:
        note("load", "no_cable", loads=", ".join(unknown))
    for k, output in enumerate(plan.outputs):
        if output.amperes > RELAY_AMPERES:
            values = {"amperes": f"{output.amperes:g}", "most": f"{RELAY_AMPERES:g}"}
            note(f"output[{k}].amperes", "contactor", output=output.name, **values)
    return notes
