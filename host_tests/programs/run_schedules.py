"""Standard input: [time zone's rule, days, begin, end, times] of schedules. Prints what each
does at its times."""

import json
import sys

from site import zone
from b_bus.automation import Schedule

for rule, days, begin, end, times in json.load(sys.stdin):
    schedule, place = Schedule("x", days, begin, end), zone.parse(rule)
    print(json.dumps([schedule.step(None, t, 0, place) for t in times]))
