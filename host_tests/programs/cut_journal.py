"""Runs the journal on LittleFS on a flash in memory, and looks what a power cut leaves at each
operation of the flash. Standard input: as of keep_journal.py; `between`: steps (of `steps`) in
whose writes it is cut; `bytes`: at how many places of an operation. Prints what was news, then how
often it was cut, erased and programmed."""

import json
import sys

from measured_by_hand import Gateway, fields

import vfs
from noted_flash import BLOCK, BLOCKS, Flash, mount, unmount

from site import document

task = json.load(sys.stdin)
place = document.load(json.dumps(task["site"]))
capacity = task["capacity"]


flash = Flash(bytearray(b"\xff" * BLOCK * BLOCKS))
vfs.VfsLfs2.mkfs(flash)
flash.log = []
image = bytearray(flash.data)
mount(flash)
news, errors = [], []  # (operations until then, record)
marks = []  # operations until a step is done


def note(record):
    news.append((len(flash.log), record))
    print(json.dumps(fields(record)))


alive = []  # what has files open is not collected: its flash would be asked then
gateway, step = None, {}
for change in task["steps"]:
    step.update(change)
    if gateway is None or change.get("restart"):
        if gateway and change.get("end"):
            gateway.journal.keep_now()
        gateway = Gateway(place, capacity, errors.append)
        gateway.journal.set_news(note)
        alive.append(gateway)
    if "now" in change:
        gateway.take(step)
    marks.append(len(flash.log))
unmount()
assert set(errors) <= {"registers.cut"}, errors
by_sequence = {record.sequence: record for _, record in news}
sums = [[0] * (2 * len(place.points))]  # what the registers have after each record
for _, record in news:
    before = sums[-1]
    gained = [joules for pair in zip(record.imported, record.exported) for joules in pair]
    sums.append([one + more for one, more in zip(before, gained)])


def look(operations):
    """The power was cut after so many operations: what is there."""
    count = []
    mount(Flash(bytearray(image)))
    try:
        after = Gateway(place, capacity, count.append)
        assert set(count) <= {"registers.cut"}, count
        there = after.journal.last
        acknowledged = max([0] + [one.sequence for at, one in news if at <= operations])
        assert acknowledged <= there <= acknowledged + 1, (operations, acknowledged, there)
        joules = list(after.measuring.energy.main.joules)
        assert joules[: len(sums[0])] == sums[there], (operations, there)
        # Of what is older now all, now the newest.
        first = after.journal.first
        following = first if operations % 20 == 0 else max(first, there - 10)
        for record in after.read(following):
            assert record.first <= following, (operations, record.first, following)
            parts = [by_sequence[k] for k in range(record.first, record.sequence + 1)]
            for i in range(len(place.points)):
                assert record.imported[i] == sum([one.imported[i] for one in parts])
            following = record.sequence + 1
        assert following == there + 1, (operations, following, there)
        # It goes on, and no sequence is given twice.
        if operations % 5 == 0:
            more = []
            after.journal.set_news(more.append)
            alive.append(after)
            for k in range(1, 40 if operations % 30 == 0 else 4):
                later = dict(step)
                later.update({"now": step["now"] + 3600000 + 30000 * k, "s": 30})
                after.take(later)
            assert more[0].sequence == there + 1 and more[0].cut, (operations, there)
            expected = [one.sequence for one in more]
            assert expected == list(range(there + 1, there + 1 + len(more)))
            assert [one.sequence for one in after.read(there + 1)] == expected, operations
            assert after.journal.last == expected[-1]
    finally:
        unmount()


first, last = task["between"]
begin, end = marks[first], marks[last]
cuts = erased = 0
for operations, (at, data) in enumerate(flash.log):
    size = len(data)
    erased += size == BLOCK
    if begin <= operations < end:
        places = task["bytes"]
        where = {0} if places == 1 else {k * size // places for k in range(places)}
        for cut in sorted(where):
            before = bytes(image[at : at + cut])
            image[at : at + cut] = data[:cut]
            look(operations)
            image[at : at + cut] = before
            cuts += 1
    image[at : at + size] = data
look(len(flash.log))
print("said")
said = {"cuts": cuts, "erased": erased, "programmed": len(flash.log) - erased}
print(json.dumps(said))
