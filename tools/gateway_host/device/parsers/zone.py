"""The rule of a time zone."""

from site import zone

_TIMES = (0, 951782400, 1780000000, 1798761599, 4102444799)


def take(data):
    try:
        text = data.decode()
    except UnicodeError:
        return "no_text"
    try:
        found = zone.parse(text)
    except ValueError:
        return "refused"
    for time in _TIMES:
        offset = found.offset(time)
        assert abs(offset) <= 90000, offset
        found.utc(time + offset)
    return "used"
