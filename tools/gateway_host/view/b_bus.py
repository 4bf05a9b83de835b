"""The B-bus in the terminal view: one line of what was counted, seen and switched."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from gateway_host.view.text import FAULT, LABEL, counted, labelled, line_of


def b_bus(bus: dict[str, Any], width: int) -> Text:
    """The last `bBus` message (docs/cloud.md): totals, contacts, relays, then the line itself."""
    parts = [Text("B-bus", LABEL)]
    devices = bus["devices"]
    for device in devices:
        for one in device.get("inputs", ()):
            parts.append(_input(one))
        for one in device.get("outputs", ()):
            parts.append(_output(one))
        if device["state"] != "well":
            parts.append(Text(f"{device['serial'] or device['name']} {device['state']}", FAULT))
    parts.append(Text(f"{bus['utilisation']:.0f} %"))
    parts += [counted(key, sum(one[key] for one in devices)) for key in ("timeouts", "damaged")]
    return line_of(parts, width)


def _input(one: dict[str, Any]) -> Text:
    if one["mode"] == "pulse":
        total = one.get("total")
        return labelled(one["name"], "-" if total is None else f"{total:,.2f} {one['unit']}")
    return labelled(one["name"], {True: "active", False: "idle", None: "-"}[one["active"]])


def _output(one: dict[str, Any]) -> Text:
    state = {True: "on", False: "off", None: "-"}[one["on"]]
    if one["wait"]:
        state += f" ({one['wait']} s)"
    return labelled(one["name"], state)
