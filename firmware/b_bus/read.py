"""Reads site.json's `b_bus` (docs/site.md) and refuses what is wrong in it.

Loaded only for a site that has one, and only for as long as it is read.
"""

from micropython import const

from site.devices import INPUT_MODULE, MAX_MODULES, OUTPUT_MODULE
from site.fields import SiteError, choice, field, known, new_name, number, serial
from b_bus.input_module import MODES, Input, InputModule
from b_bus.output_module import CONTACTS, FAIL_SAFE, Output, OutputModule
from b_bus.site import BusBSite

_MAX_METERS = const(36)
_TABLES = ("input_modules", "output_modules", "power_box", "meters", "automations")
_OF_AN_OUTPUT = ("output", "name", "contact", "fail_safe", "min_on", "min_off", "group")
_UNITS = ("kWh", "Wh", "m3", "l")
_VALUES = ("surplus", "grid", "solar", "battery", "house")


def read(table: Table) -> BusBSite:
    """The BusBSite of the table; SiteError when it is not usable."""
    known("b_bus.", table, _TABLES)
    site = BusBSite()
    site.power_box = field("b_bus.", table, "power_box", bool, False)
    names = []
    for where, entry in _each(table, "input_modules"):
        known(where, entry, ("serial", "inputs"))
        channels = _channels(where, entry, "input", "ABCD", names, _input)
        site.modules.append(InputModule(_module(where, entry, INPUT_MODULE, site), channels))
    for where, entry in _each(table, "output_modules"):
        known(where, entry, ("serial", "outputs"))
        channels = _channels(where, entry, "output", "AB", names, _output)
        site.modules.append(OutputModule(_module(where, entry, OUTPUT_MODULE, site), channels))
    if len(site.modules) > MAX_MODULES:
        raise SiteError(
            "b_bus: %d Input and Output modules, but there are at most %d; "
            "remove some, or use a second gateway" % (len(site.modules), MAX_MODULES)
        )
    for node, (_, output) in enumerate(site.outputs(), 1):
        output.number(node)
    profiles = {}  # one for all meters of a kind
    for where, entry in _each(table, "meters"):
        site.meters.append(_meter(where, entry, names, site, profiles))
    if len(site.meters) > _MAX_METERS:
        raise SiteError(
            "b_bus.meters: %d, but there are at most %d; remove some, or use a second gateway"
            % (len(site.meters), _MAX_METERS)
        )
    for where, entry in _each(table, "automations"):
        site.automations.append(_automation(where, entry, site))
    return site


def _each(table, key):
    """[(where, entry)] of a list that may be left out."""
    entries = field("b_bus.", table, key, list, [])
    return [("b_bus.%s[%d]." % (key, i), entries[i]) for i in range(len(entries))]


def _module(where, table, kind, site):
    own = serial(where, table, "serial", (kind,))
    if any(other.serial == own for other in site.modules):
        raise SiteError("%sserial: %s is there twice" % (where, own))
    return own


def _channels(where, table, key, letters, names, make):
    channels = [None] * len(letters)
    tables = field(where, table, key + "s", list)
    for i in range(len(tables)):
        here = "%s%ss[%d]." % (where, key, i)
        place = letters.index(choice(here, tables[i], key, letters))
        if channels[place]:
            raise SiteError("%s%s: %s is used twice" % (here, key, letters[place]))
        channels[place] = make(here, tables[i], _name(here, tables[i], names))
    return channels


def _name(where, table, names):
    name = new_name(where, table, names)
    names.append(name)
    return name


def _input(where, table, name):
    known(where, table, ("input", "name", "mode", "unit", "per_pulse", "active", "debounce"))
    mode = choice(where, table, "mode", MODES)
    pulse = mode == "pulse"
    unit = choice(where, table, "unit", _UNITS) if pulse else None
    per_pulse = number(where, table, "per_pulse", None if pulse else 1, 0.000001, 10000)
    active = choice(where, table, "active", ("closed", "open")) if "active" in table else "closed"
    debounce = number(where, table, "debounce", 3, 1, 1000)
    micro = int(round(per_pulse * 1000000))
    return Input(name, mode, unit, micro, int(debounce), active == "open")


def _output(where, table, name):
    known(where, table, _OF_AN_OUTPUT)
    return Output(
        name,
        choice(where, table, "contact", CONTACTS),
        choice(where, table, "fail_safe", FAIL_SAFE) if "fail_safe" in table else "off",
        int(number(where, table, "min_on", 0, 0, 3600)),
        int(number(where, table, "min_off", 0, 0, 3600)),
        field(where, table, "group", str, ""),
    )


def _meter(where, table, names, site, profiles):
    from b_bus import meter_profile
    from b_bus.meter import Meter

    known(where, table, ("name", "unit", "profile"))
    unit = field(where, table, "unit", int)
    if not 1 <= unit <= 246 or 11 <= unit <= 20 or unit == 61:
        raise SiteError("%sunit: must be 1 to 246, and not 11 to 20 or 61" % where)
    if any(meter.unit == unit for meter in site.meters):
        raise SiteError("%sunit: %d is used twice" % (where, unit))
    name = field(where, table, "profile", str)
    try:
        if name not in profiles:
            profiles[name] = meter_profile.load(name)
    except meter_profile.ProfileError as error:
        raise SiteError("%sprofile: %s: %s" % (where, name, error))
    return Meter(_name(where, table, names), unit, profiles[name])


def _automation(where, table, site):
    from b_bus.automation import Rule, Schedule

    known(where, table, ("output", "schedule", "rule"))
    target = field(where, table, "output", str)
    if not site.targets(target):
        raise SiteError('%soutput: "%s" is no output and no group' % (where, target))
    if ("schedule" in table) == ("rule" in table):
        raise SiteError("%s: needs a schedule or a rule, and not both: remove one" % where[:-1])
    if "schedule" in table:
        where, table = where + "schedule.", table["schedule"]
        days = field(where, table, "days", str, "1234567")
        known(where, table, ("days", "from", "to"))
        if not days or any(day not in "1234567" for day in days):
            raise SiteError("%sdays: digits from 1 (Monday) to 7" % where)
        begin, end = _minutes(where, table, "from"), _minutes(where, table, "to")
        if begin == end:
            raise SiteError("%sto: must differ from `from`" % where)
        return Schedule(target, days, begin, end)
    where, table = where + "rule.", table["rule"]
    value = choice(where, table, "value", _VALUES)
    known(where, table, ("value", "above", "below", "for", "off_for"))
    above = number(where, table, "above", None, -1e6, 1e6)
    below = number(where, table, "below", above, -1e6, 1e6)
    if below > above:
        raise SiteError("%sbelow: must not be more than `above`" % where)
    seconds = number(where, table, "for", 0, 0, 86400)
    off_seconds = number(where, table, "off_for", seconds, 0, 86400)
    return Rule(target, value, above, below, seconds, off_seconds)


def _minutes(where, table, key):
    text = field(where, table, key, str)
    try:
        hours, minutes = (int(part) for part in text.split(":"))
    except ValueError:
        hours = minutes = -1
    if not (0 <= hours < 24 and 0 <= minutes < 60):
        raise SiteError('%s%s: "%s" is not a time such as 06:30' % (where, key, text))
    return 60 * hours + minutes
