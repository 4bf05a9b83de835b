"""Every part of a site.json, and of a meter's profile, is another thing in turn. Standard
input: both. Prints how many profiles were refused, whether the right one was taken, how many
sites were refused."""

import json
import os
import sys

from site import document
from b_bus.site_meters import meters_of

others = (None, True, 7, -1.5, 1e30, "", "AB", [], [7], {}, {"x": 7})


def places(part, path=()):
    yield path
    if isinstance(part, (dict, list)):
        for key in part if isinstance(part, dict) else range(len(part)):
            yield from places(part[key], path + (key,))


def changed(table, path, other):
    table = json.loads(json.dumps(table))
    part = table
    for key in path[:-1]:
        part = part[key]
    if not path:
        return other
    part[path[-1]] = other
    return table


def tried(table):
    try:
        document.load(json.dumps(table), meters_of)
        return True
    except ValueError as error:
        assert 0 < len(str(error)) and "\n" not in str(error)
        return False


def with_profile(profile):
    with open("profiles/odd.json", "w") as file:
        json.dump(profile, file)
    return table


table, profile = json.load(sys.stdin)
os.mkdir("profiles")
print(
    sum(
        not tried(with_profile(changed(profile, path, other)))
        for path in places(profile)
        for other in others
    )
)
print(tried(with_profile(profile)))
print(sum(not tried(changed(table, path, other)) for path in places(table) for other in others))
