"""The live terminal view: one snapshot drawn into a given width and height.

`render` is pure. What matters most comes first, and what does not fit is left out from the end:
voltages and totals always, then circuits by size, then the bus, the counters, the nodes. Negative
power (export) is green.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway_host import units
from gateway_host.collector import Snapshot
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

PICTURE_SIZE = (120, 40)

_EXPORT = "green"
_FAULT = "bold red"
_LABEL = "dim"
_TITLE = "bold cyan"
_SEPARATOR = "  "
_PHASES = ("L1", "L2", "L3")
_PHASE_CELL = 15
_DETAIL_WIDTH = 118
_STATES = {
    "booting": "starting",
    "connecting": "connecting to the cloud",
    "well": "all is well",
    "lost": "has lost the cloud",
}


def render(snapshot: Snapshot, width: int, height: int) -> RenderableType:
    """Draws the snapshot into at most `height` lines of at most `width` characters (from 40 x 8
    on).
    """
    head: list[RenderableType] = [_header(snapshot, width), _supply(snapshot, width)]
    head += _totals(snapshot, width)
    foot: list[RenderableType] = [_bus(snapshot, width), _mqtt(snapshot, width)]
    loads = snapshot.plan["loads"]
    room = height - len(head) - len(foot) - 1
    nodes = _nodes(snapshot)
    spare = room - len(loads)
    if nodes is not None and spare >= nodes.row_count + 2:
        foot += [Text(""), nodes]
        spare -= nodes.row_count + 2
    gaps = 2 if spare >= 3 else 0
    if snapshot.note and spare >= gaps + 1:
        foot.append(_line([Text(snapshot.note, _LABEL)], width))
    if gaps:
        head.append(Text(""))
        foot.insert(0, Text(""))
    return Group(*head, _circuits(snapshot, width, max(room, 1)), *foot)


def status_line(snapshot: Snapshot) -> str:
    """The same in one line of plain text, for where there is no terminal."""
    site, gateway = snapshot.site, snapshot.gateway
    if site is None or gateway is None:
        return "waiting for the first measurement"
    voltages = " ".join(_number(value, ".1f") for value in site["voltages"])
    totals = ", ".join(
        f"{name} {units.power(site['totals'][name])}"
        for name in ("grid", "solar", "battery", "house")
        if site["totals"].get(name) is not None
    )
    frequency = _number(site["frequency"], ".3f")
    return (
        f"{units.duration(snapshot.measured_s)}  {voltages} V  {frequency} Hz  {totals}; "
        f"{gateway['aBus']['blocks']} blocks, {missing(snapshot)} samples lost, "
        f"{snapshot.received.get('realtime', 0)} realtime messages, LED {_led_words(gateway)}"
    )


def missing(snapshot: Snapshot) -> int:
    """Samples that any point did not get since the gateway started."""
    return sum(point["missing"] for point in snapshot.site["points"]) if snapshot.site else 0


def save_picture(snapshot: Snapshot, path: Path, title: str) -> None:
    """Writes the view as an SVG picture of 120 x 40 characters."""
    width, height = PICTURE_SIZE
    with open("/dev/null", "w", encoding="utf-8") as nowhere:
        console = Console(
            record=True,
            file=nowhere,
            width=width,
            height=height,
            force_terminal=True,
            color_system="truecolor",
        )
        console.print(render(snapshot, width, height))
        console.save_svg(str(path), title=title)


def _header(snapshot: Snapshot, width: int) -> Text:
    parts = [Text(snapshot.plan["name"], _TITLE)]
    gateway = snapshot.gateway
    if gateway is None:
        parts.append(Text("waiting for the gateway", "yellow"))
    else:
        state = gateway["led"]["state"]
        words = _STATES.get(state, state)
        parts.append(Text(words, "green" if state == "well" else "yellow"))
        parts.append(Text(f"LED {_led_words(gateway)}", _LABEL))
        parts.append(Text(f"up {units.duration(gateway['uptime'])}", _LABEL))
    if snapshot.age_s is not None and snapshot.age_s > 3:
        parts.insert(1, Text(f"no measurement for {snapshot.age_s:.0f} s", _FAULT))
    line = Text(no_wrap=True)
    line.append_text(_dot(snapshot)).append(" ").append_text(_line(parts, width - 2))
    return line


def _dot(snapshot: Snapshot) -> Text:
    colour = snapshot.led
    if colour is None and snapshot.gateway is not None:
        return Text("●", str(snapshot.gateway["led"]["colour"]))
    if colour is None or max(colour) < 8:
        return Text("○", "bright_black")
    return Text("●", "rgb({},{},{})".format(*colour))


def _led_words(gateway: dict[str, Any]) -> str:
    led = gateway["led"]
    return f"{led['colour']} {led['pattern']}"


def _supply(snapshot: Snapshot, width: int) -> Text:
    site = snapshot.site
    parts = []
    for phase, voltage in zip(_PHASES, site["voltages"] if site else [], strict=False):
        parts.append(_labelled(phase, _number(voltage, ".1f") + " V"))
    parts.append(_labelled("", _number(site["frequency"] if site else None, ".3f") + " Hz"))
    parts.append(Text(snapshot.plan.get("scheme", ""), _LABEL))
    return _line(parts, width)


def _totals(snapshot: Snapshot, width: int) -> list[Text]:
    totals = snapshot.site["totals"] if snapshot.site else {}
    today = totals.get("today", {})
    now, day = [], [Text("Today", _LABEL)]
    for name in ("grid", "solar", "battery", "house"):
        value = totals.get(name)
        if value is not None or name in ("grid", "house"):
            now.append(
                Text.assemble(
                    (name.capitalize() + " ", _LABEL), (units.power(value), f"bold {_sign(value)}")
                )
            )
    for label, plus, minus in (
        ("grid", "gridImport", "gridExport"),
        ("solar", None, "solar"),
        ("battery", "batteryCharge", "batteryDischarge"),
        ("house", "house", None),
    ):
        if totals.get(label) is None and label in ("solar", "battery"):
            continue
        part = Text.assemble((label + " ", _LABEL))
        if plus:
            part.append(units.energy(today.get(plus)))
        if plus and minus:
            part.append(" / ", _LABEL)
        if minus:
            part.append(units.energy(today.get(minus)), _EXPORT)
        day.append(part)
    return [_line(now, width), _line(day, width)]


def _circuits(snapshot: Snapshot, width: int, rows: int) -> Table:
    phases = snapshot.plan["points"] and width >= _DETAIL_WIDTH
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
        columns += [(phase, _PHASE_CELL) for phase in _PHASES]
    history = width - sum(size + 1 for _, size in columns)
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, width=width, header_style=_LABEL)
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
    today = None
    if values["todayImport"] is not None:
        today = values["todayImport"] - values["todayExport"]
    cells = [
        name,
        Text(units.power(value), _sign(value)),
        Text(units.current(max(currents, default=None))),
        Text(units.factor(value / size if size else None)),
        Text(units.energy(today), _sign(today)),
    ]
    if phases:
        cells += [_phase(mine, phase) for phase in _PHASES]
    series = snapshot.load_power[index] if snapshot.load_power else ()
    line = Text()
    for block, negative in units.bars(series, min(history, 120)):
        line.append(block, _EXPORT if negative else "cyan")
    return [*cells, line] if history >= 4 else cells


def _phase(mine: list[tuple[str, dict[str, Any]]], phase: str) -> Text:
    points = [point for name, point in mine if name == phase]
    if not points:
        return Text("")
    if any(point["power"] is None or point["current"] is None for point in points):
        return Text(units.NOTHING, _FAULT)
    watt = sum(point["power"] for point in points)
    ampere = sum(point["current"] for point in points)
    return Text(f"{units.power(watt)} {units.current(ampere):>6}", _sign(watt))


def _bus(snapshot: Snapshot, width: int) -> Text:
    if snapshot.gateway is None:
        return _line([_labelled("A-bus", "no report yet")], width)
    bus = snapshot.gateway["aBus"]
    nodes = bus["nodes"]
    sick = [node for node in nodes if node["state"] != "well"]
    parts = [_labelled("A-bus", f"{bus['baud'] / 1e6:.1f} Mbaud")]
    if sick:
        parts.append(Text("; ".join(f"{node['serial']} {node['state']}" for node in sick), _FAULT))
    parts.append(_count("lost", missing(snapshot)))
    if snapshot.line is not None:
        parts.append(_count("overflow", snapshot.line.get("overflow", 0)))
    for key in ("gaps", "repairs", "timeouts", "damaged"):
        parts.append(_count(key, sum(node[key] for node in nodes)))
    parts.append(Text(f"{bus['utilisation']:.0f} %"))
    parts.append(Text(f"{bus['points']}/{bus['capacity']} points"))
    parts.append(_labelled("blocks", str(bus["blocks"])))
    parts += [_count(key, bus[key]) for key in ("skipped", "restarts", "noise")]
    return _line(parts, width)


def _mqtt(snapshot: Snapshot, width: int) -> Text:
    parts = [
        _labelled(
            "MQTT", f"realtime {snapshot.received.get('realtime', 0)} of {snapshot.expected}"
        )
    ]
    if snapshot.gateway is not None:
        client = snapshot.gateway["mqtt"]
        if client["lastError"]:
            parts.append(Text(str(client["lastError"]), _FAULT))
        parts += [
            _count(name, number) for name, number in snapshot.gateway.get("errors", {}).items()
        ]
        parts.append(_labelled("published", str(client["published"])))
        parts.append(_count("dropped", client["dropped"]))
        parts.append(_labelled("connects", str(client["connects"])))
        parts.append(_labelled("heap free", f"{snapshot.gateway['heapFree'] // 1024} K"))
    parts.append(
        _labelled("present", {None: units.NOTHING, True: "yes", False: "no"}[snapshot.present])
    )
    return _line(parts, width)


def _nodes(snapshot: Snapshot) -> Table | None:
    if snapshot.gateway is None:
        return None
    keys = ("answers", "timeouts", "damaged", "repairs", "gaps")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=_LABEL)
    for title in ("Node", "address", "state", *keys):
        table.add_column(
            title, justify="left" if title in ("Node", "state") else "right", no_wrap=True
        )
    for node in snapshot.gateway["aBus"]["nodes"]:
        counts = [
            Text(str(node[key]), "yellow" if node[key] and key != "answers" else "")
            for key in keys
        ]
        state = Text(node["state"], "green" if node["state"] == "well" else _FAULT)
        table.add_row(node["serial"], str(node["address"]), state, *counts)
    return table


def _line(parts: list[Text], width: int) -> Text:
    """As many of the parts, in their order, as fit into the width."""
    line = Text(no_wrap=True, overflow="ellipsis", end="\n")
    for part in parts:
        gap = _SEPARATOR if line.plain else ""
        if line.plain and line.cell_len + len(gap) + part.cell_len > width:
            continue
        line.append(gap).append_text(part)
    line.truncate(width, overflow="ellipsis")
    return line


def _labelled(label: str, value: str) -> Text:
    return Text.assemble((f"{label} " if label else "", _LABEL), value)


def _count(label: str, number: int) -> Text:
    return Text.assemble((f"{label} ", _LABEL), (str(number), "yellow" if number else ""))


def _sign(value: float | None) -> str:
    if value is None:
        return _FAULT
    return _EXPORT if round(value) < 0 else ""


def _number(value: float | None, form: str) -> str:
    return units.NOTHING if value is None else format(value, form)
