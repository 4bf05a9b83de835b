"""Renews the broker's settings, takes that back, settles it; each with the power cut after every
byte of the file that is written. Standard input: the new ones. Prints what is kept after the cuts,
[[mqtt, mqtt_before], how many cuts in a row] of each change."""

import json
import sys

from site import settings

new = json.load(sys.stdin)
COPIES = ("settings.0", "settings.1")


def read(name):
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError:
        return b""


def write(name, data):
    with open(name, "wb") as file:
        file.write(data)


def kept():
    found = settings.kept()
    return [named(found.mqtt), named(found.mqtt_before)]


def named(mqtt):
    return "old" if mqtt == old else "new" if mqtt == new else mqtt


settings.unload = lambda *names: None  # they are read ten thousand times
made = settings.read()
old = dict(made.mqtt or {})
settings.choose(made, "ethernet")  # both copies are there
reported = []
for change in (
    lambda: settings.renew(made, new),
    lambda: settings.take_back(made),
    lambda: settings.settle(made),
):
    before = [read(name) for name in COPIES]
    change()
    after = [read(name) for name in COPIES]
    (written,) = [i for i in (0, 1) if before[i] != after[i]]
    runs = []
    for size in range(len(after[written]) + 1):
        write(COPIES[written], after[written][:size])
        state = kept()
        if not runs or runs[-1][0] != state:
            runs.append([state, 0])
        runs[-1][1] += 1
    reported.append(runs)
print(json.dumps(reported))
