"""The program in /lib of a LittleFS in a flash that counts its reads. Standard input: its files,
{path: text}; `want`, the modules to import. Prints for each way, as a device looks for modules and
with the names read once: what the modules say, or what their import raises, and the reads of the
flash for all of them.
"""

import json
import os
import sys

import vfs

import program

BLOCK = 4096
given = json.load(sys.stdin)


class Ram:
    def __init__(self):
        self._data = bytearray(64 * BLOCK)
        self.reads = 0

    def readblocks(self, block, buffer, offset=0):
        self.reads += 1
        at = block * BLOCK + offset
        buffer[:] = self._data[at : at + len(buffer)]

    def writeblocks(self, block, data, offset=0):
        at = block * BLOCK + offset
        self._data[at : at + len(data)] = data

    def ioctl(self, command, argument):
        return {4: 64, 5: BLOCK, 6: 0}.get(command)


flash = Ram()
vfs.VfsLfs2.mkfs(flash)
vfs.mount(vfs.VfsLfs2(flash), "/lib")
for name, text in given["files"].items():
    folder = name.rpartition("/")[0]
    if folder:
        try:
            os.mkdir("/lib/" + folder)
        except OSError:
            pass  # it is there
    with open("/lib/" + name, "w") as file:
        file.write(text)
before = set(sys.modules)


def imported():
    said = []
    flash.reads = 0
    for name in given["want"]:
        try:
            __import__(name)
            said.append(sys.modules[name].SAYS)
        except ImportError:
            said.append(None)
    reads = flash.reads
    for name in set(sys.modules) - before:
        del sys.modules[name]
    return said, reads


sys.path[:] = ["", ".frozen", "/lib"]
plain = imported()
program.choose()
print(json.dumps([plain, imported(), sys.path]))
