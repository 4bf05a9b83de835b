"""Installs a program beside one that runs, on LittleFS, with the power cut at each operation on
the flash, before it and in its midst; then starts it, confirming it or not. Standard input:
whether it is confirmed. Prints for each cut which slot runs at each start after it, and whether
the last one's file is whole."""

import hashlib
import json
import os
import sys
from binascii import hexlify

from nor_flash import BLOCK, Flash, Power, Supply, chip

import vfs

from update.slots import Slots, make_folder, path_of

CONFIRMED = json.load(sys.stdin)
STARTS = 4
contents = {"a": b"the program that runs" * 400, "b": b"another one, which is longer" * 500}
flash = Flash(bytearray(b"\xff" * (64 * BLOCK)))


def digest(slot):
    return hexlify(hashlib.sha256(contents[slot]).digest()).decode()


def mount():
    vfs.mount(vfs.VfsLfs2(flash), "/flash")
    os.chdir("/flash")


def unmount():
    os.chdir("/")
    vfs.umount("/flash")


def put(slot):
    with open(path_of(slot), "wb") as file:
        file.write(contents[slot])


def install():
    """As the updater does."""
    slots = Slots()
    assert slots.free() == "b"
    slots.clear("b")
    put("b")
    slots.begin_trial("b", digest("b"), "0.2.0")


def start():
    """What runs, at a start."""
    slots = Slots()
    slot = slots.choose()
    if CONFIRMED and slot and slot == slots.trial:
        slots.confirm()
    return slot


def lived(supply):
    """Which slot runs at each start, once the power is back; None where it was not cut."""
    flash.data[:] = before
    mount()
    chip.supply = supply
    try:
        install()
        for _ in range(STARTS):
            start()
    except (Power, AssertionError):  # files are closed without power, too
        if not supply.is_cut():
            raise
    cut = supply.is_cut()
    chip.supply = Supply()
    unmount()
    mount()
    ran = [start() for _ in range(STARTS)]
    with open(path_of(ran[-1]), "rb") as file:
        whole = file.read() == contents[ran[-1]]
    unmount()
    return [ran, whole] if cut else None


vfs.VfsLfs2.mkfs(flash)
mount()
make_folder()
put("a")
first = Slots()
first.begin_trial("a", digest("a"), "0.1.0")
assert Slots().choose() == "a"
first = Slots()
first.confirm()
unmount()
before = bytes(flash.data)
left = 0
reported = []
while True:
    cuts = [lived(Supply(left, torn)) for torn in (False, True)]
    if None in cuts:
        break
    reported += cuts
    left += 1
print(json.dumps(reported))
