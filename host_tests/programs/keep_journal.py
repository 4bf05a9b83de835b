"""Runs the journal in the working directory on what a test says was measured. Standard input:
`site`; `since`, see journal.Journal; `steps`, each a table: `now` (ms or None), `s` (seconds),
`in` and `out` (J), `missed` (samples), `watts` of each point, `estimated` (J), `grid` (W),
`volts`, `events`, `pulses`; `calm`, `full`; `restart`: whether the gateway starts anew, behind an
`end` or a power cut; `counted`: J of the first point that a report has counted which is being
worked through at that end. What is left out is as before. From a step on: `jam`: no file of the
journal can grow, `packed`: and nothing can be merged; `unread`: the segment of that number, oldest
first, cannot be read; `look`: all is read; `stuck`: files of another site with this in their name
cannot be removed. `owned`: how many steps of the end of another site's journal are done before
the power is cut, and the program ends. `cuts`: of merged segments that are appended to others,
counted from 0, those behind which the power is cut before what they are made of is removed. Prints
a line for each: what was news, then all that is read back; at last what is said."""

import builtins
import json
import sys

from measured_by_hand import Gateway, fields

from system.durable import Durable
from site import document
from journal import owner, segments, thinning
from journal.segments import Segments

task = json.load(sys.stdin)
errors = []
place = document.load(json.dumps(task["site"]))
full = [False]
plain_write = Durable.write


def write(self, value):
    if full[0]:
        raise OSError(28)
    plain_write(self, value)


Durable.write = write
room = [None]
unread = [None]
packed = [False]
appended = [0]
plain_append = Segments.append
plain_replace = Segments.replace


class Cut(Exception):
    pass


stuck = [None]
owned = [0]
plain_remove = owner._remove
plain_mark = owner.Owner._write


def own():
    if owned[0] == task.get("owned"):
        print("read\nsaid\n{}")
        sys.exit()
    owned[0] += 1


def remove(path):
    if stuck[0] and stuck[0] in path:
        raise OSError(5)
    own()
    plain_remove(path)


def mark(self, *given):
    own()
    plain_mark(self, *given)


owner._remove, owner.Owner._write = remove, mark


def replace(self, old, new):
    if new in self.all:
        appended[0] += 1
        if appended[0] - 1 in task.get("cuts", ()):
            raise Cut
    plain_replace(self, old, new)


def append(self, chunk):
    if room[0] is not None and self.size() + len(chunk) > room[0]:
        raise OSError(28)
    plain_append(self, chunk)


def open(path, mode):
    if path == unread[0]:
        raise OSError(84)
    return builtins.open(path, mode)


def open_merged(path, mode):
    if packed[0]:
        raise OSError(28)
    return open(path, mode)


Segments.replace = replace
Segments.append = append
segments.open, thinning.open = open, open_merged


def show(record):
    print(json.dumps(fields(record)))


def start():
    gateway = Gateway(place, task.get("capacity", 1 << 20), errors.append, task.get("since"))
    gateway.journal.set_news(show)
    for name, sequence in task.get("cursors", {}).items():
        gateway.journal.cursor(name).acknowledge(sequence)
    return gateway


gateway, step = None, {}
for change in task["steps"]:
    step.update(change)
    full[0] = step["full"]
    if gateway is None or change.get("restart"):
        if gateway and change.get("end"):
            gateway.measuring.energy.main.joules[0] += change.get("counted", 0)
            gateway.journal.keep_now()
        gateway = start()
    if "jam" in change:
        room[0] = gateway.journal.describe()["bytes"]
        packed[0] = change.get("packed", False)
    if "unread" in change:
        which = change["unread"]
        unread[0] = None if which is None else gateway.journal._segments.all[which].path
    stuck[0] = change.get("stuck", stuck[0])
    if "look" in change:
        for _ in gateway.read():
            pass
    if "now" in change:
        try:
            gateway.take(step)
        except Cut:
            gateway = start()
if task.get("end"):
    gateway.journal.keep_now()
print("read")
for record in gateway.read(task.get("from", 0)):
    show(record)
print("said")
journal = gateway.journal
said = {
    "first": journal.first,
    "last": journal.last,
    "layout": journal.layout,
    "text": journal.layout_text(journal.layout),
    "advice": journal.advice({name: 1 for name in errors}),
    "kept": journal.describe(),
    "undelivered": journal.undelivered(),
    "errors": errors,
    "unread": journal.unread,
    "joules": list(gateway.measuring.energy.main.joules),
}
print(json.dumps(said))
