"""Instructions of the A-bus's side for a cycle of 28 points on a clean line, on the ESP32-C3's
instruction set: all that `BusA.run` does from one POLL to the next, bytecode included, over as
many cycles as its searches and queries take turns in.

What the bench's own UART takes is counted apart and left out; the calls of it, and of the clock,
are counted.
"""

from __future__ import annotations

import base64
import json
import struct

from gateway_host.fuzz import a_bus as fuzz
from gateway_host.instructions import kernel
from gateway_host.instructions.rv32 import ON_TARGET, run_rv32, stubs

_CYCLES = 25  # in which there are one SEARCH and two of QUERY
_BEFORE = 30
_STATUS = 8
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

    given = {
        "cycle": text(fuzz.clean_cycle(0)),
        "news": text(b"".join(news for _, news in blocks)),
        "status": text(b"".join(answers)),
        "places": blocks[0][0],
        "nodes": len(named),
        "named": named,
        "before": _BEFORE,
        "cycles": _CYCLES,
    }
    # The modules are compiled: as in an image, and as the kernel.
    files = stubs("time") | kernel.modules() | {"given.json": json.dumps(given).encode()}
    program = (ON_TARGET / "a_bus_cycles.py").read_text()
    said = run_rv32(program, path=[kernel.FIRMWARE, ON_TARGET], files=files)
    parts = {
        _NAMES[int(kind)]: int(count) / _CYCLES
        for kind, count in map(str.split, said.splitlines())
    }
    block = kernel.measure("rv32")
    return parts, sum(parts.values()) / block.instructions
