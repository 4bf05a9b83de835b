"""The hotspot's key on a file system that is full, and then is not. Argument: what factory.json
has before. Prints JSON: of each step the key, whether it is in memory alone, the errors counted,
what factory.json has; the steps are twice full, then with room, then after a new start."""

import json
import os
import sys

import vfs

from system.counters import Counters
from hotspot.own_key import OwnKey

BLOCK, COUNT = 512, 64


class Flash:
    def __init__(self):
        self.data = bytearray(BLOCK * COUNT)

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, command, argument):
        return {4: COUNT, 5: BLOCK}.get(command, 0)


def fill():
    """Until nothing more can be written, also not where the entry of factory.json.new would be."""
    number = failed = 0
    while failed < 20:
        try:
            with open("factory.json.new%d" % number, "wb") as file:
                file.write(bytes(16 if failed else BLOCK))
            failed = 0
        except OSError:
            failed += 1
        number += 1


flash = Flash()
vfs.VfsLfs2.mkfs(flash)
vfs.mount(flash, "/flash")
os.chdir("/flash")
if sys.argv[1]:
    with open("factory.json", "w") as file:
        file.write(sys.argv[1])
fill()


def step(own, counters):
    key = own.get()
    factory = None
    if "factory.json" in os.listdir():
        with open("factory.json") as file:
            factory = file.read()
    return [key, own.unkept, list(counters.counts.items()), factory]


def begin():
    counters = Counters()
    return OwnKey("Gateway-5020000042", "5020000042", counters.count), counters


this = begin()
steps = [step(*this), step(*this)]
for name in os.listdir():
    if name.startswith("factory.json.new"):
        os.remove(name)
steps += [step(*this), step(*begin())]
print(json.dumps(steps))
