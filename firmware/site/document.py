"""The installation: scheme, measuring points, loads and their roles, as docs/site.md describes.

Owns what site.json means; check.py refuses it when something is wrong.
"""

import json
from math import cos, pi, sin

from micropython import const

from system.modules import unload
from site import fingerprint, zone
from site.devices import HUBS

_STEP = const(4)  # points at once


class Point:
    """One measuring point: `node` (serial), `input` (0 to 3), `type` (the original's), `rated`
    (A), `phase` (0 to 2, which of the site's voltages it is measured with), `reversed`, `load`
    (index)."""

    # Corrections, in the class where there are none: most CTs need none, and the heap is small.
    ratio_ppm = 1000000
    shift = 0
    offset = 0  # W, added to the power
    harmonics = False  # whether they are asked for
    metered = False  # by a device on the B-bus, or by
    gateway: str | None = None  # another gateway, of this number
    phaseless = False  # nobody knows `phase` yet: its current is measured, its power is unknown

    def __init__(self, table: Table, node: str, ct: tuple[int, str], phase: int, load: int):
        self.node = node
        self.input = ord(table["input"]) - ord("A")
        self.rated, self.type = ct
        self.phase = phase
        self.reversed = table.get("reversed", False)
        self.load = load
        found = table.get("correction", {})  # at the site, beside what is known of the CT
        ratio = table.get("ratio", 1) * found.get("ratio", 1)
        shift = table.get("phase_shift", 0) + found.get("degrees", 0)
        if table.get("harmonics"):
            self.harmonics = True
        if table.get("power_offset"):
            self.offset = table["power_offset"]
        if ratio != 1:
            self.ratio_ppm = int(round(ratio * 1000000))
        if shift:
            self.shift = shift
            self.sine = sin(shift * pi / 180)
            self.cosine = cos(shift * pi / 180)


class Load:
    """One load: `name`, `role`, `points`, the indices of its points, `behind`: whether what
    it takes or gives is a part of what another circuit's points measure, `top`: the outermost
    load for which that holds, and `fed`: whether solar or a battery lie behind it."""

    def __init__(self, name: str, role: str):
        self.name = name
        self.role = role
        self.behind = False
        self.top: int | None = None
        self.fed = False
        self.points: list[int] = []


def load(text: str, meters_of: MetersOf | None = None, own: str | None = None) -> Site:
    """The Site of a site.json's text; ValueError (one line: which field and why) when it is not
    usable. meters_of: a function that refuses a wrong `b_bus` and gives {name of a meter on it:
    its phases}; None where there is no B-bus. own: the gateway's serial number; None: whichever
    it is for."""
    try:
        table = json.loads(text)
    except ValueError:
        raise ValueError("not JSON: it is cut off or damaged, send it again")
    return _ended(steps(table, meters_of, own))


def of(table: Table) -> Site:
    """The Site of a table that check.check() accepts."""
    return _ended(_made(table))


def _ended(reading):
    """A generator's value, at once."""
    while True:
        try:
            next(reading)
        except StopIteration as end:
            return end.value


def steps(
    table: Table, meters_of: MetersOf | None, own: str | None
) -> Generator[None, None, Site]:
    """As load(), of what JSON has: a generator of steps of a few ms, whose value is the Site."""
    from site import check  # needed once: not kept

    unload("site.check", "site.fields", "site.schemes")
    yield from check.check(table, meters_of, own)
    return (yield from _made(table))


def _made(table):
    site = Site(table)
    yield from site.read(table)
    return site


class Site:
    """The installation. Attributes as in docs/site.md; `points` and `loads` are lists of Point and
    Load. `fingerprint`: see site.fingerprint; `phases`: how many voltages are published; `lines`:
    what becomes of the head's voltages (wiring.STAR, DELTA or SPLIT); `declared`: what a voltage
    should be, V; `voltage_ppm`: the voltage transformers' ratio x 1000000; `zone`: local time, a
    zone.Zone; `synthesised`: {phase: (phase that it is made of, degrees that it leads it)}, 0 to
    2."""

    def __init__(self, table: Table):
        """table: one that check.check() accepts; read() is to follow."""
        from site import schemes

        unload("site.schemes")
        self.fingerprint = ""
        self.name = table["name"]
        self.uuid = table["uuid"]
        self.location = table["location"]
        self.timezone = table["timezone"]
        rule = table.get("tz")
        self.zone = zone.parse(rule) if rule else zone.Zone(table["utc_offset"])
        self.scheme = table["scheme"]
        self.phase_type, names, self.phases, self.lines, self.declared = schemes.SCHEMES[
            self.scheme
        ]
        self.frequency = table["frequency"]
        self.head = table["head"]
        self.b_bus = table.get("b_bus")  # as given: b_bus.read knows what it means
        self.feeds: str | None = table.get("feeds")
        self.gathers: list[str] = table.get("gathers", [])
        self.power_box = bool(self.b_bus and self.b_bus.get("power_box"))
        self.voltage_ppm = int(round(table.get("voltage_ratio", 1) * 1000000))
        self.synthesised = {
            names.index(name): (names.index(source["from"]), source["degrees"])
            for name, source in table.get("synthesised", {}).items()
        }
        self.loads = [Load(one["name"], one["role"]) for one in table["loads"]]
        self.points: list[Point] = []

    def read(self, table: Table) -> Steps:
        """The points, and the rest of it: a generator of steps of a few ms."""
        from site import schemes

        unload("site.schemes")
        names = schemes.SCHEMES[self.scheme][1]
        loads = {load.name: k for k, load in enumerate(self.loads)}
        nodes = {}  # a serial number is kept once
        for one in table["points"]:
            k = loads[one["load"]]
            node = one.get("meter") or one["node"]
            node = nodes.setdefault(node, node)
            self.loads[k].points.append(len(self.points))
            ct = schemes.CTS[one["ct"]] if "ct" in one else (1, "MODBUS")
            known = one["phase"] != schemes.UNKNOWN
            point = Point(one, node, ct, names.index(one["phase"]) if known else 0, k)
            if not known:
                point.phaseless = True
            if "gateway" in one:
                point.gateway = one["gateway"]
            if self.power_box or "meter" in one or "gateway" in one:
                point.metered = True
            self.points.append(point)
            if len(self.points) % _STEP == 0:
                yield
        self._find_behind(table["loads"], loads)
        yield
        self.fingerprint = yield from fingerprint.steps(table)

    def _find_behind(self, tables, names):
        """Find what lies behind a circuit that is measured, however many others are between, and
        what is fed from behind."""
        sources = [load.role in ("solar", "battery") for load in self.loads]
        for k, table in enumerate(tables):
            if self.loads[k].role == "grid":
                self.loads[k].fed = any(sources)
            parent = table.get("parent")
            while parent is not None:
                above = names[parent]
                if self.loads[above].points:
                    self.loads[k].behind = True
                    self.loads[k].top = above
                self.loads[above].fed = self.loads[above].fed or sources[k]
                parent = tables[above].get("parent")

    def nodes(self) -> Named:
        """[(serial, [channel of each input, -1 where unused])], the head first; channels 0 to 2
        are the head's voltages, 3 + i is point i."""
        nodes = [(self.head, [0, 1, 2])]
        for i in range(len(self.points)):
            point = self.points[i]
            if point.metered:
                continue
            for node in nodes:
                if node[0] == point.node:
                    break
            else:
                node = (point.node, [-1] * HUBS[point.node[:4]])
                nodes.append(node)
            node[1][point.input] = 3 + i
        return nodes
