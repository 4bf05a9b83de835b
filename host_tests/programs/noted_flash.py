"""A flash in memory with LittleFS on it, which notes what is done to it: the power can be cut at
each operation afterwards, and in its midst."""

import os

import vfs

BLOCK = 4096
BLOCKS = 40


class Flash:
    """NOR flash: erased to ones, programmed to zeros. `log`: what was done, (where, bytes)."""

    def __init__(self, data):
        self.data = data
        self.log = []

    def ioctl(self, what, block):
        if what == 4:
            return BLOCKS
        if what == 5:
            return BLOCK
        if what == 6:
            self.change(BLOCK * block, b"\xff" * BLOCK)
        return 0

    def readblocks(self, block, buffer, offset=0):
        at = BLOCK * block + offset
        buffer[:] = memoryview(self.data)[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = BLOCK * block + offset
        assert self.data[at : at + len(buffer)] == b"\xff" * len(buffer)
        self.change(at, bytes(buffer))

    def change(self, at, data):
        self.data[at : at + len(data)] = data
        self.log.append((at, data))


def mount(flash):
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")
