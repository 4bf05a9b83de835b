"""Instructions of the measuring side for a second of 28 points: from blocks of samples to
readings, registers and intervals, bytecode included, on the ESP32-C3's instruction set; and what
of one 240 MHz core of an ESP32 that is, with the A-bus's side.

The garbage collector is not counted: it runs for the whole gateway.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np

from gateway_host.bench import a_bus_instructions as bus_instructions
from gateway_host.instructions import kernel
from gateway_host.instructions.rv32 import MEMORY, ON_TARGET, run_rv32
from gateway_host.sim.catalogue import BLOCK
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house

CLOCK = 240_000_000
_BLOCKS_A_SECOND = 50
_CHANNELS = 31
_BEFORE = 2  # reports
_REPORTS = 4


@dataclass
class Second:
    """Instructions of a second.

    blocks: 50 blocks of samples: sums, windows, events, harmonics. reports: one report, registers
    and intervals. bus: 50 cycles. All these on rv32. kernel: what the kernel takes more on the
    ESP32.
    """

    blocks: float
    reports: float
    bus: float
    kernel: float

    @property
    def share(self) -> float:
        """Of a core's cycles, at one instruction a cycle."""
        return (self.blocks + self.reports + self.bus + self.kernel) / CLOCK


def measure(bus_cycle: float | None = None) -> Second:
    """bus_cycle: instructions of the A-bus's side a cycle, when they are known. UserError when the
    target is not available."""
    if bus_cycle is None:
        bus_cycle = sum(bus_instructions.measure()[0].values())
    blocks = 8
    plan = load_house(DEFAULT_HOUSE).site_json()
    plan.pop("b_bus")  # not measured here
    given = {
        "plan": json.dumps(plan),
        "block": BLOCK,
        "channels": _CHANNELS,
        "blocks": blocks,
        "address": MEMORY,
        "before": _BEFORE,
        "reports": _REPORTS,
    }
    said = run_rv32(
        (ON_TARGET / "measuring_second.py").read_text(),
        path=[kernel.FIRMWARE, ON_TARGET],
        files=kernel.modules() | {"given.json": json.dumps(given).encode()},
        memory=_samples(blocks),
    )
    whole, reporting, count = map(int, said.split())
    plain = (whole - reporting) / (count - _REPORTS)
    esp32, c3 = (kernel.measure(target).instructions for target in ("xtensa", "rv32"))
    return Second(
        blocks=plain * _BLOCKS_A_SECOND,
        reports=(reporting - plain * _REPORTS) / _REPORTS,
        bus=bus_cycle * _BLOCKS_A_SECOND,
        kernel=(esp32 - c3) * _BLOCKS_A_SECOND,
    )


def _samples(blocks: int) -> bytes:
    """50 Hz on all channels, with a fifth harmonic."""
    angle = 2 * np.pi * np.arange(blocks * BLOCK) / BLOCK
    rows = []
    for channel in range(_CHANNELS):
        size = 21000 if channel < 3 else 3000 + 500 * channel
        turn = angle - 2 * np.pi * (channel % 3) / 3
        rows.append(size * np.cos(turn - 0.4 * (channel > 2)) + 0.05 * size * np.cos(5 * turn))
    shaped = np.array(rows).reshape(_CHANNELS, blocks, BLOCK).swapaxes(0, 1)
    return np.ascontiguousarray(np.round(shaped), "<i2").tobytes()
