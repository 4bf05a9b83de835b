"""Names and serial numbers of a site's devices. Owns which kinds of serial number fit which.

A device whose serial number the plan does not know gets a stand-in, so that the documents are
whole: the first ones of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .catalogue import GATEWAYS, HUB, SOLID_CORE
from .gateways import INPUT_MODULE, OUTPUT_MODULE, Unit
from .problems import Message, PlanError

POWER_BOX = "Power Box"
KINDS: dict[str, tuple[str, ...]] = {
    HUB: ("5500", "5520"),
    SOLID_CORE: ("5600",),
    POWER_BOX: ("5400",),
    INPUT_MODULE: ("5700",),
    OUTPUT_MODULE: ("5710",),
}
KINDS |= {name: (str(gateway.kind),) for name, gateway in GATEWAYS.items()}


def number(units: list[Unit], known: dict[str, str]) -> list[str]:
    """Give every device its name and serial number; returns the names of those with a stand-in.
    PlanError for a serial number that no device has, or that is not one of its kind."""
    counts: dict[str, int] = {}
    problems: list[Message] = []
    standing_in: list[str] = []
    devices: list[str] = []
    names: dict[str, str] = {}  # by serial number
    for kind, keep in _devices(units):
        counts[kind] = counts.get(kind, 0) + 1
        name = f"{kind} {counts[kind]}"
        serial = known.get(name, "")
        if not serial:
            serial = _stand_in(kind, counts[kind], set(known.values()) | set(names))
            standing_in.append(name)
        elif serial[:4] not in KINDS[kind]:
            begins = " / ".join(KINDS[kind])
            problems.append(Message(f"serials.{name}", "kind_of_serial", {"begins": begins}))
        if serial in names:
            values = {"serial": serial, "other": names[serial]}
            problems.append(Message(f"serials.{name}", "serial_twice", values))
        names[serial] = name
        devices.append(name)
        keep(name, serial)
    for name in known:
        if name not in devices:
            values = {"devices": ", ".join(devices)}
            problems.append(Message(f"serials.{name}", "no_device", values))
    if problems:
        raise PlanError(problems)
    return standing_in


def _stand_in(kind: str, count: int, taken: set[str]) -> str:
    while (serial := f"{KINDS[kind][0]}{count:06d}") in taken:
        count += 100
    return serial


def _devices(units: list[Unit]) -> Iterator[tuple[str, Any]]:
    """The kind of each device, and what keeps its name and serial number."""
    for unit in units:
        yield unit.kind, lambda name, serial, one=unit: _name(one, name, serial)
        if not unit.gateway.built_in:
            yield POWER_BOX, lambda name, serial, one=unit: _name_head(one, name, serial)
        for device in (*unit.group.devices, *unit.modules):
            yield device.kind, lambda name, serial, one=device: _name(one, name, serial)


def _name(device: Any, name: str, serial: str) -> None:
    device.name, device.serial = name, serial
    if isinstance(device, Unit) and device.gateway.built_in:
        _name_head(device, name, serial)


def _name_head(unit: Unit, name: str, serial: str) -> None:
    unit.head_name, unit.head = name, serial
