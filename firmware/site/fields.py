"""Reading one field of a configuration, and refusing it with its name. Owns what a name may be."""

import json

from micropython import const

from system.refused import one_line

# Messages stay within what the uplink can hold.
_MAX_NAME = const(40)  # characters
_MAX_BYTES = const(80)  # as JSON in UTF-8


class SiteError(ValueError):
    """The site is not usable: one line, which field and why."""

    def __init__(self, text: str):
        super().__init__(one_line(text))


def field(where: str, table: Table, name: str, kind: type, default: Any = None) -> Any:
    if not isinstance(table, dict):
        raise SiteError("%s must be an object" % where[:-1])
    value = table.get(name, default)
    if value is None:
        raise SiteError("%s%s is missing: add it" % (where, name))
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        expected = {
            str: "a text",
            int: "a whole number",
            list: "a list",
            bool: "true or false",
            dict: "an object",
        }
        raise SiteError("%s%s: must be %s" % (where, name, expected[kind]))
    return value


def known(where: str, table: Table, names: Iterable[str]) -> None:
    """Refuses fields that mean nothing: one that is misspelt would be left out in silence."""
    for name in table if isinstance(table, dict) else ():
        if name not in names:
            raise SiteError(
                "%s%s: is not known (known: %s)" % (where, name, ", ".join(sorted(names)))
            )


def number(where: str, table: Table, name: str, default: Any, least: float, most: float) -> Any:
    value = table.get(name, default)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise SiteError("%s%s: must be a number" % (where, name))
    if not least <= value <= most:
        raise SiteError("%s%s: must be from %s to %s" % (where, name, least, most))
    return value


def choice(where: str, table: Table, name: str, choices: Iterable[str]) -> Any:
    value = field(where, table, name, str)
    if value not in list(choices):
        known = ", ".join(sorted(choices))
        raise SiteError('%s%s: "%s" is not known (known: %s)' % (where, name, value, known))
    return value


def serial(where: str, table: Table, name: str, types: Iterable[str]) -> str:
    value = field(where, table, name, str)
    if len(value) != 10 or not value.isdigit() or value[:4] not in types:
        known = " or ".join(sorted(types))
        raise SiteError(
            '%s%s: "%s" is not ten digits that begin with %s' % (where, name, value, known)
        )
    return value


def date(where: str, table: Table, name: str) -> str:
    """The field `name`, a day such as 2026-11-30."""
    value = field(where, table, name, str)
    year, month, day = value[:4], value[5:7], value[8:]
    digits = len(value) == 10 and value[4] == value[7] == "-" and (year + month + day).isdigit()
    if not digits or year[:2] != "20" or not ("01" <= month <= "12" and "01" <= day <= "31"):
        raise SiteError('%s%s: "%s" is not a day such as 2026-11-30' % (where, name, value))
    return value


def new_name(where: str, table: Table, names: Container[str]) -> str:
    """The field `name`, which is not one of `names` yet."""
    value = field(where, table, "name", str)
    size = len(json.dumps(value).encode()) - 2
    if not 0 < len(value) <= _MAX_NAME or size > _MAX_BYTES:
        raise SiteError(
            "%sname: must have 1 to %d characters, at most %d bytes in UTF-8"
            % (where, _MAX_NAME, _MAX_BYTES)
        )
    if value in names:
        raise SiteError('%sname: "%s" is there twice: give each its own' % (where, value))
    return value
