"""Waveforms made with numpy, and what the firmware measures of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
from gateway_host.instructions.rv32 import MEMORY, run_rv32
from gateway_host.session import ROOT
from in_interpreter import succeed

RATE = 3200
VOLT = 0.015  # docs/a-bus.md section 2: a count of voltage
DEVICE = Path(__file__).parents[1] / "device"

_ON_TARGET = """
import uctypes
import measure_samples
measure_samples.measure({task!r}, uctypes.bytearray_at({address}, {size}))
"""


def ampere(rated: float) -> float:
    """What a count of current is, in A."""
    return rated * 1.5 * 2**0.5 / 32767


def wave(seconds: float, frequency: float, *parts: tuple[float, float, float]) -> np.ndarray:
    """Sum of cosines: parts are (order, rms, degrees)."""
    angle = 2 * np.pi * frequency * np.arange(round(seconds * RATE / 64) * 64) / RATE
    return sum(
        2**0.5 * rms * np.cos(order * angle + np.radians(degrees)) for order, rms, degrees in parts
    )


def counts(signals: np.ndarray, per_count: list[float]) -> np.ndarray:
    """int16 [channel, n] of signals in V and A."""
    scaled = np.round(signals / np.array(per_count)[:, None])
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def measure(samples: np.ndarray, bits: int = 32, **task) -> list[dict]:
    """The firmware's reports of int16 [channel, n]. task: as device/measure_samples.py has it."""
    data = _blocks(samples)
    given = json.dumps(task) + "\n" + base64.b64encode(data).decode() + "\n"
    said = succeed("measure_on_host", DEVICE, bits=bits, heap="16M", stdin=None, input=given)
    return [json.loads(line) for line in said.splitlines()]


def measure_single(samples: np.ndarray, **task) -> list[dict]:
    """The same with single-precision floats, on the simulated RISC-V machine."""
    data = _blocks(samples)
    program = _ON_TARGET.format(task=task, address=MEMORY, size=len(data))
    said = run_rv32(program, path=[ROOT / "firmware", DEVICE], memory=data)
    return [json.loads(line) for line in said.splitlines()]


def _blocks(samples: np.ndarray) -> bytes:
    channels, count = samples.shape
    blocks = samples.reshape(channels, count // 64, 64).swapaxes(0, 1)
    return np.ascontiguousarray(blocks, "<i2").tobytes()
