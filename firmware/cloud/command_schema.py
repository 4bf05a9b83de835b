"""What each command must look like (docs/cloud.md): one table, against which every command is
checked before anybody gets it."""

import json

from micropython import const

from system.refused import Refused

MAX_AHEAD_S = const(3600)
_MAX_SHOWN = const(24)  # characters
_MAX_ID = const(64)  # bytes


def _whole(least, most):
    words = "a whole number from %d to %d" % (least, most)
    return words, lambda value: type(value) is int and least <= value <= most


def _choice(*texts):
    words = " or ".join('"%s"' % text for text in texts)
    return words, lambda value: value in texts


_SERIAL = (
    'ten digits in quotation marks, as "5500000190"',
    lambda value: isinstance(value, str) and len(value) == 10 and value.isdigit(),
)
_TEXT = "a text that is not empty", lambda value: isinstance(value, str) and value
_BOOLEAN = "true or false", lambda value: isinstance(value, bool)
_TIME = "a time in ms", lambda value: type(value) in (int, float)
_OBJECT = "a JSON object", lambda value: isinstance(value, dict) and value
_SECONDS = _whole(0, 600)
_SEQUENCE = _whole(1, 0x7FFFFFFF)
_ID = (
    "a text of 1 to %d bytes" % _MAX_ID,
    lambda value: isinstance(value, str) and 0 < len(value.encode()) <= _MAX_ID,
)
_EXPIRES = _whole(1, 4102444800)  # epoch s

# What goes beside a command.
ENVELOPE = {"id": _ID, "expires": _EXPIRES}

# Of each command its fields: (words, check), or (words, check, default) where it may be missing.
# None: it has none and is given as true.
SCHEMA = {
    "scan": None,
    "commission": None,
    "live": {"seconds": _SECONDS},
    "history": {"from": _SEQUENCE, "to": _SEQUENCE},
    "retry": {"seconds": _whole(0, 86400)},
    "identify": {
        "serial": _SERIAL,
        "input": _choice("A", "B", "C", "D"),
        "seconds": _SECONDS + (30,),
    },
    "switch": {"output": _TEXT, "on": _BOOLEAN},
    "get": {"what": _choice("site", "site_before", "settings")},
    "configure": {
        "site": _OBJECT + (None,),
        "site_before": ("true", lambda value: value is True, None),
        "settings": _OBJECT + (None,),
    },
    "free": {"site": _TEXT, "gateway": _SERIAL, "losing": _BOOLEAN + (False,)},
    "renew": {
        "ca": _TEXT + (None,),
        "certificate": _TEXT + (None,),
        "key": _TEXT + (None,),
        "name": _TEXT + (None,),
        "user": _TEXT + (None,),
        "password": _TEXT + (None,),
    },
    "reapply": None,
    "update": {"url": _TEXT},
    "restart": None,
    "log": {"level": _choice("errors", "all") + (None,)},
    # The payload of `plug/<n>/setstate`; the original's clients may say when.
    "setstate": {"value": _choice("ON", "OFF"), "since": _TIME + (None,)},
}

_SECRET = ("renew",)  # commands of whose values nothing is ever said


def shown(value: object) -> str:
    """A value in a sentence; cut where it is long."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = json.dumps(value)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."


def taken(command: Table, field: str) -> Any:
    """A field of ENVELOPE, which is taken out of the command. Refused where it is wrong."""
    words, fits = ENVELOPE[field]
    if field not in command:
        raise _wrong("%s is missing: it must be %s" % (field, words))
    value = command.pop(field)
    if not fits(value):
        raise _wrong("%s: must be %s, not %s" % (field, words, shown(value)))
    return value


def _wrong(text):
    return Refused(text, "malformed")


def checked(name: str, value: object, where: str = "") -> Table:
    """The fields of the command `name`, {field: value}, with defaults for what is missing. Refused
    where it is not as SCHEMA wants it. where: the path before the names of its fields."""
    fields = SCHEMA[name]
    not_that = _hidden if name in _SECRET else _not
    if fields is None:
        if value is not True:
            raise _wrong("%s: must be true%s" % (name, not_that(value)))
        return {}
    if not isinstance(value, dict):
        form = ", ".join('"%s": ' % field for field in sorted(fields))
        raise _wrong("%s: must be {%s}%s" % (name, form, not_that(value)))
    for field in value:
        if field not in fields:
            known = ", ".join(sorted(fields))
            which = "a field" if name in _SECRET else shown(field)[1:-1]
            raise _wrong("%s%s: is not known (known: %s)" % (where, which, known))
    found = {}
    for field, rule in fields.items():
        if field in value:
            found[field] = value[field]
            if not rule[1](value[field]):
                text = "%s%s: must be %s%s"
                raise _wrong(text % (where, field, rule[0], not_that(value[field])))
        elif len(rule) == 3:
            found[field] = rule[2]
        else:
            raise _wrong("%s%s is missing: it must be %s" % (where, field, rule[0]))
    return found


def _not(value):
    return ", not " + shown(value)


def _hidden(_):
    """Of a secret nothing."""
    return ""
