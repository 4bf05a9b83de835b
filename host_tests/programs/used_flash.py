"""A gateway's flash after long use, in use. It erases to 0xFF, as NOR flash does, and is left
in the file "flash" of the folder where the program begins."""

import json
import os

import vfs

from site import settings
from panel import factory_reset

host = os.getcwd()
BLOCK = 4096


class Flash:
    def __init__(self, blocks):
        self.data = bytearray(b"\xff" * (BLOCK * blocks))

    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        self.data[at : at + len(buffer)] = buffer

    def ioctl(self, command, argument):
        if command == 4:
            return len(self.data) // BLOCK
        if command == 5:
            return BLOCK
        if command == 6:
            self.data[argument * BLOCK : (argument + 1) * BLOCK] = b"\xff" * BLOCK
        return 0

    def save(self):
        with open(host + "/flash", "wb") as file:
            file.write(self.data)


class Gateway:
    program_files = ("main.py",)

    def __init__(self, storage):
        self.storage = storage
        self.nvs = None  # another partition of the flash

    def shared_storage(self):
        return flash

    def feed(self):
        pass

    def keep(self, data):
        self.nvs = data

    def kept(self):
        return self.nvs


flash = Flash(64)
vfs.VfsLfs2.mkfs(flash)
vfs.mount(flash, "/flash")
os.chdir("/flash")


class There:  # "/" is the host's here
    def __getattr__(self, name):
        return getattr(vfs, name)

    def umount(self, _):
        os.chdir("/")
        vfs.umount("/flash")

    def mount(self, device, _):
        vfs.mount(device, "/flash")
        os.chdir("/flash")


factory_reset.vfs = There()
with open("factory.json", "w") as file:
    file.write('{"hotspot_key": "labelkey2345"}')
requests = settings.read()
os.mkdir("journal")
for i in range(40):  # credentials change, the history grows and is thinned out
    settings.remember(requests, "SECRETNET%d" % (i % 7), "SECRETKEY%d" % i)
    with open("site.json", "w") as file:
        json.dump({"name": "SECRETSITE", "points": ["SECRETPOINT"] * 50}, file)
    with open("journal/%d" % (i % 5), "w") as file:
        file.write("SECRETHISTORY%d " % i * 300)
with open("key.pem", "w") as file:
    file.write("SECRETPRIVATEKEY" * 20)
