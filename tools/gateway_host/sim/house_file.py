"""Reads a house from its TOML file (docs/house.md) and refuses what cannot be."""

import math
import uuid
from pathlib import Path
from typing import Any

from .b_bus_house import read_b_bus
from .catalogue import (
    HEAD_TYPES,
    MAX_NODES,
    MAX_POINTS,
    PHASES,
    RATED_AMPERE,
    ROLES,
    SCHEMES,
    SOLID_CORE_TYPE,
    Scheme,
    inputs_of,
    serial_parts,
)
from .house import House, NodeSettings, Point
from .loads import Load, Profile
from .mains import Event, Harmonic, Mains
from .toml_file import Table, TomlFile


def load_house(path: str | Path) -> House:
    """The house of the TOML file `path`. UserError, with file and line, when something in it is
    wrong.
    """
    file = TomlFile(Path(path))
    top = file.top
    site = read_site(top)
    seed = top.whole("seed", 0, 2**31, 1)
    first_sample = top.whole("first_sample", 0, 2**32 - 1, 0)
    top.finish()
    scheme = SCHEMES[site["scheme"]]
    head_table = file.one("head")
    ratio = head_table.number("voltage_ratio", 0.01, 1000, 1.0)
    synthesised = _synthesised(head_table, PHASES[: len(scheme.angles)])
    mains = _mains(file.one("mains", required=False), site, seed, ratio)
    head = read_node(head_table, HEAD_TYPES, "a Power Box or a Genius Flex")
    nodes = read_nodes(file.each("node"))
    check = PointCheck({node.serial for node in nodes}, scheme)
    circuits: list[Load] = []
    roles: list[tuple[str, str]] = []
    points: list[Point] = []
    for table in file.each("load"):
        name, role = read_load_name(table, roles)
        own = [read_point(t, name, check) for t in table.tables("points", "node", "input")]
        if role == "grid":
            if len(own) == 0:
                table.fail("points", "the grid has no points; leave the table out or add points")
        else:
            circuits.append(_load(table, name, role, own, scheme, seed))
        if own:
            roles.append((name, role))
        points += own
        table.finish()
    b_bus = read_b_bus(file)
    for circuit in circuits:
        circuit.feed = b_bus.feeds.get(circuit.name)
    file.finish()
    return House(
        **site,
        head=head,
        nodes=nodes,
        points=points,
        loads=roles,
        first_sample=first_sample,
        seed=seed,
        voltage_ratio=ratio,
        synthesised=synthesised,
        mains=mains,
        circuits=circuits,
        b_bus=b_bus,
    )


def read_site(top: Table) -> dict[str, Any]:
    """The fields of Site that stand at the top of a file."""
    scheme = top.text("scheme", "3x400+N", tuple(SCHEMES))
    frequency = top.whole("frequency", 50, 60, 50)
    if frequency not in (50, 60):
        top.fail("frequency", f"'frequency' must be 50 or 60, not {frequency}")
    identity = top.text("uuid", "00000000-0000-4000-8000-000000000001")
    try:
        identity = str(uuid.UUID(identity))
    except ValueError:
        top.fail("uuid", f"'uuid' must be a UUID, not {identity!r}")
    return {
        "name": top.text("name", "House"),
        "uuid": identity,
        "location": top.whole("location", 0, 2**31 - 1, 1),
        "timezone": top.text("timezone", "Etc/UTC"),
        "utc_offset": top.whole("utc_offset", -14 * 3600, 14 * 3600, 0),
        "scheme": scheme,
        "frequency": frequency,
    }


def read_node(table: Table, types: tuple[int, ...], what: str) -> NodeSettings:
    """A node of one of `types`; `what` says which they are."""
    serial = table.text("serial")
    try:
        kind, _ = serial_parts(serial)
    except ValueError as error:
        table.fail("serial", str(error))
    if kind not in types:
        known = ", ".join(map(str, types))
        table.fail("serial", f"{serial} is not {what} (serial numbers begin with {known})")
    node = NodeSettings(
        serial,
        table.number("drift_ppm", -100, 100, 0.0),
        table.number("metres", 0, 100, 0.0),
        table.flag("absent", False),
    )
    table.finish()
    return node


def read_nodes(tables: list[Table]) -> list[NodeSettings]:
    """The nodes besides the head, in the order of the file."""
    nodes: list[NodeSettings] = []
    for table in tables:
        node = read_node(table, (5500, 5520, SOLID_CORE_TYPE), "a CT Hub or a Solid Core")
        if any(other.serial == node.serial for other in nodes):
            table.fail("serial", f"node {node.serial} is there twice; remove one")
        nodes.append(node)
        if len(nodes) > MAX_NODES:
            table.fail("serial", f"more than {MAX_NODES} nodes besides the head; remove some")
    return nodes


def read_load_name(table: Table, earlier: list[tuple[str, str]]) -> tuple[str, str]:
    """(name, role) of a load; names are unique and there is at most one grid."""
    name, role = table.text("name"), table.text("role", "circuit", ROLES)
    if any(name == other for other, _ in earlier):
        table.fail("name", f"the load {name!r} is there twice; give it another name")
    if role == "grid" and any(other == "grid" for _, other in earlier):
        table.fail("role", "a second load has the role grid; give it another role")
    return name, role


class PointCheck:
    """What holds over all points of a file: known nodes, no input twice, not more than 28."""

    def __init__(self, serials: set[str], scheme: Scheme) -> None:
        self.serials = serials
        self.phases = tuple(scheme.ends)
        self._used: dict[tuple[str, str], str] = {}

    def add(self, table: Table, node: str, letter: str, load: str) -> None:
        """Takes the input `letter` of `node` for `load`. UserError when that cannot be."""
        if node not in self.serials:
            table.fail("node", f"node {node!r} is not a [[node]] of this file; add it")
        letters = inputs_of(int(node[:4]))
        if letter not in letters:
            known = ", ".join(letters)
            table.fail("input", f"node {node} has no input {letter!r}; it has {known}")
        if (node, letter) in self._used:
            other = self._used[node, letter]
            table.fail("input", f"input {letter} of {node} is used twice (also by {other!r})")
        self._used[node, letter] = load
        if len(self._used) > MAX_POINTS:
            table.fail("node", f"more than {MAX_POINTS} measuring points; remove some")

    def ct(self, table: Table, node: str) -> str:
        """The CT of a point; a Solid Core has its own and only that."""
        solid = node.startswith(str(SOLID_CORE_TYPE))
        ct = table.text("ct", *(["SOLID-CORE"] if solid else []), choices=tuple(RATED_AMPERE))
        if solid != (ct == "SOLID-CORE"):
            rule = "a Solid Core, and only it, has SOLID-CORE"
            table.fail("ct", f"{ct} cannot be on node {node}; {rule}")
        return ct


def read_point(table: Table, load: str, check: PointCheck) -> Point:
    """A measuring point of `load`."""
    node, letter = table.text("node"), table.text("input")
    check.add(table, node, letter, load)
    phase = table.text("phase", choices=check.phases)
    flip = table.flag("reversed", False)
    point = Point(
        node,
        letter,
        check.ct(table, node),
        phase,
        load,
        flip,
        table.number("ratio_error_percent", -50, 50, 0.0),
        table.number("phase_error_degrees", -30, 30, 0.0),
        table.text("wired", phase, check.phases),
        table.flag("turned", flip),
    )
    table.finish()
    return point


def _synthesised(table: Table, phases: tuple[str, ...]) -> dict[str, dict]:
    """{phase that is not connected: {"from": phase, "degrees": }}; docs/site.md has the rules, and
    the firmware refuses what breaks them.
    """
    value = table.value("synthesised", {})
    shape = '{ L2 = { from = "L1", degrees = -120 } }'
    if not isinstance(value, dict) or not all(
        name in phases and isinstance(wish, dict) and set(wish) == {"from", "degrees"}
        for name, wish in value.items()
    ):
        table.fail("synthesised", f"'synthesised' must be {shape}, with phases of the scheme")
    return value


def _mains(table: Table, site: dict[str, Any], seed: int, ratio: float) -> Mains:
    scheme = SCHEMES[site["scheme"]]
    count = len(scheme.angles)
    mains = Mains(
        _numbers(table, "voltages", count, 0, 500 * max(1, ratio), [scheme.volt] * count),
        _numbers(table, "angles", count, -360, 360, list(scheme.angles)),
        table.number("frequency", 40, 70, float(site["frequency"])),
        table.number("frequency_wander", 0, 5, 0.0),
        table.number("frequency_seconds", 1, 1e5, 60.0),
        table.number("voltage_wander", 0, 50, 0.0),
        table.number("voltage_seconds", 1, 1e5, 20.0),
        _harmonics(table),
        seed,
        _events(table, count),
    )
    table.finish()
    return mains


def _events(table: Table, count: int) -> list[Event]:
    found = []
    for item in table.tables("events"):
        start, seconds = item.number("start", 0, 1e7), item.number("seconds", 0.001, 1e7)
        found.append(Event(start, seconds, _numbers(item, "factors", count, 0, 2, [1.0] * count)))
        item.finish()
    return found


def _numbers(
    table: Table, key: str, count: int, low: float, high: float, default: list[float]
) -> list[float]:
    values = table.value(key, default)
    good = isinstance(values, list) and len(values) == count
    if not good or not all(_is_number(v) and low <= v <= high for v in values):
        table.fail(key, f"{key!r} must be a list of {count} numbers from {low:g} to {high:g}")
    return [float(v) for v in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _harmonics(table: Table) -> list[Harmonic]:
    found = []
    for item in table.tables("harmonics"):
        order = item.whole("order", 2, 31)
        if any(h.order == order for h in found):
            item.fail("order", f"harmonic {order} is there twice; remove one")
        percent, angle = item.number("percent", 0, 200), item.number("angle", -360, 360, 0.0)
        found.append(Harmonic(order, percent, angle))
        item.finish()
    return found


def _load(
    table: Table, name: str, role: str, points: list[Point], scheme: Scheme, seed: int
) -> Load:
    wired = sorted({p.wired or p.phase for p in points})
    listed = table.value("phases", wired)
    known = _elements(scheme)
    if not isinstance(listed, list) or not listed or any(p not in known for p in listed):
        table.fail("phases", f"'phases' must be a list of {', '.join(known)}; or give it points")
    if scheme.delta and len(listed) == 1:
        known = known | scheme.ends
    elements = [known[phase] for phase in sorted(set(listed))]
    lines = {line for ends in elements for line in ends}
    if scheme.delta and None in lines and len(elements) != 3:
        table.fail("phases", "in 3x230 a three-phase load has phases = ['L1', 'L2', 'L3']")
    for phase in wired:
        if scheme.ends[phase] not in elements and scheme.ends[phase][0] not in lines:
            table.fail("points", f"a point is on {phase}, which is not one of the load's phases")
    return Load(
        name,
        role,
        [start if end is None else (start, end) for start, end in elements],
        _profile(table, "power", -1e7, 1e7, None, f"{name} power", seed),
        _profile(table, "power_factor", -1, 1, 1.0, f"{name} power factor", seed),
        _harmonics(table),
    )


def _elements(scheme: Scheme) -> dict[str, tuple[int, int | None]]:
    """What a load's `phases` may name: each line by itself, and each two lines."""
    lines = PHASES[: len(scheme.angles)]
    single = {name: (k, None) for k, name in enumerate(lines)}
    pairs = {
        f"{one}-{other}": (lines.index(one), lines.index(other))
        for one in lines
        for other in lines
        if one < other
    }
    return single | pairs


def _profile(
    table: Table,
    key: str,
    low: float,
    high: float,
    default: float | None,
    name: str,
    seed: int,
) -> Profile:
    value = table.value(key) if default is None else table.value(key, default)
    if _is_number(value):
        return Profile([(1.0, table.number(key, low, high))] if table.has(key) else [(1.0, value)])
    shape = "a number or { steps = [[seconds, value], ...], wander = 0.1, seconds = 10 }"
    if not isinstance(value, dict) or not set(value) <= {"steps", "value", "wander", "seconds"}:
        table.fail(key, f"{key!r} must be {shape}")
    steps = value.get("steps", [[1.0, value.get("value")]])
    good = isinstance(steps, list) and bool(steps)
    if not good or not all(
        isinstance(s, list)
        and len(s) == 2
        and all(map(_is_number, s))
        and s[0] > 0
        and low <= s[1] <= high
        for s in steps
    ):
        table.fail(key, f"{key!r} must be {shape}, values from {low:g} to {high:g}")
    wander, seconds = value.get("wander", 0.0), value.get("seconds", 10.0)
    if not _is_number(wander) or not 0 <= wander <= 1:
        table.fail(key, f"'wander' of {key!r} must be a number from 0 to 1")
    if not _is_number(seconds) or seconds < 0.5:
        table.fail(key, f"'seconds' of {key!r} must be a number of at least 0.5")
    return Profile([(float(d), float(v)) for d, v in steps], wander, seconds, seed=seed, name=name)
