"""Which channel of a recording goes to which input: by itself, or as a SITE file says."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UserError
from .catalogue import (
    FULL_SCALE,
    HEAD_TYPES,
    MAX_POINTS,
    PHASES,
    RATED_AMPERE,
    SCHEMES,
    VOLT_PER_COUNT,
    ampere_per_count,
    serial_parts,
)
from .comtrade_file import Channel, ComtradeFile
from .house import NodeSettings, Point
from .site_file import read_load_name, read_site
from .toml_file import Table, TomlFile

_NO_GROUP = "{}: no three {} channels in a row for phases A, B, C; name them in a SITE file"
_HEAD = "5020000001"
_HUB = "5500"
_SIDES = ("primary", "secondary")
_CTS = sorted(
    (ct for ct in RATED_AMPERE if ct.startswith("AC-") and "-S-" not in ct), key=RATED_AMPERE.get
)


@dataclass(frozen=True)
class Mapped:
    """A channel of the recording on an input: which side of its transformer is metered, and how
    many V or A a count of the node is worth.
    """

    channel: Channel
    side: str
    per_count: float

    def counts(self) -> np.ndarray:
        """int16 samples as on the wire (without `reversed`)."""
        exact = np.rint(self.channel.samples(self.side) / self.per_count)
        return np.clip(exact, -FULL_SCALE - 1, FULL_SCALE).astype(np.int16)

    def json(self) -> dict:
        """Name, metered side and transformer ratio, for people."""
        return {"channel": self.channel.name, "side": self.side, "ratio": self.channel.ratio}


def default_mapping(file: ComtradeFile) -> dict[str, Any]:
    """The fields of a Recording: the first complete voltage group is the head, the current groups
    in their order are loads of three points, as many as fit into 28.
    """
    groups = _groups(file.channels)
    heads = [g for g in groups if g[0].kind == "V"]
    if not heads:
        raise UserError(_NO_GROUP.format(file.path, "voltage"))
    loads = [g for g in groups if g[0].kind == "A"][: MAX_POINTS // 3]
    if not loads:
        raise UserError(_NO_GROUP.format(file.path, "current"))
    points: list[Point] = []
    currents: list[Mapped] = []
    roles: list[tuple[str, str]] = []
    for group in loads:
        name = _group_name(group, {name for name, _ in roles})
        roles.append((name, "circuit"))
        side, ct = _current_input(file.path, group)
        for phase, channel in enumerate(group):
            points.append(Point(*_input(len(points)), ct, PHASES[phase], name))
            currents.append(_amperes(channel, side, ct))
    side = _voltage_side(file.path, heads[0])
    return _site(
        {
            "name": file.station or file.path.stem,
            "uuid": _identity(file),
            "location": 1,
            "timezone": "Etc/UTC",
            "utc_offset": 0,
            "scheme": "3x400+N",
            "frequency": 60 if abs(file.frequency - 60) < 5 else 50,
        },
        _HEAD,
        points,
        roles,
        [_volts(channel, side) for channel in heads[0]],
        currents,
    )


def mapping_of(file: ComtradeFile, path: Path) -> dict[str, Any]:
    """The fields of a Recording as the SITE file `path` says. UserError, with file and line, when
    it cannot be.
    """
    site = TomlFile(path)
    top = site.top
    fields = read_site(top)
    if not top.has("uuid"):
        fields["uuid"] = _identity(file)
    top.finish()
    phases = PHASES[: len(SCHEMES[fields["scheme"]].angles)]
    serial, voltages = _head(site.one("head"), file, len(phases))
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
            side, ct = _wanted_input(row, file.path, channel)
            node, letter = _input(len(points))
            phase = row.text("phase", choices=phases)
            points.append(Point(node, letter, ct, phase, name, row.flag("reversed", False)))
            currents.append(_amperes(channel, side, ct))
            row.finish()
        table.finish()
    site.finish()
    if not points:
        raise UserError(f"{path}:1: no points; add at least one [[load]] with points")
    return _site(fields, serial, points, roles, voltages, currents)


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


def _groups(channels: list[Channel]) -> list[list[Channel]]:
    """Three channels in a row of the same kind, for phases A, B and C."""
    found, i = [], 0
    while i + 2 < len(channels):
        group = channels[i : i + 3]
        kinds = {c.kind for c in group}
        if [c.phase for c in group] == [0, 1, 2] and len(kinds) == 1 and "" not in kinds:
            found.append(group)
            i += 3
        else:
            i += 1
    return found


def _group_name(group: list[Channel], used: set[str]) -> str:
    names = [channel.name for channel in group]
    size = 0
    while all(size < len(name) and name[size] == names[0][size] for name in names):
        size += 1
    stem = names[0][:size].rstrip(" _-./")
    if stem[-1:] in ("I", "i") and (len(stem) == 1 or not stem[-2].isalpha()):
        stem = stem[:-1].rstrip(" _-./")
    stem = stem or "Currents"
    name, number = stem, 2
    while name in used:
        name, number = f"{stem} {number}", number + 1
    return name


def _voltage_side(path: Path, group: list[Channel]) -> str:
    for side in _SIDES:
        if max(c.peak(side) for c in group) <= VOLT_PER_COUNT * FULL_SCALE:
            return side
    problem = f"{group[0].name!r} is above 491 V peak on both sides"
    raise UserError(f"{path}: {problem}; choose another channel")


def _current_input(
    path: Path, group: list[Channel], sides: tuple[str, ...] = _SIDES
) -> tuple[str, str]:
    """(side, smallest CT that holds the peak) for channels on CTs of the same kind."""
    for side in sides:
        peak = max(c.peak(side) for c in group)
        for ct in _CTS:
            if peak <= ampere_per_count(ct) * FULL_SCALE:
                return side, ct
    raise UserError(f"{path}: {group[0].name!r} is above every CT's range; choose another channel")


def _named(table: Table, key: str, name: str, file: ComtradeFile, kind: str) -> Channel:
    channel = file.channel(name)
    if channel is None:
        table.fail(key, f"the recording {file.path.name} has no channel {name!r}", name)
    if channel.kind != kind:
        what = "voltage" if kind == "V" else "current"
        table.fail(key, f"channel {name!r} of {file.path.name} is not a {what}", name)
    return channel


def _head(table: Table, file: ComtradeFile, phases: int) -> tuple[str, list[Mapped | None]]:
    serial = table.text("serial", _HEAD)
    try:
        good = serial_parts(serial)[0] in HEAD_TYPES
    except ValueError:
        good = False
    if not good:
        table.fail("serial", f"{serial!r} is not the serial number of a head (5400... or 5020...)")
    names = table.value("voltages")
    good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not good or len(names) != phases:
        table.fail("voltages", f"'voltages' must be a list of {phases} channel names")
    channels = [_named(table, "voltages", name, file, "V") for name in names]
    if table.has("side"):
        side = table.text("side", choices=_SIDES)
    else:
        side = _voltage_side(file.path, channels)
    table.finish()
    return serial, [_volts(channel, side) for channel in channels]


def _wanted_input(row: Table, path: Path, channel: Channel) -> tuple[str, str]:
    sides = (row.text("side", choices=_SIDES),) if row.has("side") else _SIDES
    if not row.has("ct"):
        return _current_input(path, [channel], sides)
    return sides[0], row.text("ct", choices=tuple(_CTS))


def _volts(channel: Channel, side: str) -> Mapped:
    """A voltage input that is fed with `channel`."""
    return Mapped(channel, side, VOLT_PER_COUNT)


def _amperes(channel: Channel, side: str, ct: str) -> Mapped:
    """A current input with the CT `ct` that is fed with `channel`."""
    return Mapped(channel, side, ampere_per_count(ct))


def _identity(file: ComtradeFile) -> str:
    """A UUID that is always the same for a file of that name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, file.path.name))
