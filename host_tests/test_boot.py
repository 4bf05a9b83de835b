"""A gateway's power-up, with the firmware's own image for a board and the files of
boards/ESP32_GATEWAY: after a factory reset, after a power cut at any operation of one, with a
damaged file system.

Played is what MicroPython 1.26.1 does on an ESP32 (ports/esp32: main.c, modules/_boot.py,
modules/inisetup.py; py/runtime.c; extmod/vfs.c; shared/runtime/pyexec.c): the partition `romfs` is
mounted at /rom where VfsRom is built in; the frozen _boot.py mounts the partition `vfs` at /; then
boot.py and main.py are run where there are some, frozen ones before files, never /rom/main.py.
The stock _boot.py makes a file system where there is none and the first block is empty, and else
waits for ever.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chip import MODULES
from gateway_host import image, interpreter

LABEL = b'{"serial": "5010654321", "hotspot_key": "labelkey2345"}'
BOOT = """
import os, vfs
APPLICATION, FROZEN, LABEL = sys.argv[1], sys.argv[2], sys.argv[3].encode()
rom, files = None, {}

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
main_py = content_of(sys.argv[4])

class Power(BaseException):  # is cut
    pass
class Reset(BaseException):
    pass
class Runs(BaseException):
    pass
ran = []
class Stuck(BaseException):
    pass

class Supply:
    "Cuts the power at an operation on the flash, before it or in its midst."
    def __init__(self, left=None, torn=False):
        self.left, self.torn, self.count = left, torn, 0
    def is_cut(self):
        return self.left is not None and self.count > self.left
    def passes(self):
        "How much of the operation is done, in halves."
        self.count += 1
        if self.left is None or self.count <= self.left:
            return 2
        return 1 if self.torn and self.count == self.left + 1 else 0

BLOCK = 4096
class Flash:
    "NOR flash: erased to ones, written to zeros."
    def __init__(self, data):
        self.data = data
    def ioctl(self, command, argument):
        if command == 4:
            return len(self.data) // BLOCK
        if command == 5:
            return BLOCK
        if command == 6:
            self.change(argument * BLOCK, b"\\xff" * BLOCK)
        return 0
    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.data[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=None):
        at = block * BLOCK
        if offset is None:
            self.change(at, b"\\xff" * BLOCK)
        else:
            at += offset
            assert self.data[at : at + len(buffer)] == b"\\xff" * len(buffer)
        self.change(at, buffer)
    def change(self, at, data):
        size = len(data) * supply.passes() // 2
        self.data[at : at + size] = data[:size]
        if size < len(data):
            raise Power

class Nvs:  # ESP-IDF's is made for power cuts: an operation is done or not
    def __init__(self, name):
        pass
    def change(self, blob):
        if supply.passes() < 2:
            raise Power
        nvs[:] = [blob] if blob is not None else []
    def set_blob(self, key, value):
        assert key == "reset" and value
        self.change(bytes(value))
    def get_blob(self, key, buffer):
        assert key == "reset"
        if not nvs:
            raise OSError(-4354, "ESP_ERR_NVS_NOT_FOUND")
        if len(nvs[0]) > len(buffer):
            raise OSError(-4364, "ESP_ERR_NVS_INVALID_LENGTH")
        buffer[: len(nvs[0])] = nvs[0]
        return len(nvs[0])
    def erase_key(self, key):
        self.change(None)
    def commit(self):
        pass

class Partition:
    TYPE_DATA = 1
    @staticmethod
    def find(kind, label):
        assert (kind, label) == (1, "vfs")
        return [flash]

sys.modules["esp32"] = Module(Partition=Partition, NVS=Nvs)
def reset():
    if ran:
        raise Runs
    raise Power if supply.is_cut() else Reset
sys.modules["machine"].reset = reset
of_chip = set(sys.modules)

def once(work):
    "One start, until the gateway runs."
    global flash
    ran.clear()
    flash = Flash(flash.data)
    for name in set(sys.modules) - of_chip:
        sys.modules.pop(name)
    sys.path[:] = ["", ".frozen", "/frozen"]
    for place in ("/frozen", "/rom", "/"):
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
            vfs.mount(flash, "/")
        except OSError:
            if bytes(flash.data[:BLOCK]) != b"\\xff" * BLOCK:
                raise Stuck
            vfs.VfsLfs2.mkfs(flash)
            vfs.mount(flash, "/")
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
        ran.append(True)
        raise Runs
    start._run = run
    # The flash is in the heap here, and takes long to be collected.
    start.gc = Module(threshold=lambda size: None, collect=lambda: None)
    exec(source, {})
    return "REPL"

def power_up(work):
    "What becomes of it; the gateway restarts as often as it wants to."
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
    "A year of an installation."
    from site import settings
    wishes = settings.read()
    os.mkdir("journal")
    for i in range(12):
        settings.remember(wishes, "SECRETNET%d" % (i % 7), "SECRETKEY%d" % i)
        with open("journal/%d" % (i % 3), "w") as file:
            file.write("SECRETHISTORY%d " % i * 300)
    with open("site.json", "w") as file:
        file.write('{"name": "SECRETSITE"}')
    with open("key.pem", "w") as file:
        file.write("SECRETPRIVATEKEY" * 20)

def give_back(gateway):
    "The button, held long enough."
    from panel.factory_reset import reset
    reset(gateway.hardware)
    gateway.hardware.restart()

def look(gateway):
    from site import settings
    told["new"] = (
        type(gateway).__name__ == "Housekeeping" and gateway.hardware.serial == "5010654321"
        and gateway.hardware.kept() is None and not settings.read().networks
        and set(os.listdir(".")) - {"main.py", "lib", "boot.py"} == {"factory.json"}
        and content_of("factory.json") == LABEL
        and all(content_of(name) == files[name] for name in files)
    )

def deliver(blocks):
    "The flash as the factory leaves it."
    global flash, supply, nvs
    supply, nvs, flash = Supply(), [], Flash(bytearray(b"\\xff" * (BLOCK * blocks)))
    vfs.umount("/")
    vfs.VfsLfs2.mkfs(flash)
    vfs.mount(flash, "/")
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

"""
# Tells of the reset without a cut, then of one for each cut: what came of the next power-up.
CUTS = """
deliver(int(sys.argv[5]))
used = power_up(use)
os.remove("site.json")  # it is not a whole one
before = bytes(flash.data)

def give_back_once():
    done = []
    def work(gateway):
        if not done:
            done.append(True)
            give_back(gateway)
    return work

def told_after(work, cut=None, torn=False):
    global supply, told
    supply, told = Supply(cut, torn), {}
    flash.data[:] = before
    nvs[:] = []
    told["reset"] = power_up(work)
    told["operations"] = supply.count
    supply = Supply()
    told["begun"] = bool(nvs) or flash.data != before
    told["then"] = power_up(look)
    told["secrets"] = flash.data.count(b"SECRET") + flash.data.count(b"journal")
    told["as_before"] = flash.data == before
    return told

whole = told_after(give_back_once())
cuts = [
    told_after(give_back, cut, torn)
    for cut in range(whole["operations"]) for torn in (False, True)
]
print(json.dumps({"used": used, "secrets": before.count(b"SECRET"), "whole": whole, "cuts": cuts}))
"""
DAMAGED = """
for damage in json.loads(sys.argv[5]):
    deliver(16)
    for at, size, value in damage:
        flash.data[at : at + size] = bytes([value]) * size
    told = {}
    told["then"] = power_up(look)
    told["again"] = power_up(look)
    print(json.dumps(told))
"""
BOARD = image.BOARDS / "ESP32_GATEWAY"


@pytest.fixture(scope="module")
def romfs() -> Path:
    return image.build("GENIUS", image.ARCHITECTURES[32]).romfs


def on_device(program: str, application: Path, frozen: Path | str, argument: object) -> list[dict]:
    """application: a ROMFS image, or a folder of what is in the file system."""
    arguments = map(str, (application, frozen, LABEL.decode(), image.MAIN, argument))
    done = interpreter.run(["-c", MODULES + BOOT + program, *arguments], heap="16M")
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def check_every_cut(told: dict) -> None:
    """As new after the reset, and where it was cut too, unless it had not begun."""
    assert told["used"] == "runs" and told["secrets"] > 30
    whole, cuts = told["whole"], told["cuts"]
    assert (whole["reset"], whole["then"], whole["new"]) == ("runs", "runs", True)
    assert len(cuts) == 2 * whole["operations"] > 20
    for number, after in enumerate(cuts):
        assert (after["reset"], after["then"]) == ("cut", "runs"), (number, after)
        assert after["new"] if after["begun"] else after["as_before"], (number, after)
    assert [after["begun"] for after in cuts[:3]] == [False, False, True]


def test_it_comes_up_as_new_after_a_reset_and_after_a_cut_at_any_operation(romfs):
    """And then nothing of what it was given is in the flash."""
    (told,) = on_device(CUTS, romfs, BOARD, 24)
    check_every_cut(told)
    assert told["whole"]["operations"] > 24  # every block is erased
    assert not any(after["secrets"] for after in [told["whole"], *told["cuts"]] if after["begun"])


def test_a_reset_leaves_the_program_where_it_is_in_the_same_file_system(romfs):
    """With the files of `make flash`; with ROMFS, where main.py is a file and not frozen."""
    (told,) = on_device(CUTS, romfs.parent / "files", "", 200)
    check_every_cut(told)
    (told,) = on_device('files["/main.py"] = main_py\n' + CUTS, romfs, "", 24)
    check_every_cut(told)


@pytest.mark.parametrize(
    "damage", [[[0, 65536, 255]], [[0, 8192, 165]], [[0, 4000, 0], [4100, 20, 0]]]
)
def test_it_comes_up_whatever_is_left_of_the_file_system(romfs, damage):
    (told,) = on_device(DAMAGED, romfs, BOARD, json.dumps([damage]))
    assert (told["then"], told["again"]) == ("runs", "runs")
