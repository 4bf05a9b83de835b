"""What a planned site's gateways and the simulator get: site documents (docs/site.md), and houses
(docs/house.md) whose loads take what was planned. Owns the planned loads' powers."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from gateway_host import zones

from .catalogue import MODULE_INPUTS, MODULE_OUTPUTS, TRANSFORMED, volts
from .gateways import INPUT_MODULE, Module, Unit
from .plan import Plan
from .positions import Device

_LEAST_SHARE, _STEP, _SHARES = 0.12, 0.07, 9  # of its current that a load takes in the simulator
_FLOW = 6  # units of a pulse a minute, there
_CLOSED_S, _OPEN_S = 3, 5
_MAX_GATHERED, _MAX_IN_MESSAGE = 8, 64  # docs/several-gateways.md


def name_of(plan: Plan, unit: Unit, units: list[Unit]) -> str:
    """A site document's name: the site's, with the gateway's number where there are several."""
    number = f" {units.index(unit) + 1}" if len(units) > 1 else ""
    return plan.name + number


def site(plan: Plan, unit: Unit, units: list[Unit]) -> dict[str, Any]:
    """site.json of one gateway."""
    rule = zones.rule(plan.timezone)
    document: dict[str, Any] = {
        "version": 1,
        **({"gateway": unit.serial} if unit.name in plan.serials else {}),
        "name": name_of(plan, unit, units),
        "uuid": unit.identity,
        "location": plan.location,
        "timezone": plan.timezone,
        **({"tz": rule} if rule else {"utc_offset": 0}),
        "scheme": plan.scheme,
        "frequency": plan.frequency,
        **(
            {} if plan.voltage_ratio == 1 or plan.modbus else {"voltage_ratio": plan.voltage_ratio}
        ),
        "head": unit.head,
        "points": _unit_points(plan, unit),
    }
    own = [unit]
    if gathers(units):
        first, *others = units
        if unit is first:
            own = units
            document["gathers"] = [other.serial for other in others]
            for other in others:
                fed = {"gateway": other.serial}
                document["points"] += [fed | point for point in _unit_points(plan, other)]
        else:
            document["feeds"] = first.serial
    document["loads"] = list(_site_loads(plan, own))
    bus = _b_bus(plan, unit)
    return document | ({"b_bus": bus} if bus else {})


def gathers(units: list[Unit]) -> bool:
    """Whether the first of these gateways gathers what the others measure: there are some, and
    all of it has room in its document."""
    points = sum(len(device.positions) for unit in units for device in unit.group.devices)
    loads = sum(len(unit.group.loads) for unit in units)
    return 1 < len(units) <= 1 + _MAX_GATHERED and points <= _MAX_IN_MESSAGE >= loads


def _unit_points(plan: Plan, unit: Unit) -> list[dict[str, Any]]:
    return [point for device in unit.group.devices for point in _points(plan, device)]


def _site_loads(plan: Plan, units: list[Unit]) -> Iterable[dict[str, Any]]:
    """Their loads; a parent that is another gateway's is not known."""
    own = [k for unit in units for k in unit.group.loads]
    names = {plan.loads[k].name for k in own}
    for k in own:
        load = plan.loads[k]
        parent = {"parent": load.parent} if load.parent in names else {}
        yield {"name": load.name, "role": load.role, **parent}


def _points(plan: Plan, device: Device) -> Iterable[dict[str, Any]]:
    for place in device.positions:
        yield {
            "node": device.serial,
            "input": place.input,
            "ct": place.ct,
            "phase": place.phase,
            "load": plan.loads[place.load].name,
        }


def _b_bus(plan: Plan, unit: Unit) -> dict[str, Any]:
    bus: dict[str, Any] = {}
    for module in unit.modules:
        listed, key, _ = _shape(module)
        entry = {"serial": module.serial, key: _channels(module)}
        bus.setdefault(listed, []).append(entry)
    if plan.modbus:
        bus["power_box"] = True
    return bus


def _shape(module: Module) -> tuple[str, str, str]:
    """site.json's list of such modules, the list in one, and the letters there."""
    if module.kind == INPUT_MODULE:
        return "input_modules", "inputs", MODULE_INPUTS
    return "output_modules", "outputs", MODULE_OUTPUTS


def _channels(module: Module) -> list[dict[str, Any]]:
    _, key, letters = _shape(module)
    return [
        {key[:-1]: letter} | item.site for letter, item in zip(letters, module.items, strict=False)
    ]


def power(plan: Plan, load: int) -> float:
    """W that a load takes in the simulator: a share of its current, no two the same."""
    one = plan.loads[load]
    share = _LEAST_SHARE + _STEP * (load % _SHARES)
    watts = round(share * one.amperes * volts(plan.scheme, one.phases)) + load
    return -watts if one.role == "solar" else watts


def house(plan: Plan, unit: Unit, units: list[Unit]) -> str:
    """A house for `make run HOUSE=...`. Where the grid is, the loads of all gateways are."""
    lines = [
        f"# {plan.name}: made by `make configure` of its plan; docs/house.md has the fields.",
        "",
        *_row("name", name_of(plan, unit, units)),
        *_row("uuid", unit.identity),
        *_row("location", plan.location),
        *_row("timezone", plan.timezone),
        *_row("scheme", plan.scheme),
        *_row("frequency", plan.frequency),
        "",
        "[head]",
        *_row("serial", unit.head),
    ]
    if plan.scheme in TRANSFORMED or plan.voltage_ratio != 1:
        lines += _row("voltage_ratio", plan.voltage_ratio)
    metres = 0.0
    ends = {run.end: run.metres for run in unit.group.run}
    for number, device in enumerate(unit.group.devices):
        metres += ends[number]
        lines += [
            "",
            "[[node]]",
            *_row("serial", device.serial),
            *_row("metres", round(metres, 2)),
        ]
    lines += _loads(plan, unit)
    for module in unit.modules:
        lines += _module(module)
    if plan.modbus:
        lines += ["", "[power_box]", "modbus = true"]
    return "\n".join(lines) + "\n"


def _loads(plan: Plan, unit: Unit) -> list[str]:
    lines = []
    own = unit.group.loads
    everything = any(plan.loads[k].role == "grid" for k in own)
    for k, load in enumerate(plan.loads):
        points = [
            {key: value for key, value in point.items() if key != "load"}
            for device in unit.group.devices
            for point in _points(plan, device)
            if point["load"] == load.name
        ]
        if not points and not everything:
            continue
        lines += ["", "[[load]]", *_row("name", load.name), *_row("role", load.role)]
        if load.role != "grid":
            lines += _row("power", power(plan, k))
            lines += [f"phases = {json.dumps(load.phases.split('+'))}"]
        if points:
            lines += ["points = [", *(f"  {_inline(point)}," for point in points), "]"]
    return lines


def _module(module: Module) -> list[str]:
    _, key, _ = _shape(module)
    rows = []
    for channel in _channels(module):
        extra = ""
        if module.kind == INPUT_MODULE:
            pulse = channel["mode"] == "pulse"
            extra = f", flow = {_FLOW * channel['per_pulse']:g}" if pulse else ""
            extra = extra or f", steps = [[{_CLOSED_S}, 1], [{_OPEN_S}, 0]]"
        rows.append(f"  {_inline(channel)[:-2]}{extra} }},")
    table = "input_module" if module.kind == INPUT_MODULE else "output_module"
    return ["", f"[[{table}]]", *_row("serial", module.serial), f"{key} = [", *rows, "]"]


def _row(key: str, value: Any) -> list[str]:
    return [f"{key} = {_toml(value)}"]


def _inline(table: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{key} = {_toml(value)}" for key, value in table.items()) + " }"


def _toml(value: Any) -> str:
    """A text's escapes are the same in JSON and TOML, but for DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
