"""The wiring plan: each sensor's place, and each cable from one device to the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .cables import GATEWAY, HEAD, Run
from .catalogue import A_BUS_M, B_BUS_M, MODULE_INPUTS
from .design import Result
from .gateways import Module, Unit
from .positions import Device


@dataclass(frozen=True)
class Row:
    """A sensor: on which device and input, around which line of which load, which phase is
    configured, and the load's role, which says where its arrow points."""

    gateway: str
    device: str
    serial: str
    board: str
    input: str
    load: str
    role: str
    line: str
    phase: str
    ct: str


@dataclass(frozen=True)
class Channel:
    """What is connected to an input or output of a module."""

    gateway: str
    device: str
    serial: str
    board: str
    letter: str
    name: str
    contact: str  # NO or NC of an output


@dataclass(frozen=True)
class Segment:
    """A cable between two devices, by their names."""

    start: str
    end: str
    article: str
    metres: float


@dataclass(frozen=True)
class Bus:
    """A bus of a gateway: its cables, and their length beside the limit (m)."""

    gateway: str
    name: str
    segments: list[Segment]
    metres: float
    limit: float


def rows(result: Result) -> Iterator[Row]:
    """All sensors, in the order of the devices; no serial number where it is not known yet."""
    for unit in result.units:
        for device in unit.group.devices:
            for place in device.positions:
                load = result.plan.loads[place.load]
                yield Row(
                    gateway=unit.name,
                    device=device.name,
                    serial="" if device.name in result.standing_in else device.serial,
                    board=result.plan.boards[device.board].name,
                    input=place.input,
                    load=load.name,
                    role=load.role,
                    line=place.line,
                    phase=place.phase,
                    ct=place.ct,
                )


def channels(result: Result) -> Iterator[Channel]:
    """All inputs and outputs that are used, in the order of the modules."""
    for unit in result.units:
        for module in unit.modules:
            for letter, item in zip(MODULE_INPUTS, module.items, strict=False):
                yield Channel(
                    gateway=unit.name,
                    device=module.name,
                    serial="" if module.name in result.standing_in else module.serial,
                    board=result.plan.boards[module.board].name,
                    letter=letter,
                    name=item.name,
                    contact=item.site.get("contact", ""),
                )


def buses(result: Result) -> list[Bus]:
    """The buses that have a cable."""
    found = []
    for unit in result.units:
        kinds: list[tuple[str, list[Run], Sequence[Device | Module], float, float]] = [
            ("A-bus", unit.group.run, unit.group.devices, unit.group.metres, A_BUS_M),
            ("B-bus", unit.b_run, unit.modules, unit.b_metres, B_BUS_M),
        ]
        for name, runs, devices, metres, limit in kinds:
            segments = [
                Segment(
                    _name(unit, devices, run.start),
                    _name(unit, devices, run.end),
                    run.article,
                    run.metres,
                )
                for run in runs
            ]
            if segments:
                found.append(Bus(unit.name, name, segments, metres, limit))
    return found


def _name(unit: Unit, devices: Sequence[Device | Module], index: int) -> str:
    if index == GATEWAY:
        return unit.name
    return unit.head_name if index == HEAD else devices[index].name
