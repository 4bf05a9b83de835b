"""Refuses a wrong site.json (docs/site.md) as a whole, with one line that names the field."""

import json

from schemes import CTS, DELTA, HEAD_TYPES, NODE_TYPES, SCHEMES

_MOST_POINTS = 28
# What a load's name may have: messages stay within what the uplink can hold.
_LONGEST_NAME = 40  # characters
_MOST_BYTES = 80  # as JSON in UTF-8
_NAME_RULE = "must have 1 to 40 characters, at most 80 bytes in UTF-8"
_ROLES = ("grid", "solar", "battery", "circuit")
_BUILT_IN = "SOLID-CORE"  # the CT of a Solid Core, and of nothing else
_BUILT_IN_NODE = "5600"
_TURNS = (-120, 120, 180)


class SiteError(ValueError):
    """The site is not usable: one line, which field and why."""


def check(table):
    """table: of a site.json. SiteError when it is not usable."""
    if not isinstance(table, dict):
        raise SiteError("must be an object")
    if _field("", table, "version", int) != 1:
        raise SiteError("version: must be 1; this firmware knows no other")
    for name in ("name", "timezone"):
        _field("", table, name, str)
    uuid = _field("", table, "uuid", str)
    if not uuid or any(letter in uuid for letter in "/+#"):
        raise SiteError("uuid: must not be empty or have / + #; it is a part of MQTT topics")
    for name in ("location", "utc_offset"):
        _field("", table, name, int)
    scheme = _choice("", table, "scheme", SCHEMES)
    if _field("", table, "frequency", int) not in (50, 60):
        raise SiteError("frequency: must be 50 or 60")
    _serial("", table, "head", HEAD_TYPES)
    _number("", table, "voltage_ratio", 1, 0.01, 1000)
    _check_synthesised(_field("", table, "synthesised", dict, {}), scheme)
    roles = _check_loads(_field("", table, "loads", list))
    points = _field("", table, "points", list)
    if len(points) > _MOST_POINTS:
        raise SiteError(
            "points: %d, but an A-bus carries at most %d; "
            "remove hubs that are no longer used, or use a second gateway"
            % (len(points), _MOST_POINTS)
        )
    used = set()
    for i in range(len(points)):
        _check_point("points[%d]." % i, points[i], scheme, roles, used)


def _check_synthesised(table, scheme):
    _, phases, measured, lines = SCHEMES[scheme]
    if table and (measured == 1 or lines == DELTA):
        raise SiteError("synthesised: %s needs every voltage that it has" % scheme)
    for name in table:
        where = "synthesised.%s." % name
        if name not in phases[:measured]:
            raise SiteError("synthesised: %s has no phase %s" % (scheme, name))
        source = _choice(where, table[name], "from", phases[:measured])
        if source in table:
            raise SiteError("%sfrom: %s is synthesised itself" % (where, source))
        if _field(where, table[name], "degrees", int) not in _TURNS:
            raise SiteError("%sdegrees: must be -120, 120 or 180" % where)


def _check_loads(tables):
    """Returns {name: role}."""
    roles = {}
    if len(tables) > _MOST_POINTS:
        raise SiteError("loads: %d, but there are at most %d" % (len(tables), _MOST_POINTS))
    for i in range(len(tables)):
        where = "loads[%d]." % i
        name = _field(where, tables[i], "name", str)
        size = len(json.dumps(name).encode()) - 2
        if not 0 < len(name) <= _LONGEST_NAME or size > _MOST_BYTES:
            raise SiteError("%sname: %s" % (where, _NAME_RULE))
        if name in roles:
            raise SiteError('%sname: "%s" is there twice' % (where, name))
        roles[name] = _choice(where, tables[i], "role", _ROLES)
    return roles


def _check_point(where, table, scheme, roles, used):
    node = _serial(where, table, "node", NODE_TYPES)
    name = _choice(where, table, "input", "ABCD"[: NODE_TYPES[node[:4]]])
    if (node, name) in used:
        raise SiteError("%sinput: %s of %s is used twice" % (where, name, node))
    used.add((node, name))
    ct = _choice(where, table, "ct", CTS)
    if (ct == _BUILT_IN) != (node[:4] == _BUILT_IN_NODE):
        raise SiteError("%sct: %s cannot be on %s" % (where, ct, node))
    _, phases, _, lines = SCHEMES[scheme]
    phase = _choice(where, table, "phase", phases)
    load = _field(where, table, "load", str)
    if load not in roles:
        raise SiteError('%sload: "%s" is not one of loads' % (where, load))
    if lines == DELTA and roles[load] == "grid" and phase == "L3":
        raise SiteError(
            "%sphase: in %s the grid is measured with two CTs, on L1 and on L2" % (where, scheme)
        )
    _field(where, table, "reversed", bool, False)
    _number(where, table, "ratio", 1, 0.001, 10000)
    _number(where, table, "phase_shift", 0, -10, 10)


# Single fields. `where` begins the line of the error.


def _field(where, table, name, kind, default=None):
    if not isinstance(table, dict):
        raise SiteError("%s must be an object" % where[:-1])
    value = table.get(name, default)
    if value is None:
        raise SiteError("%s%s is missing" % (where, name))
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        expected = {
            str: "a text",
            int: "a whole number",
            list: "a list",
            dict: "an object",
            bool: "true or false",
        }
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
