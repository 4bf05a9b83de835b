"""Prints of each step of the set-up a line of JSON: its name, the bytes that it says it needs, and
those that it takes in this tree."""

import json
import sys

sys.path[:0] = ["tools/bootstrap", "tools"]

import work  # noqa: E402

for step in work.all_steps():
    taken = sum(map(work._size, step.places + step.folders))
    print(json.dumps([step.name, step.room_mb * 10**6, taken]))
