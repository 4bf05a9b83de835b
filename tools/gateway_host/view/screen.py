"""The live terminal view: one snapshot drawn into a given width and height.

`render` is pure. What matters most comes first, and what does not fit is left out from the end:
voltages and totals always, then circuits by size, then the bus, the counters, the nodes. Negative
power (export) is green.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from gateway_host.view import units
from gateway_host.view.b_bus import b_bus
from gateway_host.view.circuits import circuits, voltage_names
from gateway_host.view.collector import Snapshot
from gateway_host.view.text import EXPORT, FAULT, LABEL, counted, labelled, line_of, number, sign

PICTURE_SIZE = (120, 40)

_TITLE = "bold cyan"
_GAMMA = 1 / 2.2
_STATES = {
    "booting": "starting",
    "connecting": "connecting to the cloud",
    "well": "all is well",
    "lost": "has lost the cloud",
}


_MAX_ADVICE = 4
_LEAST_HEIGHT = 12  # below it there is no room for advice


def render(snapshot: Snapshot, width: int, height: int) -> RenderableType:
    """Draws the snapshot into at most `height` lines of at most `width` characters (from 40 x 8
    on).
    """
    head: list[RenderableType] = [_header(snapshot, width)]
    head += _advice(snapshot, width, min(_MAX_ADVICE, height - _LEAST_HEIGHT))
    head.append(_supply(snapshot, width))
    head += _totals(snapshot, width)
    foot: list[RenderableType] = [_bus(snapshot, width), _mqtt(snapshot, width)]
    if snapshot.b_bus is not None:
        foot.insert(1, b_bus(snapshot.b_bus, width))
    loads = snapshot.plan["loads"]
    room = height - len(head) - len(foot) - 1
    if snapshot.totals is not None and room > len(loads):
        head.append(_whole(snapshot.totals, width))
        room -= 1
    nodes = _nodes(snapshot)
    spare = room - len(loads)
    if nodes is not None and spare >= nodes.row_count + 2:
        foot += [Text(""), nodes]
        spare -= nodes.row_count + 2
    gaps = 2 if spare >= 3 else 0
    if snapshot.note and spare >= gaps + 1:
        foot.append(line_of([Text(snapshot.note, LABEL)], width))
    if gaps:
        head.append(Text(""))
        foot.insert(0, Text(""))
    return Group(*head, circuits(snapshot, width, max(room, 1)), *foot)


def status_line(snapshot: Snapshot) -> str:
    """The same in one line of plain text, for where there is no terminal."""
    site, gateway = snapshot.site, snapshot.gateway
    if site is None or gateway is None:
        return "waiting for the first measurement"
    voltages = " ".join(number(value, ".1f") for value in site["voltages"])
    totals = ", ".join(
        f"{name} {units.power(site['totals'][name])}"
        for name in ("grid", "solar", "battery", "house")
        if site["totals"].get(name) is not None
    )
    frequency = number(site["frequency"], ".3f")
    return (
        f"{units.duration(snapshot.measured_s)}  {voltages} V  {frequency} Hz  {totals}; "
        f"{gateway['aBus']['blocks']} blocks, {missing(snapshot)} samples lost, "
        f"{snapshot.received.get('realtime', 0)} realtime messages, LED {_led_words(gateway)}"
    )


def missing(snapshot: Snapshot) -> int:
    """Samples that any point did not get since the gateway started, or since its first value
    where it is not on the A-bus."""
    if not snapshot.site:
        return 0
    return sum(point["missing"] for point in snapshot.site["points"]) - snapshot.before


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
        picture = console.export_svg(title=title)
    # Without the fonts that it would fetch from elsewhere: the reader's own monospaced one serves.
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.S), encoding="utf-8")


def _header(snapshot: Snapshot, width: int) -> Text:
    parts = [Text(snapshot.plan["name"], _TITLE)]
    gateway = snapshot.gateway
    if gateway is None:
        parts.append(Text("waiting for the gateway", "yellow"))
    else:
        state = gateway["led"]["state"]
        well = state == "well" and not gateway.get("advice")
        words = "needs attention" if state == "well" and not well else _STATES.get(state, state)
        parts.append(Text(words, "green" if well else "yellow"))
        parts.append(Text(f"LED {_led_words(gateway)}", LABEL))
        parts.append(Text(f"up {units.duration(gateway['uptime'])}", LABEL))
    if snapshot.age_s is not None and snapshot.age_s > 3:
        parts.insert(1, Text(f"no measurement for {snapshot.age_s:.0f} s", FAULT))
    line = Text(no_wrap=True)
    line.append_text(_dot(snapshot)).append(" ").append_text(line_of(parts, width - 2))
    return line


def _advice(snapshot: Snapshot, width: int, most: int) -> list[Text]:
    """What the gateway says is wrong, and what to do."""
    said = snapshot.gateway.get("advice", []) if snapshot.gateway else []
    return [line_of([Text(one["text"], FAULT)], width) for one in said[: max(0, most)]]


def _dot(snapshot: Snapshot) -> Text:
    colour = snapshot.led
    if colour is None and snapshot.gateway is not None:
        return Text("●", str(snapshot.gateway["led"]["colour"]))
    if colour is None or max(colour) == 0:
        return Text("○", "bright_black")
    # The LED's levels are light; a screen's are brightness as the eye sees it.
    shown = (round(255 * (level / 255) ** _GAMMA) for level in colour)
    return Text("●", "rgb({},{},{})".format(*shown))


def _led_words(gateway: dict[str, Any]) -> str:
    led = gateway["led"]
    return f"{led['colour']} {led['pattern']}"


def _supply(snapshot: Snapshot, width: int) -> Text:
    site = snapshot.site
    parts = []
    names = voltage_names(snapshot.plan)
    made = site.get("synthesised", ()) if site else ()
    for name, voltage in zip(names, site["voltages"] if site else [], strict=False):
        note = " V synthesised" if name in made else " V"
        parts.append(labelled(name, number(voltage, ".1f") + note))
    parts.append(labelled("", number(site["frequency"] if site else None, ".3f") + " Hz"))
    parts.append(Text(snapshot.plan.get("scheme", ""), LABEL))
    return line_of(parts, width)


def _totals(snapshot: Snapshot, width: int) -> list[Text]:
    totals = snapshot.site["totals"] if snapshot.site else {}
    today = totals.get("today", {})
    now, day = [], [Text("Today", LABEL)]
    for name in ("grid", "solar", "battery", "house"):
        value = totals.get(name)
        if value is not None or name in ("grid", "house"):
            now.append(
                Text.assemble(
                    (name.capitalize() + " ", LABEL), (units.power(value), f"bold {sign(value)}")
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
        part = Text.assemble((label + " ", LABEL))
        if plus:
            part.append(units.energy(today.get(plus)))
        if plus and minus:
            part.append(" / ", LABEL)
        if minus:
            part.append(units.energy(today.get(minus)), EXPORT)
        day.append(part)
    return [line_of(now, width), line_of(day, width)]


def _whole(totals: dict[str, Any], width: int) -> Text:
    """What the whole site does beside its roles, and the demand."""
    demand, month = totals["demand"], totals["demand"]["month"]
    parts = [
        labelled("rest", units.power(totals["rest"])),
        labelled("always on", units.power(totals["alwaysOn"])),
        labelled("own use", units.power(totals["selfConsumption"])),
        labelled("demand", units.power(demand["forecast"])),
    ]
    if month:
        parts.append(labelled("month", units.power(month["power"])))
    return line_of([part for part in parts if units.NOTHING not in part.plain], width)


def _bus(snapshot: Snapshot, width: int) -> Text:
    if snapshot.gateway is None:
        return line_of([labelled("A-bus", "no report yet")], width)
    bus = snapshot.gateway["aBus"]
    nodes = bus["nodes"]
    sick = [node for node in nodes if node["state"] != "well"]
    parts = [labelled("A-bus", f"{bus['baud'] / 1e6:.1f} Mbaud")]
    if sick:
        parts.append(Text("; ".join(f"{node['serial']} {node['state']}" for node in sick), FAULT))
    parts.append(counted("lost", missing(snapshot)))
    if snapshot.line is not None:
        parts.append(counted("overflow", snapshot.line.get("overflow", 0)))
    for key in ("gaps", "repairs", "timeouts", "damaged"):
        parts.append(counted(key, sum(node[key] for node in nodes)))
    parts.append(Text(f"{bus['utilisation']:.0f} %"))
    parts.append(Text(f"{bus['points']}/{bus['capacity']} points"))
    parts.append(labelled("blocks", str(bus["blocks"])))
    parts += [counted(key, bus[key]) for key in ("skipped", "restarts", "noise")]
    return line_of(parts, width)


def _mqtt(snapshot: Snapshot, width: int) -> Text:
    parts = [
        labelled("MQTT", f"realtime {snapshot.received.get('realtime', 0)} of {snapshot.expected}")
    ]
    if snapshot.gateway is not None:
        client = snapshot.gateway["mqtt"]
        if client["lastError"]:
            parts.append(Text(str(client["lastError"]), FAULT))
        parts += [
            counted(name, times) for name, times in snapshot.gateway.get("errors", {}).items()
        ]
        parts.append(labelled("published", str(client["published"])))
        parts.append(counted("dropped", client["dropped"]))
        parts.append(labelled("connects", str(client["connects"])))
        parts.append(labelled("heap free", f"{snapshot.gateway['heapFree'] // 1024} K"))
    parts.append(
        labelled("present", {None: units.NOTHING, True: "yes", False: "no"}[snapshot.present])
    )
    return line_of(parts, width)


def _nodes(snapshot: Snapshot) -> Table | None:
    if snapshot.gateway is None:
        return None
    keys = ("answers", "timeouts", "damaged", "repairs", "gaps")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style=LABEL)
    for title in ("Node", "address", "state", *keys):
        table.add_column(
            title, justify="left" if title in ("Node", "state") else "right", no_wrap=True
        )
    for node in snapshot.gateway["aBus"]["nodes"]:
        counts = [
            Text(str(node[key]), "yellow" if node[key] and key != "answers" else "")
            for key in keys
        ]
        state = Text(node["state"], "green" if node["state"] == "well" else FAULT)
        table.add_row(node["serial"], str(node["address"]), state, *counts)
    return table
