"""Keeps a journal on LittleFS on a flash in memory, as fast as it goes. Standard input: `site`,
`capacity`, `blocks` of the flash, and `minutes`: of each J in and out of each point, W of each, of
the grid, V of each phase. Each minute has two reports, of which the first one brings all energy.
Prints what it has come to."""

import json
import os
import sys

from measured_by_hand import Gateway

import vfs

from site import document
from journal import room

BLOCK = 4096
START = 1764000000


class Flash:
    def __init__(self, blocks):
        self.data = bytearray(b"\xff" * (BLOCK * blocks))
        self.erased = [0] * blocks
        self.programmed = self.reads = 0

    def ioctl(self, what, block):
        if what == 4:
            return len(self.erased)
        if what == 5:
            return BLOCK
        if what == 6:
            self.erased[block] += 1
            self.data[BLOCK * block : BLOCK * block + BLOCK] = b"\xff" * BLOCK
        return 0

    def readblocks(self, block, buffer, offset=0):
        at = BLOCK * block + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]
        self.reads += 1

    def writeblocks(self, block, buffer, offset=0):
        at = BLOCK * block + offset
        self.data[at : at + len(buffer)] = buffer
        self.programmed += len(buffer)


task = json.load(sys.stdin)
place = document.load(json.dumps(task["site"]))
points = range(len(place.points))
flash = Flash(task["blocks"])
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/flash")
os.chdir("/flash")
free = os.statvfs(".")[3]
capacity = room.capacity()
errors = []
gateway = Gateway(place, task["capacity"], errors.append)
nothing = [0] * len(points)
worst_erases = worst_reads = 0
flash.erased = [0] * task["blocks"]
flash.programmed = 0
for k, (imported, exported, watts, grid, volts) in enumerate(task["minutes"]):
    for half in (1, 2):
        erased, reads = sum(flash.erased), flash.reads
        gateway.take(
            {
                "now": (START + 60 * k + 30 * half) * 1000,
                "s": 30,
                "in": imported if half == 1 else nothing,
                "out": exported if half == 1 else nothing,
                "missed": nothing,
                "watts": [w + half * 7 * (i % 3) for i, w in enumerate(watts)],
                "estimated": 0,
                "grid": grid + 50 * half,
                "volts": volts,
                "events": 0,
                "pulses": {},
                "calm": True,
            }
        )
        worst_erases = max(worst_erases, sum(flash.erased) - erased)
        worst_reads = max(worst_reads, flash.reads - reads)
segments = [name for name in os.listdir("journal") if name.partition(".")[2].isdigit()]
sums = [0] * len(points)
sequences = []
for record in gateway.read():
    sequences.append(record.sequence)
    for i in points:
        sums[i] += (record.imported[i] or 0) - (record.exported[i] or 0)
print(
    json.dumps(
        {
            "records": len(sequences),
            "last": gateway.journal.last,
            "sums": sums,
            "bytes": gateway.journal.describe()["bytes"],
            "blocks": free - os.statvfs(".")[3],
            "segments": len(segments),
            "erased": flash.erased,
            "programmed": flash.programmed,
            "worst_erases": worst_erases,
            "worst_reads": worst_reads,
            "room": [capacity, room.capacity()],
            "errors": errors,
        }
    )
)
