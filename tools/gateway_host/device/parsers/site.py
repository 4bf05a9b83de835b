"""A site.json, as somebody sends it: refused with one line, or a Site that can be used."""

import json

from parsers.finished import is_one_line

from site import document, fields
from b_bus import read
from journal.layout import number_of

_OWN = "5010000042"
_TIMES = (0, 1780000000, 4102444799)
_MAX_OFFSET = 86400 + 3600


def _meters_of(table):
    return {meter.name: meter.phases for meter in read.read(table).meters}


def take(data):
    try:
        text = data.decode()
    except UnicodeError:
        return "no_text"
    try:
        site = document.load(text, _meters_of, _OWN)
    except ValueError as error:
        assert is_one_line(str(error)), "says %r" % str(error)
        return "refused"
    for time in _TIMES:
        assert abs(site.zone.offset(time)) <= _MAX_OFFSET, "an offset"
    assert len(site.fingerprint) == 8
    number_of(site)
    site.nodes()
    if site.b_bus:
        bus = read.read(site.b_bus)
        json.dumps([meter.name for meter in bus.meters])
    return "used"


assert issubclass(fields.SiteError, ValueError)
