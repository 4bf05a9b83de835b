"""The factory reset and the settings' storage: on a LittleFS of the real MicroPython, over a flash
whose every byte is looked at. What becomes of a reset that is cut: test_boot.py."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from gateway_host import interpreter
from gateway_host.image import BOARDS
from gateway_host.session import MODULE_PATH
from gateway_host.sim.radio import World
from worlds import play

# A gateway's flash and what is done with it. The flash erases to 0xFF, as NOR flash does, and is
# left in the file "flash".
FLASH = """
import json, os, sys, vfs
BLOCK = 4096

class Flash:
    def __init__(self, blocks):
        self.data = bytearray(b"\\xff" * (BLOCK * blocks))

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
            self.data[argument * BLOCK : (argument + 1) * BLOCK] = b"\\xff" * BLOCK
        return 0

    def save(self):
        with open(OUT, "wb") as file:
            file.write(self.data)

class Gateway:
    program_files = ()

    def __init__(self, storage):
        self.storage = storage
        self.nvs = None  # another partition of the flash

    def keep(self, data):
        self.nvs = data

    def kept(self):
        return self.nvs

OUT = sys.argv[1]
"""
FILL = """
flash = Flash(64)
vfs.VfsLfs2.mkfs(flash)
from panel import factory_reset
from site import settings
host = os.getcwd()
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
wishes = settings.read()
os.mkdir("journal")
for i in range(40):  # credentials change, the history grows and is thinned out
    settings.remember(wishes, "SECRETNET%d" % (i % 7), "SECRETKEY%d" % i)
    with open("site.json", "w") as file:
        json.dump({"name": "SECRETSITE", "points": ["SECRETPOINT"] * 50}, file)
    with open("journal/%d" % (i % 5), "w") as file:
        file.write("SECRETHISTORY%d " % i * 300)
with open("key.pem", "w") as file:
    file.write("SECRETPRIVATEKEY" * 20)
"""
RESET = """
before = bytes(flash.data).count(b"SECRET")
gateway = Gateway(flash)
factory_reset.reset(gateway)
left = [name for name in os.listdir()]
with open("factory.json") as file:
    label = file.read()
flash.save()
sys.stdout.write(json.dumps({"before": before, "left": left, "label": label,
                             "kept": gateway.kept()}))
"""


def run(program: str, tmp_path: Path, bits: int = 32, *arguments: str) -> dict:
    done = interpreter.run(
        ["-c", program, str(tmp_path / "flash"), *arguments],
        bits=bits,
        heap="2M",
        path=MODULE_PATH,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_is_found_in_the_raw_flash(tmp_path, bits):
    told = run(FLASH + FILL + RESET, tmp_path, bits)
    assert told["before"] > 100  # there was something to be found
    raw = (tmp_path / "flash").read_bytes()
    assert b"SECRET" not in raw and b"journal" not in raw and b"site.json" not in raw
    assert told["left"] == ["factory.json"]
    assert told["label"] == '{"hotspot_key": "labelkey2345"}' and told["kept"] is None


def test_removing_the_files_would_not_be_enough(tmp_path):
    """What the test above finds nothing of is there after a mere removal."""
    program = """
for name in ("settings.0", "settings.1", "site.json", "key.pem"):
    os.remove(name)
flash.save()
print("{}")
"""
    run(FLASH + FILL + program, tmp_path)
    assert b"SECRET" in (tmp_path / "flash").read_bytes()


FORGETS = """
gateway = Gateway(flash)
gateway.kept = lambda: None
before = bytes(flash.data)
try:
    factory_reset.reset(gateway)
    sys.stdout.write('{"refused": false}')
except OSError:
    sys.stdout.write(json.dumps({"refused": True, "erased": before != flash.data}))
"""


def test_nothing_is_erased_when_the_label_cannot_be_kept(tmp_path):
    assert run(FLASH + FILL + FORGETS, tmp_path) == {"refused": True, "erased": False}


# settings.0 and .1 after a write that was cut, made in a folder; what is read then.
SETTINGS = """
import json, os, sys
from site import settings
cases = json.load(sys.stdin)
for name, sizes in cases:
    for size in sizes:
        for copy in ("settings.0", "settings.1"):
            with open("whole/" + copy, "rb") as file:
                data = file.read()
            with open(copy, "wb") as file:
                file.write(data[:size] if copy == name else data)
        print(json.dumps(settings.read().networks))
"""
PREPARE = """
import os
from site import settings
wishes = settings.read()
settings.remember(wishes, "old", "geheim123")
settings.remember(wishes, "new", "anders123")
"""


def test_the_settings_survive_a_power_cut_at_any_byte(tmp_path, bits):
    """The slot that was being written is cut at every byte: the old value or the new one is
    there, never none."""
    done = interpreter.run(["-c", PREPARE], bits=bits, path=MODULE_PATH, heap="1M", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    whole = tmp_path / "whole"
    whole.mkdir()
    for copy in ("settings.0", "settings.1"):
        (tmp_path / copy).rename(whole / copy)
    newer = max(
        ("settings.0", "settings.1"), key=lambda name: b"new" in (whole / name).read_bytes()
    )
    size = (whole / newer).stat().st_size
    cases = [[newer, list(range(size + 1))]]
    table = tmp_path / "cases"
    table.write_text(json.dumps(cases))
    with table.open() as stdin:
        done = interpreter.run(
            ["-c", SETTINGS], bits=bits, path=MODULE_PATH, heap="2M", cwd=tmp_path, stdin=stdin
        )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    old, new = [["old", "geheim123"]], [["new", "anders123"], ["old", "geheim123"]]
    assert found == [old] * size + [new]


TAKEN = """
import json, os
from site import settings
wishes = settings.read()
print(json.dumps({"mqtt": wishes.mqtt, "networks": wishes.networks, "files": os.listdir()}))
"""


def test_a_settings_file_is_taken_over_and_what_was_learned_stays(tmp_path):
    (tmp_path / "settings.json").write_text('{"networks": [["a", "12345678"]]}')
    first = run(TAKEN, tmp_path)
    assert first["networks"] == [["a", "12345678"]]
    assert "settings.json" not in first["files"]
    mqtt = {"host": "10.0.0.9", "port": 1883}
    (tmp_path / "settings.json").write_text(
        json.dumps({"mqtt": mqtt, "networks": [["b", "12345678"]]})
    )
    assert run(TAKEN, tmp_path)["networks"] == [["b", "12345678"], ["a", "12345678"]]
    assert run(TAKEN, tmp_path)["mqtt"] == mqtt


def test_the_oldest_of_six_networks_is_forgotten(tmp_path):
    names = [f"net{i}" for i in range(8)]
    random.Random(5).shuffle(names)
    program = f"""
import json
from site import settings
wishes = settings.read()
for name in {names!r}:
    settings.remember(wishes, name, "12345678")
print(json.dumps({{"networks": [ssid for ssid, _ in settings.read().networks]}}))
"""
    assert run(program, tmp_path)["networks"] == names[:-6:-1]


# The whole way: a finger on the button of a board, on simulated time.
PRESS = """
import asyncio, sys
import board
from site import settings
from system.counters import Counters
from panel.housekeeping import Housekeeping
from panel.animation import COLOURS
from on_world import hardware, tell
made = hardware()
names = {COLOURS[name]: name for name in COLOURS}
last = [None]

def set_led(red, green, blue):
    name = names.get(red << 16 | green << 8 | blue)
    if name and name != last[0]:
        last[0] = name
        tell(s=made.uptime_ms() / 1000, colour=name)

made.set_led = set_led
panel = Housekeeping(made, board, settings.read(), Counters(), lambda: None, lambda: False)

async def main():
    asyncio.create_task(panel.run())
    await asyncio.sleep(2)
    tell(pressed=made.uptime_ms() / 1000)
    made.a_uart.ask("press", float(sys.argv[1]))
    await asyncio.sleep(30)

asyncio.run(main())
"""
FAILS = """
def keep(data):
    raise OSError("no space")

made.keep = keep
"""
HELD = {
    ("GENIUS", 21.0): [("red", 1), ("yellow", 8), ("off", 15), ("blue", 20)],
    ("GENIUS", 19.5): [("red", 1), ("yellow", 8), ("off", 15), ("purple", 19.5), ("green", 21.5)],
    ("GENIUS_FLEX", 5.0): [("red", 1), ("purple", 5), ("green", 7)],
    ("CONNECT", 4.0): [("red", 1), ("blue", 3)],
    ("CONNECT", 2.5): [("red", 1), ("purple", 2.5), ("green", 4.5)],
}


@pytest.mark.parametrize("board, seconds", HELD)
def test_a_finger_on_the_button(board, seconds, tmp_path):
    """product.md section 4: the colours, and that only the last one resets."""
    (tmp_path / "settings.json").write_text(json.dumps({"apn": "m2m"}))
    (tmp_path / "factory.json").write_text("{}")
    (tmp_path / "debug").touch()  # an engineer's way in
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "2026").write_text("joules")
    told = play(World(), PRESS, tmp_path, board=BOARDS / board, arguments=(str(seconds),))
    pressed = next(line["pressed"] for line in told if "pressed" in line)
    shown = [(line["colour"], line["s"] - pressed) for line in told if line.get("s", 0) > pressed]
    wanted = HELD[board, seconds]
    assert [colour for colour, _ in shown] == [colour for colour, _ in wanted]
    for (_, at), (_, due) in zip(shown, wanted, strict=True):
        assert due <= at + 0.02 and at <= due + 0.2
    left = {path.name for path in tmp_path.iterdir()} - {"settings.0"}
    if wanted[-1][0] == "blue":
        assert left == {"simulator.json", "factory.json"}
        assert not (tmp_path / "settings.0").exists()
    else:
        assert left == {"simulator.json", "factory.json", "history", "debug"}


def test_a_reset_that_fails_is_not_shown_as_done(tmp_path):
    """The memory beside the file system is full: purple as for a button that was let go early,
    counted by its name; the gateway goes on, watched as before, and nothing is gone."""
    (tmp_path / "settings.json").write_text(json.dumps({"apn": "m2m"}))
    begun, pressed = PRESS.split("panel = ")
    program = begun + FAILS + "counters = Counters()\npanel = " + pressed
    program = program.replace("read(), Counters()", "read(), counters")
    program += "tell(counts=counters.counts, watchdog=made._watchdog_ms)\n"
    told = play(World(), program, tmp_path, board=BOARDS / "CONNECT", arguments=("10.0",))
    pressed_s = next(line["pressed"] for line in told if "pressed" in line)
    shown = [line["colour"] for line in told if line.get("s", 0) > pressed_s]
    assert shown == ["red", "blue", "purple", "green"]
    assert told[-1] == {"counts": {"reset.failed": 1}, "watchdog": 30000}
    assert (tmp_path / "settings.0").exists()


CANNOT_WRITE = """
made.program_files += ("factory.json",)
made.restart = lambda: tell(restarted=True)
"""


def test_a_reset_that_fails_after_it_has_begun_goes_on_at_a_new_start(tmp_path):
    """Never purple, which is for nothing was reset: the label is kept, and the next start
    finishes (test_start.py, test_boot.py)."""
    (tmp_path / "site.json").write_text("{}")
    (tmp_path / "factory.json").mkdir()  # cannot be written
    begun, pressed = PRESS.split("panel = ")
    program = begun + CANNOT_WRITE + "panel = " + pressed
    told = play(World(), program, tmp_path, board=BOARDS / "CONNECT", arguments=("10.0",))
    pressed_s = next(line["pressed"] for line in told if "pressed" in line)
    shown = [line["colour"] for line in told if line.get("s", 0) > pressed_s]
    assert shown[:2] == ["red", "blue"] and "purple" not in shown
    assert {"restarted": True} in told
    assert (tmp_path / "kept").read_text() == "{}" and not (tmp_path / "site.json").exists()
