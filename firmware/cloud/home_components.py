"""What Home Assistant shows of a site (docs/home-assistant.md), each by a key that stays over
restarts and changes of the site: a point's by its node and input, a load's by its name.

Owns the keys, the names and the templates. Nothing here sends.
"""

from binascii import crc32

from site.wiring import DELTA, SPLIT
from cloud.json_pieces import compact

_UNITS = {
    "power": "W",
    "current": "A",
    "voltage": "V",
    "frequency": "Hz",
}
# By role: what its import and its export are called; None: it has none.
_ENERGIES = {
    "grid": ("import", "export"),
    "solar": (None, "production"),
    "battery": ("charge", "discharge"),
    "circuit": ("energy", None),
}
# Of a pulse input's unit: what is counted, and Home Assistant's name of the unit.
_COUNTED = {
    "l": ("water", "L"),
    "m3": ("gas", "m³"),
    "kWh": ("energy", "kWh"),
    "Wh": ("energy", "Wh"),
}
# J to kWh. A power cut takes back up to a minute: until it is made up for, the last value holds. A
# register that begins anew is far below it, and is shown.
_KWH = (
    "{%%set v=value_json.%s/3.6e6%%}{%%set o=this.state|float(0)%%}"
    "{{(o if 0.9*o<v<o else v)|round(3)}}"
)
_WELL = (
    "{{'ON' if value_json.%s|selectattr('%s','eq',%s)|map(attribute='state')|first=='well' "
    "else 'OFF'}}"
)
# By its name: those of another site.json, which these templates may still read, stand elsewhere.
_LOAD = "loads|selectattr('name','eq',%s)|map(attribute='%s')|first"
_DEVICE = "{%%set d=value_json.devices|selectattr('serial','eq','%s')|first%%}"
_CHANNEL = _DEVICE + "{%%set c=d.inputs|selectattr('input','eq','%s')|first%%}"


def key_of(letter: str, text: str) -> str:
    """A key for what this text names; letters and digits alone, as Home Assistant wants them."""
    return "%s%08x" % (letter, crc32(text.encode()))


def of_site(site: Site) -> Iterator[tuple[str, Table]]:
    """(key, what Home Assistant is to know) of what is measured."""
    yield "frequency", _measured("Frequency", "frequency", "frequency")
    for p in range(site.phases):
        name = "L1-L3 L2-L3 L1-L2".split()[p] if site.lines == DELTA else "L%d" % (p + 1)
        yield "voltage%d" % p, _measured("Voltage " + name, "voltages[%d]" % p, "voltage")
    roles = [load.role for load in site.loads]
    for role in ("grid", "solar", "battery"):
        if role in roles:
            name = "Total %s power" % role
            yield role, _measured(name, "totals." + role, "power")
    yield "house", _measured("House power", "totals.house", "power")
    for load in site.loads:
        yield from _load(load)
    for i in range(len(site.points)):
        yield from _point(site, i)


def of_totals(site: Site, topic: str) -> Iterator[tuple[str, Table]]:
    """The same of the message `totals`. topic: where it is published."""
    for key, name, path in (
        ("own", "Self-consumption", "selfConsumption"),
        ("rest", "Rest of the house", "rest"),
        ("alwaysOn", "Always on", "alwaysOn"),
        ("forecast", "Demand of this quarter of an hour", "demand.forecast"),
    ):
        table = _measured(name, path, "power")
        table["stat_t"] = topic
        yield key, table
    table = _measured("Highest demand of the month", "", "power")
    table["val_tpl"] = "{{(value_json.demand.month or {}).get('power')}}"
    table["stat_t"] = topic
    yield "month", table


def of_gateway(site: Site, topic: str) -> Iterator[tuple[str, Table]]:
    """The same of the gateway and of what is on its A-bus: its health."""
    problem = {
        "p": "binary_sensor",
        "name": "Problem",
        "dev_cla": "problem",
        "val_tpl": "{{'ON' if value_json.advice else 'OFF'}}",
        "json_attr_t": topic,
        "json_attr_tpl": "{{{'advice':value_json.advice|map(attribute='text')|list}|tojson}}",
    }
    yield "problem", _health(problem, topic)
    for key, name, path in (
        ("led", "LED", "led.state"),
        ("link", "Link", "connection.link"),
        ("site", "Configuration", "site"),
    ):
        table = {"p": "sensor", "name": name, "val_tpl": "{{value_json.%s}}" % path}
        yield key, _health(table, topic)
    for key, name, path, unit, kind, use in (
        ("dbm", "Reception", "connection.dbm", "dBm", "signal_strength", "measurement"),
        ("uptime", "Uptime", "uptime", "s", "duration", "measurement"),
        ("errors", "Errors", "errors.values()|sum", None, None, "total_increasing"),
    ):
        table = {"p": "sensor", "name": name, "val_tpl": "{{value_json.%s}}" % path, "en": False}
        table["stat_cla"] = use
        if unit:
            table["unit_of_meas"] = unit
            table["dev_cla"] = kind
        yield key, _health(table, topic)
    if site.power_box:
        return  # there is no A-bus
    for serial, _ in site.nodes():
        well = _WELL % ("aBus.nodes", "serial", "'%s'" % serial)
        yield key_of("n", serial), _health(_connectivity(serial, well), topic)


def of_b_bus(
    site: Site, named: BusBSite, prefix: str, reachable: Table
) -> Iterator[tuple[str, Table]]:
    """The same of what the site names on the B-bus. prefix: of all topics; reachable: how the
    gateway's own availability is known."""
    topic = prefix + "bBus"
    if site.power_box:
        well = _WELL % ("devices", "kind", "'power_box'")
        yield key_of("n", site.head), _health(_connectivity(site.head, well), topic)
    for meter in named.meters:
        well = _WELL % ("devices", "name", compact(meter.name))
        yield key_of("m", meter.name), _health(_connectivity(meter.name, well), topic)
    for module in named.modules:
        serial = module.serial
        condition = _WELL % ("devices", "serial", "'%s'" % serial)
        yield key_of("n", serial), _health(_connectivity(serial, condition), topic)
        there = {"t": topic, "val_tpl": condition, "pl_avail": "ON", "pl_not_avail": "OFF"}
        for i in range(len(module.channels)):
            channel = module.channels[i]
            if not channel:
                continue
            letter = "ABCD"[i]
            if module.KIND == "output":
                key = key_of("o", serial + letter)
                yield key, _switch(channel, prefix + "plug/%d/" % channel.node, reachable)
            else:
                table = _input(channel, serial, letter)
                table["stat_t"] = topic
                table["avty"] = [reachable, there]
                table["avty_mode"] = "all"
                yield key_of("c" if channel.mode == "pulse" else "i", serial + letter), table


def _measured(name, path, kind) -> Table:
    return {
        "p": "sensor",
        "name": name,
        "dev_cla": kind,
        "stat_cla": "measurement",
        "unit_of_meas": _UNITS[kind],
        "val_tpl": "{{value_json.%s}}" % path,
    }


def _energy(name, path) -> Table:
    return {
        "p": "sensor",
        "name": name,
        "dev_cla": "energy",
        "stat_cla": "total_increasing",
        "unit_of_meas": "kWh",
        "val_tpl": _KWH % path,
    }


def _load(load):
    key, given = key_of("l", load.name), compact(load.name)
    yield key + "power", _measured(load.name + " power", _LOAD % (given, "power"), "power")
    for way, name in zip(("import", "export"), _ENERGIES[load.role]):
        if name:
            yield key + way, _energy("%s %s" % (load.name, name), _LOAD % (given, way))


def _point(site, i):
    """The power of a load's only point is the load's. Energies of points, their reactive power and
    factor are left out: the message would have 60 kB."""
    point = site.points[i]
    load = site.loads[point.load]
    key = key_of("p", "%s/%d" % (point.node, point.input))
    phase = "L1-L2" if site.lines == SPLIT and point.phase == 2 else "L%d" % (point.phase + 1)
    name = "%s %s " % (load.name, phase)
    if len([j for j in load.points if site.points[j].phase == point.phase]) > 1:
        name += "%s%s " % (point.node, "ABCD"[point.input])
    if len(load.points) > 1:
        yield key + "power", _measured(name + "power", "points[%d].power" % i, "power")
    table = _measured(name + "current", "points[%d].current" % i, "current")
    table["en"] = False
    yield key + "current", table


def _health(table, topic):
    table["stat_t"] = topic
    table["ent_cat"] = "diagnostic"
    return table


def _connectivity(name, template):
    return {
        "p": "binary_sensor",
        "name": name,
        "dev_cla": "connectivity",
        "val_tpl": template,
    }


def _input(channel, serial, letter):
    given = _CHANNEL % (serial, letter)
    if channel.mode != "pulse":
        template = given + "{{None if c.active is none else 'ON' if c.active else 'OFF'}}"
        return {"p": "binary_sensor", "name": channel.name, "val_tpl": template}
    kind, unit = _COUNTED[channel.unit]
    return {
        "p": "sensor",
        "name": channel.name,
        "dev_cla": kind,
        "stat_cla": "total_increasing",
        "unit_of_meas": unit,
        "val_tpl": given + "{{c.total|default(None)}}",
    }


def _switch(output, plug, reachable):
    there = {
        "t": plug + "connectionState",
        "val_tpl": "{{value_json.value}}",
        "pl_avail": "CONNECTED",
        "pl_not_avail": "UNREACHABLE",
    }
    return {
        "p": "switch",
        "name": output.name,
        "stat_t": plug + "state",
        "val_tpl": "{{value_json.value}}",
        "stat_on": "ON",
        "stat_off": "OFF",
        "cmd_t": plug + "setstate",
        "pl_on": '{"value":"ON"}',
        "pl_off": '{"value":"OFF"}',
        "avty": [reachable, there],
        "avty_mode": "all",
    }
