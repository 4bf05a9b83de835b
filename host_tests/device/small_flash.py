"""The probe of probe.py on a flash of 64 blocks with LittleFS, which is full to the last block
once there was a report. The flash is a file of the host: it takes no heap.

Arguments: as probe.py's.
"""

import asyncio
import os
import sys

import vfs

import start

sys.path.append(sys.argv[0].rsplit("/", 1)[0])
import probe

BLOCK = 4096
BLOCKS = 64


class Flash:
    def __init__(self, name):
        with open(name, "wb") as file:
            for _ in range(BLOCKS):
                file.write(b"\xff" * BLOCK)
        self._file = open(name, "r+b")

    def readblocks(self, block, buffer, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, offset=0):
        self._file.seek(block * BLOCK + offset)
        self._file.write(buffer)

    def ioctl(self, command, argument):
        if command == 4:
            return BLOCKS
        if command == 5:
            return BLOCK
        if command == 6:
            self.writeblocks(argument, b"\xff" * BLOCK)
        return 0


def copy(folder, files):
    for name in files:
        with open(folder + "/" + name) as file:
            text = file.read()
        with open(name, "w") as file:
            file.write(text)


def fill():
    """Somebody else's file takes all that is free."""
    with open("filler", "wb") as file:
        try:
            while True:
                file.write(b"\xff" * BLOCK)
                file.flush()
        except OSError as error:
            print("full:", error)


async def run(gateway):
    """As the probe's, and the flash is full once something was measured."""

    async def fill_later():
        while not gateway.measuring.reports:
            await asyncio.sleep_ms(100)
        fill()

    asyncio.create_task(fill_later())
    await probe.run(gateway)


host = os.getcwd()
flash = Flash("flash")
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/flash")
os.chdir("/flash")
copy(host, [name for name in os.listdir(host) if name.endswith(".json")])
start._run = run
start.main()
