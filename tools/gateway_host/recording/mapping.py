"""Which channel of a recording goes to which input: by itself, or as a SITE file says."""

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..sim.catalogue import HEAD_TYPES, MAX_POINTS, PHASES, SCHEMES, serial_parts
from ..sim.house import NodeSettings, Point
from ..sim.site_file import read_load_name, read_site
from ..sim.toml_file import Table, TomlFile
from .groups import head_of, lines_in_order, loads_of, name_of, star_of
from .inputs import CTS, Mapped, amperes, current_input, voltage_side, volts
from .names import Phase
from .waveform import SIDES, Channel, Waveform

_HEAD = "5020000001"
_HUB = "5500"
_MAX_RATIO = 1000


def default_mapping(file: Waveform, frequency: float) -> dict[str, Any]:
    """The fields of a Recording: the first voltages that belong together are the head, the
    currents in their order are loads of up to three points, as many as fit into 28.
    """
    head = head_of(file)
    there = [channel for channel in head.voltages if channel is not None]
    side, problem = voltage_side(there)
    if problem:
        raise UserError(f"{file.path}: {problem}")
    points: list[Point] = []
    currents: list[Mapped] = []
    roles: list[tuple[str, str]] = []
    for group in loads_of(file, head):
        if len(points) + len(group) > MAX_POINTS or not group:
            break
        name = name_of(group, {name for name, _ in roles})
        roles.append((name, "circuit"))
        current_side, ct, problem = current_input(group)
        if problem:
            raise UserError(f"{file.path}: {problem}")
        for channel in group:
            phase = PHASES[channel.phase.first]
            points.append(Point(*_input(len(points)), ct, phase, name))
            currents.append(amperes(channel, current_side, ct))
    return _site(
        {
            "name": file.station or file.path.stem,
            "uuid": _identity(file),
            "location": 1,
            "timezone": "Etc/UTC",
            "utc_offset": 0,
            "scheme": head.scheme,
            "frequency": 60 if abs(frequency - 60) < 5 else 50,
        },
        _HEAD,
        points,
        roles,
        [channel and volts(channel, side) for channel in head.voltages],
        currents,
    ) | {"notes": [note for note in (head.note, _left_out(file, len(there), len(points))) if note]}


def mapping_of(file: Waveform, path: Path) -> dict[str, Any]:
    """The fields of a Recording as the SITE file `path` says. UserError, with file and line, when
    it cannot be.
    """
    site = TomlFile(path)
    top = site.top
    fields = read_site(top)
    if not top.has("uuid"):
        fields["uuid"] = _identity(file)
    top.finish()
    scheme = SCHEMES[fields["scheme"]]
    serial, voltages, ratio = _head(site.one("head"), file, fields["scheme"])
    points: list[Point] = []
    currents: list[Mapped] = []
    roles: list[tuple[str, str]] = []
    for table in site.each("load"):
        name, role = read_load_name(table, roles)
        roles.append((name, role))
        rows = table.tables("points", "channel")
        if not rows:
            table.fail("points", "the load has no points; add { channel = ..., phase = ... }")
        for row in rows:
            if len(points) == MAX_POINTS:
                row.fail("channel", f"more than {MAX_POINTS} measuring points; remove some")
            channel = _named(row, "channel", row.text("channel"), file, "A")
            side, ct = _wanted_input(row, channel)
            node, letter = _input(len(points))
            phase = row.text("phase", choices=tuple(scheme.ends))
            points.append(Point(node, letter, ct, phase, name, row.flag("reversed", False)))
            currents.append(amperes(channel, side, ct))
            row.finish()
        table.finish()
    site.finish()
    if not points:
        raise UserError(f"{path}:1: no points; add at least one [[load]] with points")
    return _site(fields, serial, points, roles, voltages, currents) | {"voltage_ratio": ratio}


def _left_out(file: Waveform, voltages: int, points: int) -> str:
    """How much of the file is not mapped, in words, or ""."""
    count = {kind: sum(c.kind == kind for c in file.channels) for kind in "VA"}
    if count["V"] <= voltages and count["A"] <= points:
        return ""
    return (
        f"of {count['V']} voltages {voltages} and of {count['A']} currents {points} are mapped; "
        "a SITE file chooses others"
    )


def _site(
    fields: dict[str, Any],
    head: str,
    points: list[Point],
    loads: list[tuple[str, str]],
    voltages: list[Mapped | None],
    currents: list[Mapped],
) -> dict[str, Any]:
    return fields | {
        "head": NodeSettings(head),
        "nodes": [NodeSettings(serial) for serial in dict.fromkeys(p.node for p in points)],
        "points": points,
        "loads": loads,
        "voltages": (voltages + [None] * 3)[:3],
        "currents": currents,
    }


def _input(index: int) -> tuple[str, str]:
    """(serial number, letter) of the input for point `index`: CT Hubs are filled one after the
    other.
    """
    return f"{_HUB}{index // 4 + 1:06d}", "ABCD"[index % 4]


def _named(table: Table, key: str, name: str, file: Waveform, kind: str) -> Channel:
    channel = file.channel(name, kind)
    if channel is None:
        table.fail(key, f"the recording {file.path.name} has no channel {name!r}", name)
    if not channel.kind:  # the person who writes the SITE file knows what the unit is
        return replace(channel, kind=kind)
    if channel.kind != kind:
        what = "voltage" if kind == "V" else "current"
        table.fail(key, f"channel {name!r} of {file.path.name} is not a {what}", name)
    return channel


def _head(table: Table, file: Waveform, scheme: str) -> tuple[str, list[Mapped | None], float]:
    serial = table.text("serial", _HEAD)
    try:
        good = serial_parts(serial)[0] in HEAD_TYPES
    except ValueError:
        good = False
    if not good:
        table.fail("serial", f"{serial!r} is not the serial number of a head (5400... or 5020...)")
    phases = len(SCHEMES[scheme].angles)
    names = table.value("voltages")
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not good or len(names) != phases:
        table.fail("voltages", f"'voltages' must be a list of {phases} channel names")
    channels = [_named(table, "voltages", name, file, "V") for name in names]
    between = [c for c in channels if isinstance(c.phase, Phase) and c.phase.second is not None]
    lines = lines_in_order(channels)
    if between and (lines is None or phases != 3):
        table.fail(
            "voltages",
            f"{between[0].name!r} is a voltage between two lines; name the voltages to neutral, "
            "or all three between lines in a scheme of three phases",
            between[0].name,
        )
    ratio = table.number("voltage_ratio", 0.01, _MAX_RATIO, 1.0)
    if table.has("side"):
        sides: tuple[str, ...] = (table.text("side", choices=SIDES),)
    else:
        sides = SIDES[:1] if table.has("voltage_ratio") else SIDES
    # In 3x230 the gateway works out those between lines, which must fit as well.
    heard = channels if not lines or scheme == "3x230" else star_of(lines)
    side, problem = voltage_side(heard, ratio, sides)
    if problem:
        table.fail("side" if table.has("side") else "voltages", problem)
    table.finish()
    fed = star_of(lines) if lines else channels
    return serial, [volts(channel, side, ratio) for channel in fed], ratio


def _wanted_input(row: Table, channel: Channel) -> tuple[str, str]:
    sides = (row.text("side", choices=SIDES),) if row.has("side") else SIDES
    cts = (row.text("ct", choices=tuple(CTS)),) if row.has("ct") else tuple(CTS)
    side, ct, problem = current_input([channel], sides, cts)
    if problem:
        row.fail("ct" if row.has("ct") else "channel", problem, channel.name)
    return side, ct


def _identity(file: Waveform) -> str:
    """A UUID that is always the same for a file of that name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, file.path.name))
