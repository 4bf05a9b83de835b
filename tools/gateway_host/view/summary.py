"""What a run has shown, in a few plain lines, and whether anything was lost."""

from __future__ import annotations

from typing import Any

from gateway_host.view import units
from gateway_host.view.collector import Snapshot
from gateway_host.view.screen import missing

_ROLES = {"grid": "grid", "solar": "solar", "battery": "battery", "circuit": "circuits"}


def losses(snapshot: Snapshot) -> list[str]:
    """Everything that was lost, in words; empty when all was measured and delivered."""
    if snapshot.site is None or snapshot.gateway is None:
        return ["nothing was measured"]
    found = []
    for text, number in (
        ("samples lost", missing(snapshot)),
        ("realtime messages missed", snapshot.missed),
        ("messages dropped by the gateway", snapshot.gateway["mqtt"]["dropped"]),
        ("malformed messages", snapshot.malformed),
    ):
        if number:
            found.append(f"{number} {text}")
    for name, number in snapshot.gateway.get("errors", {}).items():
        if name.startswith("task."):
            found.append(f"the gateway's task {name[5:]} failed {number} times")
    return found


def energies(snapshot: Snapshot) -> dict[str, tuple[int, int]]:
    """Imported and exported energy in J since the gateway's start, summed over the loads of each
    role.
    """
    sums: dict[str, tuple[int, int]] = {}
    for load in snapshot.site["loads"] if snapshot.site else []:
        taken, given = sums.get(load["role"], (0, 0))
        sums[load["role"]] = (taken + load["import"], given + load["export"])
    return sums


def summary(
    snapshot: Snapshot, took_s: float, energy: tuple[float, float, float] | None = None
) -> str:
    """The run in at most twelve lines.

    took_s: real seconds. energy: what truth.Truth says of the grid, if known.
    """
    lost = losses(snapshot)
    if snapshot.site is None or snapshot.gateway is None:
        return f"Nothing was measured in {took_s:.1f} s."
    lines = [
        f"Measured {snapshot.measured_s:.1f} s of {len(snapshot.plan['points'])} points in "
        f"{took_s:.1f} s."
    ]
    if snapshot.gateway["aBus"]["blocks"] or not snapshot.b_bus:
        lines += _a_bus(snapshot)
    if snapshot.b_bus:
        lines.append(_b_bus(snapshot.b_bus))
    lines.append(
        f"  MQTT      {snapshot.received.get('realtime', 0)} of {snapshot.expected} realtime "
        f"messages, {snapshot.gateway['mqtt']['connects']} connections"
    )
    for role, joules in energies(snapshot).items():
        taken, given = (units.energy(value) for value in joules)
        lines.append(f"  {_ROLES.get(role, role):9} {taken} imported, {given} exported")
    if energy is not None and energy[1]:
        measured, true, seconds = energy
        lines.append(
            f"  accuracy  grid in {seconds:.1f} s {units.energy(measured)}, in truth "
            f"{units.energy(true)}: "
            f"{round((measured / true - 1) * 100, 4) + 0:+.4f} %"
        )
    lines.append("  lost      " + ("; ".join(lost) if lost else "nothing"))
    return "\n".join(lines)


def _a_bus(snapshot: Snapshot) -> list[str]:
    bus = snapshot.gateway["aBus"]
    lines = [
        f"  A-bus     {bus['blocks']} blocks, {missing(snapshot)} samples lost, "
        + _counted(bus["nodes"], "gaps", "repairs", "timeouts", "damaged")
    ]
    if snapshot.line is not None:
        lines.append(
            f"  line      {bus['utilisation']:.1f} % of the cycle used, "
            f"{snapshot.line['collisions']} collisions, "
            f"{snapshot.line['overflow']} bytes lost in the receive buffer"
        )
    return lines


def _b_bus(bus: dict[str, Any]) -> str:
    devices = bus["devices"]
    well = sum(device["state"] == "well" for device in devices)
    counts = _counted(devices, "answers", "timeouts", "damaged", "exceptions")
    return (
        f"  B-bus     {well} of {len(devices)} devices well, {counts}, "
        f"{bus['utilisation']:.1f} % of the last second used"
    )


def _counted(things: list[dict[str, Any]], *keys: str) -> str:
    return ", ".join(f"{sum(thing[key] for thing in things)} {key}" for key in keys)
