"""What the advisor takes of the chip: instructions on the ESP32-C3's instruction set, and heap."""

from __future__ import annotations

import json
from dataclasses import dataclass

from gateway_host.bench.measuring_instructions import CLOCK
from gateway_host.instructions import kernel
from gateway_host.instructions.rv32 import MEMORY, ON_TARGET, run_rv32
from gateway_host.interpreter import ROOT

from .run import records
from .sites import MAX_POINTS, draw

DEVICE = ROOT / "tools" / "gateway_host" / "device"
_SECONDS = 90
_BUSY = 8  # a site of this number is a star with sun, battery and loads of several phases


@dataclass
class Cost:
    """`share`: of a 240 MHz core at one instruction a cycle; `step_ms`: the longest time between
    two yields; `heap`: bytes held; `points`: of the site."""

    share: float
    step_ms: float
    heap: int
    points: int


def measure() -> Cost:
    """UserError when the target is not available."""
    site = draw(_BUSY, _SECONDS, points=MAX_POINTS)
    rows = records(site).split(b"\n", 2)[2]
    given = {"plan": site.plan, "seconds": _SECONDS, "address": MEMORY}
    said = run_rv32(
        (ON_TARGET / "advise_second.py").read_text(),
        path=[kernel.FIRMWARE, DEVICE, ON_TARGET],
        files=kernel.modules() | {"given.json": json.dumps(given).encode()},
        memory=rows,
        limit=600,
    )
    total, most, seconds, heap = map(int, said.split())
    return Cost(total / seconds / CLOCK, 1000 * most / CLOCK, heap, len(site.cts))
