"""Instructions of the A-bus's side for a cycle of 28 points on a clean line, on the ESP32-C3's
instruction set: all that `BusA.run` does from one POLL to the next, bytecode included, over as
many cycles as its searches and queries take turns in.

What the bench's own UART takes is counted apart and left out; the calls of it, and of the clock,
are counted.
"""

from __future__ import annotations

import base64
import struct

from gateway_host.fuzz import a_bus as fuzz
from gateway_host.instructions import kernel
from gateway_host.instructions.rv32 import _ON_TARGET, run_rv32

_CYCLES = 25  # in which there are one SEARCH and two of QUERY
_BEFORE = 30
_STATUS = 8
_TIME = b"""
def ticks_diff(a, b):
    return a - b


def ticks_add(a, b):
    return a + b
"""
_PROGRAM = """
import gc
from binascii import a2b_base64

from bus_a import BusA

given = bytearray(a2b_base64({cycle!r}))
news = memoryview(a2b_base64({news!r}))
status = memoryview(a2b_base64({status!r}))
PLACES = {places!r}  # of the pieces of `given` that are another block's in every cycle
PIECE = 12
STATUS = len(status) // {nodes}


class Line:
    polls = own = 0
    sent = 0

    def write(self, data):
        before = instructions()
        self.hear(data)
        self.own += instructions() - before

    def readinto(self, view):
        before = instructions()
        size = self.give(view)
        self.own += instructions() - before
        return size

    def set_baud(self, baud):
        pass

    def hear(self, data):
        self.answer = b""
        self.sent = data[1]
        if data[1] == 1:
            self.polls += 1
            at = data[4] * len(PLACES) * PIECE
            for place in PLACES:
                given[place : place + PIECE] = news[at : at + PIECE]
                at += PIECE
            self.answer = given
        elif data[1] == 7:
            self.answer = status[(data[2] - 1) * STATUS : data[2] * STATUS]

    def give(self, view):
        size = len(self.answer)
        view[:size] = self.answer
        self.answer = b""
        return size


ticks = 1000


def now():
    return ticks


line = Line()
bus = BusA(line, now, 3000000, {named!r}, 31, 1)
for node in bus.nodes.all:
    bus.nodes.joined(node)
bus._searches = bus._looks = 0
steps = bus.run()
spent = {{}}
whole = missing = 0
while line.polls <= {before} + {cycles}:
    gc.collect()
    gc.disable()
    a = instructions()
    b = instructions()
    wait = next(steps)
    c = instructions()
    gc.enable()
    ticks += wait
    if bus.ready is not None:
        missing += sum(where < 0 for where in bus.ready.where)
    if {before} < line.polls <= {before} + {cycles}:
        taken = (c - b - (b - a) - line.own) & 0x1FFFFFFF
        spent[line.sent] = spent.get(line.sent, 0) + taken
    line.own = 0
assert missing == 0 and bus.blocks >= {before} + {cycles} - 3 and bus.receiver.noise == 0
for kind in spent:
    print(kind, spent[kind])
"""
_NAMES = {1: "poll", 7: "query", 10: "search"}


def _changing(block: int) -> tuple[list[int], bytes]:
    """Where a clean cycle differs from another block's: the places, and 12 bytes for each."""
    cycle = fuzz.clean_cycle(block)
    places, at = [], 0
    while at < len(cycle):
        places += [at, at + 12] if not at else [at]  # a header; the head's timing section
        at += 12 + struct.unpack_from("<H", cycle, at + 6)[0]
    return places, b"".join(cycle[place : place + 12] for place in places)


def measure() -> tuple[dict[str, float], float]:
    """(instructions a cycle by what was sent last, their sum over the kernel's for the same
    cycle). UserError when the target is not available."""
    channels = iter(range(3, 31))
    named = [(fuzz.HEAD, [0, 1, 2])]
    named += [(hub, [next(channels) for _ in range(4)]) for hub in fuzz.HUBS]
    blocks = [_changing(block) for block in range(_BEFORE + _CYCLES + 2)]
    status = struct.pack("<BBBxiIIII", 3, 0, 15, -250, 1000, 2, 990, 3661)
    answers = [fuzz.frame(_STATUS, 1 + k, 0, 0, status) for k in range(len(named))]

    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    program = (_ON_TARGET / "count.py").read_text() + _PROGRAM.format(
        cycle=text(fuzz.clean_cycle(0)),
        news=text(b"".join(news for _, news in blocks)),
        status=text(b"".join(answers)),
        places=blocks[0][0],
        nodes=len(named),
        named=named,
        before=_BEFORE,
        cycles=_CYCLES,
    )
    files = {"time.py": _TIME} | kernel.modules()  # compiled: as in an image, and as the kernel
    said = run_rv32(program, path=[kernel.FIRMWARE], files=files)
    parts = {
        _NAMES[int(kind)]: int(count) / _CYCLES
        for kind, count in map(str.split, said.splitlines())
    }
    block = kernel.measure("rv32")
    return parts, sum(parts.values()) / block.instructions
