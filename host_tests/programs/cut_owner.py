"""Another site's journal ends, on LittleFS on a flash in memory; the power is cut at each
operation of the flash, and in its midst. Standard input: `site`, `other`: documents; `plain`, see
keep_journal.py. Prints how often it was cut, and how often the other site had its minutes."""

import json
import os
import sys

from measured_by_hand import Gateway

import vfs
from noted_flash import BLOCK, BLOCKS, Flash, mount, unmount

from site import document

NOON = 1764000000
task = json.load(sys.stdin)
here, other = [document.load(json.dumps(task[name])) for name in ("site", "other")]


alive = []  # what has files open is not collected: its flash would be asked then
clock = [NOON]


def start(place, errors):
    gateway = Gateway(place, 2000, errors.append)
    alive.append(gateway)
    return gateway


def measure(gateway, minutes, known=True):
    """So many, and a moment in which what was written moves to segments."""
    for k in range(2 * minutes + 3):
        clock[0] += 30 if k < 2 * minutes else 1
        step = dict(task["plain"])
        step.update({"now": clock[0] * 1000 if known else None})
        step["s"] = 30 if k < 2 * minutes else 1
        gateway.take(step)


flash = Flash(bytearray(b"\xff" * BLOCK * BLOCKS))
vfs.VfsLfs2.mkfs(flash)
mount(flash)
for _ in range(6):
    gateway = start(other, [])
    measure(gateway, 12)
    gateway.journal.keep_now()
there = [record.sequence for record in gateway.read()]
last, boot = there[-1], gateway.journal.boot
assert sum(name.endswith(".1") for name in os.listdir("journal")) > 2
unmount()
image = bytearray(flash.data)
flash.log = []
mount(flash)
errors = []
measure(start(here, errors), 8)
assert errors == ["registers.lost", "journal.foreign"], errors
unmount()
kept = [0]


def look(cut):
    flash = Flash(bytearray(image))
    mount(flash)
    errors = []
    gateway = start(here, errors)
    before = [record.sequence for record in gateway.read()]
    assert not before or before[0] > last, (cut, before)
    measure(gateway, 4, False)
    records = list(gateway.read())
    assert records[-1].time is None and records[-1].boot > boot, cut
    assert all([record.sequence > last for record in records]), cut
    assert len(records) > len(before), cut
    assert set(errors) <= {"registers.lost", "journal.foreign", "registers.cut"}, (cut, errors)
    unmount()
    mount(Flash(bytearray(image)))
    kept[0] += len([one for one in start(other, []).read() if one.sequence <= last]) >= len(there)
    unmount()
    del alive[:-2]


cuts = 0
for at, data in flash.log:
    for part in (0, len(data) // 2):
        before = bytes(image[at : at + part])
        image[at : at + part] = data[:part]
        look(cuts)
        image[at : at + part] = before
        cuts += 1
    image[at : at + len(data)] = data
print(json.dumps([cuts, kept[0]]))
