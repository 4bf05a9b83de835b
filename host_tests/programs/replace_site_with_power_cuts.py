"""Replaces a site.json on LittleFS with the power cut at each operation on the flash, before it
and in its midst. Standard input: [old, new]. Prints what is there after each cut: [site.json, the
one before], "old", "new" or None."""

import json
import os
import sys

from nor_flash import BLOCK, Flash, Power, Supply, chip

import vfs

from site import site_file

old, new = json.load(sys.stdin)
flash = Flash(bytearray(b"\xff" * (32 * BLOCK)))
names = {old: "old", new: "new", None: None}


def mount():
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")


def replaced(supply):
    """What is there when the power is back; None where it was not cut."""
    flash.data[:] = before
    mount()
    chip.supply = supply
    try:
        site_file.replace(new)
    except (Power, AssertionError):  # files are closed without power, too
        if not supply.is_cut():
            raise
    cut = supply.is_cut()
    chip.supply = Supply()
    unmount()
    mount()
    found = [names[site_file.read()], names[site_file.read(site_file.BEFORE)]]
    unmount()
    return found if cut else None


vfs.VfsLfs2.mkfs(flash)
mount()
with open(site_file.FILE, "w") as file:
    file.write(old)
unmount()
before = bytes(flash.data)
reported = []
left = 0
while True:
    cuts = [replaced(Supply(left, torn)) for torn in (False, True)]
    if None in cuts:
        break
    reported += cuts
    left += 1
mount()
print(json.dumps([reported, [names[site_file.read()], names[site_file.read(site_file.BEFORE)]]]))
