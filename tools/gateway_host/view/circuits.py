"""The view's table of circuits: power, current, power factor, energy, each phase, history."""

from __future__ import annotations

import math
from typing import Any

from rich.table import Table
from rich.text import Text

from gateway_host.sim.catalogue import SCHEMES
from gateway_host.view import units
from gateway_host.view.collector import Snapshot
from gateway_host.view.text import EXPORT, FAULT, LABEL, sign

_PHASE_CELL = 15
_DETAIL_WIDTH = 118


def voltage_names(plan: dict[str, Any]) -> list[str]:
    """What the voltages that the plan's points are measured with are called, in their order."""
    return [
        f"L{start + 1}" if end is None else f"L{start + 1}-L{end + 1}"
        for start, end in SCHEMES[plan["scheme"]].ends.values()
    ]


def circuits(snapshot: Snapshot, width: int, rows: int) -> Table:
    """At most `rows` circuits in `width` characters, each phase beside them where that fits."""
    phases = snapshot.plan["points"] and width >= _DETAIL_WIDTH
    names = voltage_names(snapshot.plan)
    name_width = min(
        max(len(load["name"]) for load in snapshot.plan["loads"]), 26 if phases else 18
    )
    columns: list[tuple[str, int]] = [
        ("Circuit", name_width),
        ("Power", 8),
        ("Current", 7),
        ("PF", 6),
        ("Today", 8),
    ]
    if phases:
        columns += [(name, _PHASE_CELL) for name in names]
    history = width - sum(size + 1 for _, size in columns)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, width=width, header_style=LABEL)
    for title, size in columns:
        side = "left" if title == "Circuit" else "right"
        table.add_column(title, width=size, justify=side, no_wrap=True, overflow="ellipsis")
    if history >= 4:
        table.add_column(
            f"last {min(history, 120)} s", width=history, no_wrap=True, overflow="crop"
        )
    for index in _chosen(snapshot, rows):
        table.add_row(*_circuit(snapshot, index, bool(phases), history))
    return table


def _chosen(snapshot: Snapshot, rows: int) -> list[int]:
    """The loads that fit: all that are not a plain circuit, then circuits by power; in the order
    of the site.
    """
    loads = snapshot.plan["loads"]
    site = snapshot.site

    def rank(index: int) -> tuple[bool, float]:
        value = site["loads"][index]["power"] if site else None
        return loads[index]["role"] == "circuit", -abs(value or 0.0)

    return sorted(sorted(range(len(loads)), key=rank)[:rows])


def _circuit(snapshot: Snapshot, index: int, phases: bool, history: int) -> list[Text]:
    load = snapshot.plan["loads"][index]
    name = Text(load["name"], "" if load["role"] == "circuit" else "bold")
    if snapshot.site is None:
        return [name]
    values = snapshot.site["loads"][index]
    mine = [
        (planned["phase"], point)
        for planned, point in zip(snapshot.plan["points"], snapshot.site["points"], strict=True)
        if planned["load"] == load["name"]
    ]
    value = values["power"]
    apparent = [point["apparent"] for _, point in mine]
    currents = [point["current"] for _, point in mine if point["current"] is not None]
    whole = bool(apparent) and None not in apparent and value is not None
    size = sum(apparent) if whole else 0.0
    if SCHEMES[snapshot.plan["scheme"]].delta and len(mine) == 2:
        size *= math.sqrt(3) / 2  # two CTs stand for three
    today = None
    if values["todayImport"] is not None:
        today = values["todayImport"] - values["todayExport"]
    cells = [
        name,
        Text(units.power(value), sign(value)),
        Text(units.current(max(currents, default=None))),
        Text(units.factor(value / size if size else None)),
        Text(units.energy(today), sign(today)),
    ]
    if phases:
        cells += [_phase(mine, phase) for phase in SCHEMES[snapshot.plan["scheme"]].ends]
    series = snapshot.load_power[index] if snapshot.load_power else ()
    line = Text()
    for block, negative in units.bars(series, min(history, 120)):
        line.append(block, EXPORT if negative else "cyan")
    return [*cells, line] if history >= 4 else cells


def _phase(mine: list[tuple[str, dict[str, Any]]], phase: str) -> Text:
    points = [point for name, point in mine if name == phase]
    if not points:
        return Text("")
    if any(point["power"] is None or point["current"] is None for point in points):
        return Text(units.NOTHING, FAULT)
    watt = sum(point["power"] for point in points)
    ampere = sum(point["current"] for point in points)
    return Text(f"{units.power(watt)} {units.current(ampere):>6}", sign(watt))
