"""Reads what a house and a recording have in common, the site, from their TOML file, and refuses
what cannot be."""

import sys
import uuid
from typing import Any

from .. import zones
from .catalogue import (
    MAX_NODES,
    MAX_POINTS,
    RATED_AMPERE,
    ROLES,
    SCHEMES,
    SOLID_CORE_TYPE,
    Scheme,
    inputs_of,
    serial_parts,
)
from .house import NodeSettings, Point
from .toml_file import Table


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
        "tz": _rule(top),
        "utc_offset": top.whole("utc_offset", -14 * 3600, 14 * 3600, 0),
        "scheme": scheme,
        "frequency": frequency,
    }


def _rule(top: Table) -> str | None:
    """The rule of the zone that the file names; None where it names none, or this machine knows
    none at all: then the gateway has the fixed offset."""
    if not top.has("timezone"):
        return None
    name = top.text("timezone")
    rule = zones.rule(name)
    if rule is None and zones.are_there():
        top.fail("timezone", f"there is no time zone {name!r}, such as Europe/Brussels")
    if rule is None:
        print("no time zones on this machine (package tzdata): utc_offset counts", file=sys.stderr)
    return rule


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


def read_synthesised(table: Table, phases: tuple[str, ...]) -> dict[str, dict]:
    """{phase that is not connected: {"from": phase, "degrees": }}; docs/site.md has the rules, and
    the firmware refuses what breaks them.
    """
    value = table.value("synthesised", {})
    shape = '{ L2 = { from = "L1", degrees = -120 } }'
    if not isinstance(value, dict) or not all(
        name in phases and isinstance(source, dict) and set(source) == {"from", "degrees"}
        for name, source in value.items()
    ):
        table.fail("synthesised", f"'synthesised' must be {shape}, with phases of the scheme")
    return value
