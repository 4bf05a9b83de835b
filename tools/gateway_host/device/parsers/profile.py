"""A profile of a meter, as an installer puts it on a gateway."""

import json

from parsers.finished import is_one_line

from b_bus.meter_profile import Profile, ProfileError


def take(data):
    try:
        table = json.loads(data.decode())
    except ValueError:
        return "no_json"
    try:
        made = Profile(table)
    except ProfileError as error:
        assert is_one_line(str(error)), "says %r" % str(error)
        return "refused"
    for address, count in made.requests:
        assert 0 <= address < 65536 and 0 < count <= 125, (address, count)
    for register in made.registers:
        _, count = made.requests[register.request]
        assert register.place + register.words <= count, "beyond its request"
    return "used"
