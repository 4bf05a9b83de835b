"""The installation: scheme, measuring points, loads and their roles, as docs/site.md describes;
validation; totals by role.

Owns what site.json means. Refuses it as a whole, with one line that names the field, when
something is wrong.
"""

import json
from math import cos, pi, sin

MOST_POINTS = 28
# What a load's name may have: messages stay within what the uplink can hold.
_LONGEST_NAME = 40  # characters
_MOST_BYTES = 80  # as JSON in UTF-8
_NAME_RULE = "must have 1 to 40 characters, at most 80 bytes in UTF-8"
PHASES = ("L1", "L2", "L3")
ROLES = ("grid", "solar", "battery", "circuit")

# Scheme: phases connected, the original's name for it.
SCHEMES = {
    "1x230": (1, "SINGLE"),
    "3x400+N": (3, "THREE_STAR"),
    "3x230": (3, "THREE_DELTA"),
    "2x120/240": (2, "DUAL"),
    "3x120/208": (3, "THREE_STAR"),
    "3x277/480": (3, "THREE_STAR"),
    "3x347/600": (3, "THREE_STAR"),
}

# CT article: rated current in A (docs/a-bus.md section 2), the original's name for the type.
CTS = {
    "AC-CT-50A": (50, "SCT2_50A"),
    "AC-CT-S-50A": (50, "SCT2_50A"),
    "AC-CT-100A": (100, "SCT2_100A"),
    "AC-CT-200A": (200, "SCT2_200A"),
    "AC-CT-400A": (400, "SCT2_400A"),
    "AC-RSCT-4CM": (400, "ROGOWSKI_400A"),
    "AC-RSCT-12CM": (1600, "ROGOWSKI_1600A"),
    "AC-RSCT-19CM": (4000, "ROGOWSKI_4000A"),
    "AC-RSCT-30CM": (10000, "ROGOWSKI_10000A"),
    "SOLID-CORE": (80, "SOLID_CORE_80A"),
}

_BUILT_IN = "SOLID-CORE"  # the CT of a Solid Core, and of nothing else
_BUILT_IN_NODE = "5600"

# First four digits of a serial number: inputs of the node.
NODE_TYPES = {"5500": 4, "5520": 4, "5600": 3}
HEAD_TYPES = ("5400", "5020")


class SiteError(ValueError):
    """The site is not usable: one line, which field and why."""


class Point:
    """One measuring point: `node` (serial), `input` (0 to 3), `ct`, `type` (the original's),
    `rated` (A), `phase` (0 to 2), `reversed`, `load` (index)."""

    # Corrections, in the class where there are none: most CTs need none, and the heap is small.
    ratio_ppm = 1000000
    shift = 0

    def __init__(self, node, input, ct, phase, reversed, load, ratio, shift):
        self.node = node
        self.input = input
        self.ct = ct
        self.rated, self.type = CTS[ct]
        self.phase = phase
        self.reversed = reversed
        self.load = load
        if ratio != 1:
            self.ratio_ppm = int(round(ratio * 1000000))
        if shift:
            self.shift = shift
            self.sine = sin(shift * pi / 180)
            self.cosine = cos(shift * pi / 180)


class Load:
    """One load: `name`, `role`, and `points`, the indices of its points."""

    def __init__(self, name, role):
        self.name = name
        self.role = role
        self.points = []


def _field(where, table, name, kind, default=None):
    if not isinstance(table, dict):
        raise SiteError("%s must be an object" % where[:-1])
    value = table.get(name, default)
    if value is None:
        raise SiteError("%s%s is missing" % (where, name))
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        expected = {str: "a text", int: "a whole number", list: "a list", bool: "true or false"}
        raise SiteError("%s%s: must be %s" % (where, name, expected[kind]))
    return value


def _number(where, table, name, default, least, most):
    value = table.get(name, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise SiteError("%s%s: must be a number" % (where, name))
    if not least <= value <= most:
        raise SiteError("%s%s: must be from %s to %s" % (where, name, least, most))
    return value


def _choice(where, table, name, choices):
    value = _field(where, table, name, str)
    if value not in choices:
        known = ", ".join(sorted(choices))
        raise SiteError('%s%s: "%s" is not known (known: %s)' % (where, name, value, known))
    return value


def _serial(where, table, name, types):
    value = _field(where, table, name, str)
    if len(value) != 10 or not value.isdigit() or value[:4] not in types:
        known = " or ".join(sorted(types))
        raise SiteError(
            '%s%s: "%s" is not ten digits that begin with %s' % (where, name, value, known)
        )
    return value


def load(text):
    """The Site of a site.json's text; SiteError when it is not usable."""
    try:
        table = json.loads(text)
    except ValueError:
        raise SiteError("not JSON")
    if not isinstance(table, dict):
        raise SiteError("must be an object")
    return Site(table)


class Site:
    """The installation. Attributes as in docs/site.md; `points` and `loads` are lists of Point and
    Load."""

    def __init__(self, table):
        if _field("", table, "version", int) != 1:
            raise SiteError("version: must be 1; this firmware knows no other")
        self.name = _field("", table, "name", str)
        self.uuid = _field("", table, "uuid", str)
        if not self.uuid or any(letter in self.uuid for letter in "/+#"):
            raise SiteError("uuid: must not be empty or have / + #; it is a part of MQTT topics")
        self.location = _field("", table, "location", int)
        self.timezone = _field("", table, "timezone", str)
        self.utc_offset = _field("", table, "utc_offset", int)
        self.scheme = _choice("", table, "scheme", SCHEMES)
        self.phases, self.phase_type = SCHEMES[self.scheme]
        self.frequency = _field("", table, "frequency", int)
        if self.frequency not in (50, 60):
            raise SiteError("frequency: must be 50 or 60")
        self.head = _serial("", table, "head", HEAD_TYPES)
        self.loads = []
        self.points = []
        self._read_loads(_field("", table, "loads", list))
        points = _field("", table, "points", list)
        if len(points) > MOST_POINTS:
            raise SiteError(
                "points: %d, but an A-bus carries at most %d; "
                "remove hubs that are no longer used, or use a second gateway"
                % (len(points), MOST_POINTS)
            )
        for i in range(len(points)):
            self._read_point("points[%d]." % i, points[i])

    def _read_loads(self, tables):
        if len(tables) > MOST_POINTS:
            raise SiteError("loads: %d, but there are at most %d" % (len(tables), MOST_POINTS))
        for i in range(len(tables)):
            where = "loads[%d]." % i
            name = _field(where, tables[i], "name", str)
            size = len(json.dumps(name).encode()) - 2
            if not 0 < len(name) <= _LONGEST_NAME or size > _MOST_BYTES:
                raise SiteError("%sname: %s" % (where, _NAME_RULE))
            if any(load.name == name for load in self.loads):
                raise SiteError('%sname: "%s" is there twice' % (where, name))
            self.loads.append(Load(name, _choice(where, tables[i], "role", ROLES)))

    def _read_point(self, where, table):
        node = _serial(where, table, "node", NODE_TYPES)
        name = _choice(where, table, "input", "ABCD"[: NODE_TYPES[node[:4]]])
        input = ord(name) - ord("A")
        for point in self.points:
            if point.node == node and point.input == input:
                raise SiteError("%sinput: %s of %s is used twice" % (where, name, node))
        ct = _choice(where, table, "ct", CTS)
        if (ct == _BUILT_IN) != (node[:4] == _BUILT_IN_NODE):
            raise SiteError("%sct: %s cannot be on %s" % (where, ct, node))
        phase = PHASES.index(_choice(where, table, "phase", PHASES[: self.phases]))
        load = _field(where, table, "load", str)
        for k in range(len(self.loads)):
            if self.loads[k].name == load:
                self.loads[k].points.append(len(self.points))
                break
        else:
            raise SiteError('%sload: "%s" is not one of loads' % (where, load))
        turned = _field(where, table, "reversed", bool, False)
        ratio = _number(where, table, "ratio", 1, 0.001, 10000)
        shift = _number(where, table, "phase_shift", 0, -10, 10)
        self.points.append(Point(node, input, ct, phase, turned, k, ratio, shift))

    def nodes(self):
        """[(serial, [channel of each input, -1 where unused])], the head first; channels 0 to 2
        are the head's voltages, 3 + i is point i."""
        nodes = [(self.head, [0, 1, 2])]
        for i in range(len(self.points)):
            point = self.points[i]
            for node in nodes:
                if node[0] == point.node:
                    break
            else:
                node = (point.node, [-1] * NODE_TYPES[point.node[:4]])
                nodes.append(node)
            node[1][point.input] = 3 + i
        return nodes

    def load_power(self, readings, k):
        """Active power of load k in W, or None when one of its points was not measured."""
        total = 0.0
        for i in self.loads[k].points:
            if readings[i].power is None:
                return None
            total += readings[i].power
        return total

    def has(self, role):
        """Whether a load has this role."""
        return any(load.role == role for load in self.loads)

    def role_power(self, powers, role):
        """Sum of the loads' `powers` over those with this role, None when there is none or one is
        not known."""
        total = None
        for k in range(len(self.loads)):
            if self.loads[k].role == role:
                if powers[k] is None:
                    return None
                total = (total or 0.0) + powers[k]
        return total
