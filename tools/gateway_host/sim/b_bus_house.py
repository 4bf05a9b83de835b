"""What a house has on the B-bus: its TOML tables, site.json's `b_bus`, and slaves."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .b_input_module import InputModule
from .b_meters import ProfileMeter, eastron
from .b_module import Module
from .b_output_module import OutputModule
from .catalogue import serial_parts
from .loads import Feed, Profile
from .modbus_line import Slave
from .power_box import PowerBox
from .toml_file import Table, TomlFile

_INPUT_SITE = ("name", "mode", "unit", "per_pulse", "debounce", "active")
_OUTPUT_SITE = ("name", "contact", "fail_safe", "min_on", "min_off", "group")
PROFILES = Path(__file__).resolve().parents[3] / "firmware" / "b_bus" / "profiles"
_PULSE_S = 0.05
_TICK_S = 0.1


@dataclass
class BBus:
    """site: site.json's `b_bus`; `slaves`: what makes each slave of the line, from the house;
    `feeds`: relays that feed loads, by the load's name; `points`, `loads`: of meters, as in
    site.json; `profiles`: those beside the house file, by name: they go to the gateway."""

    site: dict[str, Any] = field(default_factory=dict)
    slaves: list[Callable[[Any], Slave]] = field(default_factory=list)
    points: list[dict[str, Any]] = field(default_factory=list)
    loads: list[tuple[str, str]] = field(default_factory=list)
    feeds: dict[str, Feed] = field(default_factory=dict)
    profiles: dict[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.site)


def pulses(flow: Profile, per_pulse: float) -> Iterator[tuple[float, bool]]:
    """A pulse contact: `flow` is in units a minute, each pulse is `per_pulse` units."""
    counted = 0.0
    tick = 0
    while True:
        time = tick * _TICK_S
        counted += flow.at(time) * _TICK_S / 60
        tick += 1
        whole = int(counted / per_pulse)
        counted -= whole * per_pulse
        for k in range(whole):
            start = time + _TICK_S * k / whole
            yield start * 1e6, True
            yield (start + min(_PULSE_S, _TICK_S / whole / 2)) * 1e6, False
        if not whole:
            yield time * 1e6, False


def levels(steps: list[tuple[float, float]]) -> Iterator[tuple[float, bool]]:
    """A contact that is closed or open for so long each, for ever."""
    time = 0.0
    while True:
        for seconds, closed in steps:
            yield time * 1e6, bool(closed)
            time += seconds


def read_b_bus(file: TomlFile) -> BBus:
    """The B-bus of a house file; empty when it has none. The rest of what is wrong in it is said
    by the gateway (docs/site.md)."""
    bus = BBus()
    for table in file.each("input_module"):
        _module(bus, table, "input_modules", "inputs", InputModule)
    for table in file.each("output_module"):
        _module(bus, table, "output_modules", "outputs", OutputModule)
    for table in file.each("meter"):
        _meter(bus, table, file.path.parent)
    box = file.one("power_box", required=False)
    if box.flag("modbus", False):
        bus.site["power_box"] = True
        bus.slaves.append(_power_box)
    box.finish()
    for table in file.each("automation"):
        keys = ("name", "output", "schedule", "rule")
        entry = {key: table.value(key) for key in keys if table.has(key)}
        bus.site.setdefault("automations", []).append(entry)
        table.finish()
    return bus


def _module(bus: BBus, table: Table, key: str, channels: str, kind: type[Module]) -> None:
    serial = table.text("serial")
    if serial_parts(serial)[0] != kind.KIND:
        table.fail("serial", f"{serial} does not begin with {kind.KIND}")
    here = not table.flag("absent", False)
    configured = table.flag("in_site", True)
    letter, entries, extra = channels[:-1], [], {}
    for item in table.tables(channels, letter, "name"):
        place = item.text(letter, choices="ABCD"[: 4 if kind is InputModule else 2])
        names = _INPUT_SITE if kind is InputModule else _OUTPUT_SITE
        entries.append({letter: place} | {n: item.value(n) for n in names if item.has(n)})
        if item.has("flow"):
            extra[place] = (_profile(item, "flow"), item.number("per_pulse", 1e-6, 1e4))
        elif item.has("steps"):
            extra[place] = item.value("steps")
        elif item.has("load"):
            extra[place] = bus.feeds.setdefault(item.text("load"), Feed())
        item.finish()
    table.finish()
    if configured:
        bus.site.setdefault(key, []).append({"serial": serial, channels: entries})

    def make(_: Any) -> Module:
        number = serial_parts(serial)[1]
        if kind is InputModule:
            sources = {
                place: levels(what) if isinstance(what, list) else pulses(*what)
                for place, what in extra.items()
            }
            module: Module = InputModule(number, sources)
        else:
            feeds = {"AB".index(place): feed for place, feed in extra.items()}

            def changed(place: int, on: bool, time: float) -> None:
                if place in feeds:
                    feeds[place].switch(time / 1e6, on)

            module = OutputModule(number, changed)
        module.connected = here
        return module

    bus.slaves.append(make)


def _power_box(house: Any) -> Slave:
    return PowerBox(
        house.head.serial,
        [node.serial for node in house.nodes],
        {(point.node, point.input): point.ct for point in house.points},
        {(point.node, point.input): 3 + i for i, point in enumerate(house.points)},
        house.waveforms,
        house.first_sample,
    )


def _profile_of(bus: BBus, table: Table, kind: str, place: Path) -> dict[str, Any]:
    """A meter's profile: beside the house file, in `profiles` there, or the firmware's."""
    own = [place / f"{kind}.json", place / "profiles" / f"{kind}.json"]
    for path in [*own, PROFILES / f"{kind}.json"]:
        try:
            profile = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            table.fail("profile", f"{path}: {error}")
        if path in own:
            bus.profiles[kind] = profile
        return profile
    known = ", ".join(sorted(path.stem for path in PROFILES.glob("*.json")))
    table.fail("profile", f"no file {kind}.json beside the house file; the firmware has {known}")


def _slave(unit: int, kind: str, profile: dict[str, Any], power: Profile, phases: int) -> Slave:
    if kind in ("SDM120", "SDM630"):
        return eastron(unit, kind, power, phases)
    return ProfileMeter(unit, profile, power)


def _meter(bus: BBus, table: Table, place: Path) -> None:
    name, unit = table.text("name"), table.whole("unit", 1, 246)
    kind = table.text("profile")
    profile = _profile_of(bus, table, kind, place)
    load, power = table.text("load"), _profile(table, "power")
    phases = table.value("phases")
    here = not table.flag("absent", False)
    table.finish()
    bus.site.setdefault("meters", []).append({"name": name, "unit": unit, "profile": kind})
    bus.loads.append((load, "circuit"))
    for letter, phase in zip("ABC", phases, strict=False):
        bus.points.append({"meter": name, "input": letter, "phase": phase, "load": load})

    def make(_: Any) -> Slave:
        meter = _slave(unit, kind, profile, power, len(phases))
        meter.connected = here
        return meter

    bus.slaves.append(make)


def _profile(item: Table, key: str) -> Profile:
    value = item.value(key)
    steps = value if isinstance(value, list) else [[1.0, value]]
    try:
        return Profile([(float(seconds), float(amount)) for seconds, amount in steps])
    except (TypeError, ValueError):
        item.fail(key, f"{key!r} must be a number or [[seconds, value], ...]")
