"""A gateway's power-ups, as MicroPython 1.26.1 makes them on an ESP32 (ports/esp32: main.c,
modules/_boot.py, modules/inisetup.py; py/runtime.c; extmod/vfs.c; shared/runtime/pyexec.c): the
partition `romfs` is mounted at /rom where VfsRom is built in; the frozen _boot.py mounts the
partition `vfs` at /; then boot.py and main.py are run where there are some, frozen ones before
files, never /rom/main.py. The stock _boot.py makes a file system where there is none and the first
block is empty, and else waits for ever.

Standard input: `application`, a ROMFS image, or a folder of what is in the file system; `frozen`,
the folder of what is frozen, or ""; `label`, factory.json; `main`, the path of main.py;
`main_is_file`, whether it is in the file system with an image too.
"""

import json
import os
import sys

from esp32_fakes import Module, kept
from nor_flash import BLOCK, Flash, Power, Reset, Runs, Stuck, Supply, chip

import vfs

given = json.load(sys.stdin)
APPLICATION, FROZEN, LABEL = given["application"], given["frozen"], given["label"].encode()
rom, files = None, {}
found = {}  # what `look` finds


def content_of(name):
    with open(name, "rb") as file:
        return file.read()


def add(place, name):
    if os.stat(place + name)[0] & 0x4000:
        for inner in os.listdir(place + name):
            add(place, name + "/" + inner)
    else:
        files[name] = content_of(place + name)


if APPLICATION.endswith(".romfs"):
    rom = content_of(APPLICATION)
else:
    add(APPLICATION, "/lib")
    add(APPLICATION, "/main.py")
if FROZEN:
    host = vfs.VfsPosix(FROZEN)
    frozen_boot = content_of(FROZEN + "/_boot.py")
main_py = content_of(given["main"])
if given["main_is_file"]:
    files["/main.py"] = main_py
of_chip = set(sys.modules)


def once(work):
    """One start, until the gateway runs."""
    chip.runs = False
    chip.flash = Flash(chip.flash.data)
    for name in set(sys.modules) - of_chip:
        sys.modules.pop(name)
    sys.path[:] = ["", ".frozen", "/frozen"]
    for place in ("/program", "/frozen", "/rom", "/"):
        try:
            vfs.umount(place)
        except OSError:
            pass
    if rom:
        vfs.mount(vfs.VfsRom(rom), "/rom", readonly=True)
        sys.path.extend(("/rom", "/rom/lib"))
    sys.path.append("/lib")
    if FROZEN:
        vfs.mount(host, "/frozen", readonly=True)
        exec(frozen_boot, {})
    else:
        try:
            vfs.mount(chip.flash, "/")
        except OSError:
            if bytes(chip.flash.data[:BLOCK]) != b"\xff" * BLOCK:
                raise Stuck
            vfs.VfsLfs2.mkfs(chip.flash)
            vfs.mount(chip.flash, "/")
            with open("boot.py", "w") as file:
                file.write("#")
    if "boot.py" in os.listdir("."):
        exec(content_of("boot.py"), {})
    source = main_py
    if not FROZEN:
        if "main.py" not in os.listdir("."):
            return "REPL"
        source = content_of("main.py")
    import start

    async def run(gateway):
        work(gateway)
        chip.runs = True
        raise Runs

    start._run = run
    # The flash is in the heap here, and takes long to be collected.
    start.gc = Module(threshold=lambda size: None, collect=lambda: None)
    exec(source, {})
    return "REPL"


def power_up(work):
    """What becomes of it; the gateway restarts as often as it wants to."""
    kept[0] = b""
    for _ in range(4):
        try:
            return once(work)
        except Reset:
            continue
        except Power:
            return "cut"
        except Stuck:
            return "stuck"
        except Runs:
            return "runs"
    return "restarts for ever"


def use(gateway):
    """A year of an installation."""
    from site import settings

    requests = settings.read()
    os.mkdir("journal")
    for i in range(12):
        settings.remember(requests, "SECRETNET%d" % (i % 7), "SECRETKEY%d" % i)
        with open("journal/%d" % (i % 3), "w") as file:
            file.write("SECRETHISTORY%d " % i * 300)
    with open("site.json", "w") as file:
        file.write('{"name": "SECRETSITE"}')
    with open("key.pem", "w") as file:
        file.write("SECRETPRIVATEKEY" * 20)


def give_back(gateway):
    """The button, held long enough; or the command `free`, at `freed` (epoch s)."""
    from panel.factory_reset import begin, reset

    if given.get("freed"):
        begin(gateway.hardware, given["freed"])
    else:
        reset(gateway.hardware)
    gateway.restart()


def label():
    """What is on it, but for when the gateway was freed."""
    table = json.loads(content_of("factory.json"))
    found["freed"] = table.pop("freed", None)
    return table


def look(gateway):
    from site import settings

    found["new"] = (
        type(gateway).__name__ == "Housekeeping"
        and gateway.hardware.serial == "5010654321"
        and gateway.hardware.kept() is None
        and not settings.read().networks
        and set(os.listdir(".")) - {"main.py", "lib", "boot.py"} == {"factory.json"}
        and label() == json.loads(LABEL)
        and all(content_of(name) == files[name] for name in files)
    )


def deliver(blocks):
    """The flash as the factory leaves it."""
    chip.supply, chip.nvs = Supply(), []
    chip.flash = Flash(bytearray(b"\xff" * (BLOCK * blocks)))
    vfs.umount("/")
    vfs.VfsLfs2.mkfs(chip.flash)
    vfs.mount(chip.flash, "/")
    for name in files:
        if "/" in name[1:]:
            parts = name.split("/")[1:-1]
            for k in range(len(parts)):
                try:
                    os.mkdir("/" + "/".join(parts[: k + 1]))
                except OSError:
                    pass
        with open(name, "wb") as file:
            file.write(files[name])
    with open("factory.json", "wb") as file:
        file.write(LABEL)
