"""The button, held at the start. Standard input: for how long, ms. Prints whether an engineer's
way in is wanted, when, and the lights."""

import json
import sys

import debug_entry


class Time:
    now = 0

    def sleep_ms(self, ms):
        self.now += ms


debug_entry.time = clock = Time()
held_ms, lights = json.load(sys.stdin), []
wanted = debug_entry.wanted(lambda: clock.now < held_ms, lambda *light: lights.append(light))
print(json.dumps({"wanted": wanted, "ms": clock.now, "lights": lights}))
