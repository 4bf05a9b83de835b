"""Two days of records, one a minute, on a flash. Prints how often each block was erased."""

import json
import os

import vfs

from system.durable import Durable


class Flash:
    def __init__(self, blocks):
        self.data = bytearray(4096 * blocks)
        self.erased = [0] * blocks

    def readblocks(self, block, buffer, offset=0):
        at = 4096 * block + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = 4096 * block + offset
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, what, block):
        if what == 4:
            return len(self.erased)
        if what == 5:
            return 4096
        if what == 6:
            self.erased[block] += 1
        return 0


flash = Flash(64)
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/flash")
os.chdir("/flash")
store = Durable("registers")
for _day in range(2):
    for minute in range(1440):
        store.write(bytes([minute & 255]) * 3204)  # of 28 points and as many loads
print(json.dumps(flash.erased))
