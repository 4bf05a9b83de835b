"""Local time by rules. Argument: what is wanted, a function here; standard input: what it takes, a
list for each line that is printed."""

import json
import sys

from site import zone


def offsets(rule, times):
    place = zone.parse(rule)
    return [place.offset(time) for time in times]


def utc(rule, local_times):
    place = zone.parse(rule)
    return [place.utc(time) for time in local_times]


def months(days):
    return [zone.month_of(day) for day in days]


wanted = globals()[sys.argv[1]]
for given in json.load(sys.stdin):
    print(json.dumps(wanted(*given)))
