"""Lists a ROMFS image, the argument: path, SHA-256."""

import binascii
import hashlib
import os
import sys

import vfs

with open(sys.argv[1], "rb") as file:
    vfs.mount(vfs.VfsRom(file.read()), "/image", readonly=True)


def walk(place):
    for entry in os.ilistdir(place):
        path = place + "/" + entry[0]
        if entry[1] & 0x4000:
            walk(path)
        else:
            with open(path, "rb") as file:
                print(path[6:], binascii.hexlify(hashlib.sha256(file.read()).digest()).decode())


walk("/image")
