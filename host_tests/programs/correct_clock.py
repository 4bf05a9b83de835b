"""A clock that is corrected. Standard input: what it begins with, and steps: ["pass", ms, how
often] or ["correct", ms]. Prints the uptime and the time after each."""

import json
import sys

from net.clock import Clock

uptime = [0]
start, steps = json.load(sys.stdin)
clock = Clock(lambda: uptime[0], start)
shown = []
for step in steps:
    if step[0] == "pass":
        for _ in range(step[2]):
            uptime[0] += step[1]
            shown.append([uptime[0], clock.now_ms()])
    else:
        clock.correct(step[1] - uptime[0])
        shown.append([uptime[0], clock.now_ms()])
print(json.dumps(shown))
