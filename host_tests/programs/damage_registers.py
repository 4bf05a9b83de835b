"""Damages the newest slot of the registers, in each way, and goes on. Standard input: `site`;
`plain`: a step as keep_journal.py has it; `begun`: how many minutes are measured before; `since`,
see journal.Journal; `ways`: `flip`, `cut` (to each length), `remove`, `both` (each byte flipped,
and the other slot too); `parts`, [which, of how many]: the ways that are tried. Each time it is
damaged three times, with two minutes after each. Prints what was news, a line for each start:
[which way, records]."""

import json
import os
import struct
import sys

from measured_by_hand import Gateway, fields

from site import document

NOON = 1764000000
SLOTS = "registers.0", "registers.1"
task = json.load(sys.stdin)
place = document.load(json.dumps(task["site"]))
clock = [NOON]


def measure(minutes, errors):
    """A start, whose power is cut behind so many minutes; what was news."""
    news = []
    gateway = Gateway(place, 1 << 20, errors.append, task["since"])
    gateway.journal.set_news(lambda record: news.append(fields(record)))
    step = dict(task["plain"])
    for _ in range(2 * minutes):
        clock[0] += 30
        step.update({"now": clock[0] * 1000 if task["timed"] else None, "s": 30})
        step["in"] = [clock[0] % 977] * len(place.points)
        step["pulses"] = {"5700000011": [(clock[0] - NOON) // 30 * 5, None, None, 7]}
        gateway.take(step)
    return news


def contents():
    found = {}
    for slot in SLOTS:
        try:
            with open(slot, "rb") as file:
                found[slot] = file.read()
        except OSError:
            pass
    return found


def write(slot, data):
    with open(slot, "wb") as file:
        file.write(data)


def newest():
    """The slot that was written last, by the number that it has (see system/durable.py)."""
    found = contents()
    return max(found, key=lambda slot: struct.unpack_from("<I", found[slot], 4))


def flip(slot, at):
    with open(slot, "rb") as file:
        data = bytearray(file.read())
    at %= len(data)
    data[at] ^= 1 << at % 8
    write(slot, data)


def harm(way, at):
    slot = newest()
    if way == "flip":
        flip(slot, at)
    elif way == "cut":
        with open(slot, "rb") as file:
            data = file.read()
        write(slot, data[: at % len(data)])
    elif way == "remove":
        os.remove(slot)
    else:
        for one in SLOTS:
            flip(one, at)


def clear():
    for name in os.listdir("journal"):
        os.remove("journal/" + name)


print(json.dumps(["", measure(task["begun"], [])]))
kept, size = contents(), len(contents()[newest()])
names = {name: open("journal/" + name, "rb").read() for name in os.listdir("journal")}
which, parts = task["parts"]
began = clock[0]
for way in task["ways"]:
    for at in range(which, 1 if way == "remove" else size, parts):
        clock[0] = began
        clear()
        for slot in SLOTS:
            if slot in kept:
                write(slot, kept[slot])
        for name in names:
            write("journal/" + name, names[name])
        for _ in range(3):
            harm(way, at)
            errors = []
            print(json.dumps([way + str(at), measure(2, errors)]))
            assert "registers.cut" in errors, errors
