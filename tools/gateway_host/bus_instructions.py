"""Instructions of the A-bus's side for one clean cycle of 28 points, on the ESP32-C3's instruction
set: what BusA does from a POLL to the end of the cycle, bytecode included."""

from __future__ import annotations

import base64

from gateway_host import fuzz
from gateway_host.instructions import kernel, mpy
from gateway_host.instructions.rv32 import _ON_TARGET, run_rv32

_TIME = b"""
def ticks_diff(a, b):
    return a - b


def ticks_add(a, b):
    return a + b
"""
_PROGRAM = """
import gc
from binascii import a2b_base64

import bus_a_collect as collect
from bus_a import BusA

given = memoryview(a2b_base64({cycle!r}))


class Fed:
    def write(self, data):
        pass

    def readinto(self, view):
        view[: len(given)] = given
        return len(given)


def now():
    return 1000


bus = BusA(Fed(), now, 3000000, {named!r}, 31, 1)
for node in bus.nodes.all:
    bus.nodes.joined(node)
cycle = bus._cycles[0]
bus._polled = 0
PARTS = (
    ("begin", lambda: bus._open(cycle, 0)),
    ("poll", lambda: bus._send(1, 255, 1, 0)),
    ("receive", lambda: bus.receiver.answers(cycle)),
    ("time", bus._note_time),
    ("end", lambda: bus._close(cycle)),
    ("next", bus._until_next),
)
for turn in range(2):
    for name, part in PARTS:
        gc.collect()
        gc.disable()
        a = instructions()
        b = instructions()
        part()
        c = instructions()
        gc.enable()
        if turn:
            print(name, (c - b - (b - a)) & 0x1FFFFFFF)
        if name == "receive":
            assert cycle.state[collect.MISSING] == 0
"""


def measure() -> tuple[dict[str, int], float]:
    """(instructions by part of a cycle, their sum over the kernel's for the same cycle). UserError
    when the target is not available."""
    channels = iter(range(3, 31))
    named = [(fuzz.HEAD, [0, 1, 2])]
    named += [(hub, [next(channels) for _ in range(4)]) for hub in fuzz.HUBS]
    program = (_ON_TARGET / "count.py").read_text() + _PROGRAM.format(
        cycle=base64.b64encode(fuzz.clean_cycle(0)).decode(), named=named
    )
    files = {"time.py": _TIME}
    for module in sorted(kernel.FIRMWARE.glob("bus_a*.py")):  # as in an image, and as the kernel
        files[f"{module.stem}.mpy"] = mpy.compile_module(module, "rv32imc")
    said = run_rv32(program, path=[kernel.FIRMWARE], files=files)
    parts = {name: int(count) for name, count in map(str.split, said.splitlines())}
    block = kernel.measure("rv32")
    own = block.references.instructions + block.sums.instructions
    return parts, sum(parts.values()) / own
