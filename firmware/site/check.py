"""Refuses a wrong site.json (docs/site.md) as a whole, with one line that names the field."""

from micropython import const

from system.modules import unload
from site import zone
from site.devices import GATEWAYS, HEADS, HUBS, MAX_IN_MESSAGE, MAX_POINTS, SOLID_CORE
from site.fields import SiteError, choice, date, field, known, new_name, number, serial
from site.schemes import CTS, SCHEMES, UNKNOWN
from site.wiring import DELTA

_ROLES = ("grid", "solar", "battery", "circuit")
_BUILT_IN = "SOLID-CORE"  # the CT of a Solid Core, and of nothing else
_TURNS = (-120, 120, 180)
_FIELDS = ("version", "name", "uuid", "location", "timezone", "utc_offset", "scheme", "frequency")
_FIELDS += ("tz", "voltage_ratio", "synthesised", "head", "points", "loads", "b_bus", "gateway")
_FIELDS += ("feeds", "gathers")
_OF_A_POINT = ("input", "phase", "load")
_OF_A_NODE = ("node", "ct", "reversed")
_DAY_S = const(86400)
# Not where others measure.
_CORRECTIONS = ("harmonics", "ratio", "phase_shift", "power_offset", "correction")
_OF_A_CORRECTION = ("ratio", "degrees", "date", "error_before", "error_after", "reference")


def check(table: Table, meters_of: MetersOf | None, own: str | None = None) -> Steps:
    """table: of a site.json. SiteError when it is not usable. meters_of, own: see
    document.load(). A generator: a point takes a ms or two."""
    if not isinstance(table, dict):
        raise SiteError("must be an object")
    if field("", table, "version", int) != 1:
        raise SiteError(
            "version: must be 1, this firmware knows no other: write it as version 1, or update "
            "the firmware"
        )
    if "gateway" in table:
        meant = field("", table, "gateway", str)
        if len(meant) != 10 or not meant.isdigit() or meant[:2] not in GATEWAYS:
            raise SiteError(
                'gateway: "%s" is not ten digits that begin with 50 or 51: take those on its label'
                % meant
            )
        if own is not None and meant != own:
            raise SiteError(
                "gateway: it is for %s, and this is %s: send it there, or change the number"
                % (meant, own)
            )
    for name in ("name", "timezone"):
        field("", table, name, str)
    known("", table, _FIELDS)
    uuid = field("", table, "uuid", str)
    if not uuid or any(letter in uuid for letter in "/+#"):
        raise SiteError(
            "uuid: must not be empty or have / + #, it is a part of MQTT topics: choose another"
        )
    field("", table, "location", int)
    if "tz" in table:
        _check_zone(field("", table, "tz", str))
    offset = field("", table, "utc_offset", int, 0 if "tz" in table else None)
    if not -_DAY_S <= offset <= _DAY_S:
        raise SiteError("utc_offset: must be from %d to %d s" % (-_DAY_S, _DAY_S))
    scheme = choice("", table, "scheme", SCHEMES)
    if field("", table, "frequency", int) not in (50, 60):
        raise SiteError("frequency: must be 50 or 60")
    serial("", table, "head", HEADS)
    number("", table, "voltage_ratio", 1, 0.01, 1000)
    _check_synthesised(field("", table, "synthesised", dict, {}), scheme)
    yield
    roles = {}
    yield from _check_loads(field("", table, "loads", list), roles)
    points = field("", table, "points", list)
    metered = sum(isinstance(one, dict) and ("meter" in one or "gateway" in one) for one in points)
    if len(points) - metered > MAX_POINTS:
        raise SiteError(
            "points: %d, but an A-bus carries at most %d; "
            "remove hubs that are no longer used, or use a second gateway"
            % (len(points) - metered, MAX_POINTS)
        )
    if len(points) > MAX_IN_MESSAGE:
        raise SiteError(
            "points: %d, but there are at most %d: remove some, or use a second gateway"
            % (len(points), MAX_IN_MESSAGE)
        )
    b_bus = field("", table, "b_bus", dict, {})
    meters = {}
    if "b_bus" in table:
        if meters_of is None:
            raise SiteError("b_bus: there is no B-bus here: use a Genius, or remove b_bus")
        meters = meters_of(b_bus)
    gathered = ()
    if "feeds" in table or "gathers" in table:
        from site import several  # few sites have more than one gateway

        unload("site.several", "site.fields")
        gathered = several.check(table, own)
    boxed = b_bus.get("power_box")
    if boxed and table.get("voltage_ratio", 1) != 1:
        raise SiteError(
            "voltage_ratio: not together with b_bus.power_box, whose values are used as it "
            "says them; remove it, and set the voltage transformers in the box itself"
        )
    used = set()
    for i in range(len(points)):
        where = "points[%d]." % i
        _check_point(where, points[i], scheme, roles, used, meters, boxed)
        fields = _OF_A_POINT
        if "meter" in points[i]:
            fields += ("meter",)
        elif "gateway" in points[i]:
            _check_gateway(where, points[i], gathered)
            fields += ("gateway", "node", "ct")
        elif boxed:
            fields += _OF_A_NODE
        else:
            fields += _OF_A_NODE + _CORRECTIONS
        known(where, points[i], fields)
        yield
    if SCHEMES[scheme][3] == DELTA:
        for load in roles:
            of_load = [point for point in points if point["load"] == load]
            _check_delta(load, roles[load], of_load, scheme)


def _check_delta(load, role, points, scheme):
    """Of a three-phase load's three CTs the third would count again what two have counted, and
    what one of the two shows alone has no meaning."""
    phases = [point["phase"] for point in points if "meter" not in point]
    known = phases and UNKNOWN not in phases
    if role == "grid" and known and not ("L1" in phases and "L2" in phases):
        raise SiteError(
            'loads: "%s" has no CT on %s: in %s the grid is measured with two, on L1 and on L2'
            % (load, "L2" if "L1" in phases else "L1", scheme)
        )
    if "L1" in phases and "L2" in phases and "L3" in phases:
        raise SiteError(
            'loads: "%s" has CTs on L1, L2 and L3: in %s a three-phase load is measured with two, '
            "on L1 and on L2; make circuits between two lines loads of their own" % (load, scheme)
        )


def _check_zone(rule):
    try:
        zone.parse(rule)
    except ValueError:
        raise SiteError(
            'tz: "%s" is not the rule of a time zone such as CET-1CEST,M3.5.0,M10.5.0/3' % rule
        )


def _check_synthesised(table, scheme):
    _, phases, measured, lines, _ = SCHEMES[scheme]
    if table and (measured == 1 or lines == DELTA):
        raise SiteError("synthesised: %s needs every voltage that it has" % scheme)
    sources = set()
    for name in table:
        where = "synthesised.%s." % name
        if name not in phases[:measured]:
            raise SiteError("synthesised: %s has no phase %s" % (scheme, name))
        source = choice(where, table[name], "from", phases[:measured])
        known(where, table[name], ("from", "degrees"))
        sources.add(source)
        if source in table or len(sources) > 1:
            raise SiteError("%sfrom: must be one phase that is connected" % where)
        if field(where, table[name], "degrees", int) not in _TURNS:
            raise SiteError("%sdegrees: must be -120, 120 or 180" % where)


def _check_loads(tables, roles):
    """Fills roles, {name: role}."""
    if len(tables) > MAX_IN_MESSAGE:
        raise SiteError(
            "loads: %d, but there are at most %d: put some together"
            % (len(tables), MAX_IN_MESSAGE)
        )
    for i in range(len(tables)):
        where = "loads[%d]." % i
        known(where, tables[i], ("name", "role", "parent"))
        name = new_name(where, tables[i], roles)
        roles[name] = choice(where, tables[i], "role", _ROLES)
        yield
    parents = {}
    for i in range(len(tables)):
        if "parent" in tables[i]:
            where = "loads[%d]." % i
            parents[tables[i]["name"]] = _parent(where, tables[i], roles)
    for i in range(len(tables)):
        _check_circle("loads[%d]." % i, tables[i]["name"], parents)
        yield


def _parent(where, table, roles):
    """The name of the load that this one lies behind."""
    parent = field(where, table, "parent", str)
    if parent not in roles:
        raise SiteError(
            '%sparent: "%s" is not one of loads: add it, or remove the field' % (where, parent)
        )
    if table["role"] == "grid":
        raise SiteError("%sparent: nothing lies before the grid: remove the field" % where)
    if roles[parent] != "circuit":
        raise SiteError(
            '%sparent: "%s" is no circuit: choose one, or remove the field; behind the grid is '
            "everything" % (where, parent)
        )
    return parent


def _check_circle(where, name, parents):
    above = name
    for _ in parents:
        above = parents.get(above)
        if above == name:
            raise SiteError(
                '%sparent: "%s" lies behind itself: remove one parent of the circle'
                % (where, name)
            )


def _check_point(where, table, scheme, roles, used, meters, boxed):
    load = field(where, table, "load", str)
    if "meter" in table:
        node = choice(where, table, "meter", meters)
        inputs = meters[node]
    else:
        node = serial(where, table, "node", HUBS)
        inputs = HUBS[node[:4]]
    name = choice(where, table, "input", "ABCD"[:inputs])
    if (node, name) in used:
        raise SiteError(
            "%sinput: %s of %s is used twice: give one of both another input, or remove it"
            % (where, name, node)
        )
    used.add((node, name))
    if "meter" not in table:
        ct = choice(where, table, "ct", CTS)
        if (ct == _BUILT_IN) != (node[:4] == SOLID_CORE):
            raise SiteError(
                "%sct: %s cannot be on %s: %s is what a Solid Core, 5600..., has, and only it"
                % (where, ct, node, _BUILT_IN)
            )
    _, phases, _, lines, _ = SCHEMES[scheme]
    phase = field(where, table, "phase", str)
    if phase == UNKNOWN and ("meter" in table or "gateway" in table or boxed):
        raise SiteError(
            "%sphase: cannot be unknown where others measure: choose %s"
            % (where, " or ".join(phases))
        )
    if phase not in phases and phase != UNKNOWN:
        raise SiteError(
            "%sphase: %s does not exist in %s: choose %s"
            % (where, phase, scheme, " or ".join(phases))
        )
    if load not in roles:
        raise SiteError(
            '%sload: "%s" is not one of loads: add it there, or choose another' % (where, load)
        )
    if lines == DELTA and roles[load] == "grid" and phase == "L3":
        raise SiteError(
            "%sphase: in %s the grid is measured with two CTs, on L1 and on L2" % (where, scheme)
        )
    field(where, table, "reversed", bool, False)
    field(where, table, "harmonics", bool, False)
    number(where, table, "ratio", 1, 0.001, 10000)
    number(where, table, "phase_shift", 0, -10, 10)
    number(where, table, "power_offset", 0, -1000, 1000)
    if "correction" in table:
        _check_correction(where + "correction.", field(where, table, "correction", dict))


def _check_gateway(where, table, gathered):
    """Of a point that another gateway measures."""
    number = field(where, table, "gateway", str)
    if number not in gathered:
        raise SiteError(
            '%sgateway: "%s" is not one of gathers: add it there, or remove the field'
            % (where, number)
        )


def _check_correction(where, table):
    """Of a CT that is off by more than this something else is wrong."""
    known(where, table, _OF_A_CORRECTION)
    number(where, table, "ratio", None, 0.9, 1.1)
    number(where, table, "degrees", None, -6, 6)
    date(where, table, "date")
    number(where, table, "error_before", 0, 0, 100)
    number(where, table, "error_after", 0, 0, 100)
    if len(field(where, table, "reference", str, "")) > 40:
        raise SiteError("%sreference: must have at most 40 characters: shorten it" % where)
