"""Reads a house from its TOML file (docs/house.md) and refuses what cannot be."""

import math
from pathlib import Path
from typing import Any

from .b_bus_house import read_b_bus
from .catalogue import (
    HEAD_TYPES,
    PHASES,
    SCHEMES,
    Scheme,
)
from .house import House, Point
from .loads import Load, Profile
from .mains import Event, Harmonic, Mains
from .site_file import (
    PointCheck,
    read_load_name,
    read_node,
    read_nodes,
    read_point,
    read_site,
    read_synthesised,
)
from .toml_file import Table, TomlFile

DEFAULT_HOUSE = Path(__file__).resolve().parents[2] / "houses" / "default.toml"


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
    synthesised = read_synthesised(head_table, PHASES[: len(scheme.angles)])
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
