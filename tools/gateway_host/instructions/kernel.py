"""The firmware's measuring kernel as a case for `count`: one block of 28 currents, 3 voltages.

The samples are random over the whole range of 16 bits. The sums that it leaves are compared with
exact ones, so that a figure is never that of a kernel that computes something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway_host.errors import UserError
from gateway_host.instructions import Argument, Counts, count

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"
BLOCK = 64
POINTS = 28
_CHANNELS = 3 + POINTS
_WHERE = np.arange(_CHANNELS) * 2 * BLOCK
_PHASES = np.arange(POINTS) % 3
_ROW_WORDS = 6  # of the references: for currents, then for the voltage
_NEEDS = np.r_[0:3, _PHASES]
_PLAN = np.stack([_NEEDS * BLOCK * _ROW_WORDS + 3 * (np.arange(_CHANNELS) < 3), _NEEDS], axis=1)
_STEP = 50 * ((1 << 30) // 3200)  # the oscillator's, at 50 Hz


@dataclass
class Block:
    """Instructions for one block of 64 sampling instants.

    references: of mains' part, once per phase. sums: of metering's part, for every channel.
    """

    references: Counts
    sums: Counts

    @property
    def kernel_per_sample(self) -> float:
        """Of the sums alone, per sample that they take in: 31 channels of 64."""
        return self.sums.instructions / (_CHANNELS * BLOCK)

    @property
    def per_sample(self) -> float:
        """Of everything, the voltages' part too, per current sample: 28 points of 64."""
        return (self.references.instructions + self.sums.instructions) / (POINTS * BLOCK)


def measure(target: str, firmware: Path = FIRMWARE, seed: int = 1) -> Block:
    """Count one block on `target`. Raises UserError as `count` does, and for wrong sums."""
    samples = np.random.default_rng(seed).integers(-32768, 32768, (_CHANNELS, BLOCK))
    held = bytearray(samples.astype("<i2").tobytes())
    references = count(target, firmware / "mains.py", "_fill", fill_arguments(held))
    waves = references.buffers[0]
    sums = count(target, firmware / "metering.py", "accumulate", sum_arguments(held, waves))
    _compare(sums, samples, waves)
    return Block(references, sums)


def fill_arguments(samples: bytearray) -> list[Argument]:
    """Arguments of mains._fill for a whole block in which no window ends."""
    third = (1 << 30) // 3
    state = _words([0, _STEP, 10, 0, 2 * third, third, 0, 0, 1, 10, _STEP])
    wave = 511 + np.round(-511 * np.cos(np.arange(1280) * 2 * np.pi / 1024))
    references = bytearray(3 * BLOCK * _ROW_WORDS * 4)
    waves = bytearray(wave.astype("<u2").tobytes())
    silence = bytearray(2 * BLOCK)
    return [references, 0, references, samples, _words(_WHERE), state, waves, silence, 0]


def sum_arguments(samples: bytearray, references: bytes) -> list[Argument]:
    """Arguments of metering.accumulate for a whole block of all channels, the sums at 0."""
    sums = bytearray(_CHANNELS * 32)
    tables: list[Argument] = [_words(_WHERE), _words(_PLAN)]
    return [0, references, references, samples, *tables, _CHANNELS, 0, BLOCK, sums]


def _words(values) -> bytearray:
    return bytearray(np.asarray(values).astype("<i4").tobytes())


def _compare(sums: Counts, samples: np.ndarray, references: bytes) -> None:
    # 64 products of 16-bit numbers fit into 64 bits.
    waves = np.frombuffer(references, "<i4").astype(np.int64).reshape(3, BLOCK, 2, 3)
    found = np.frombuffer(sums.buffers[-1], "<i4").astype(np.int64).reshape(_CHANNELS, 8)
    for channel, phase in enumerate(_NEEDS):
        current = samples[channel].astype(np.int64)
        low, high, quadrature = waves[phase, :, int(channel < 3)].T
        exact = [((low + 256 * high) * current).sum(), (quadrature * current).sum()]
        exact += [(current * current).sum()]
        got = [found[channel, 2 * k] + (found[channel, 2 * k + 1] << 24) for k in range(3)]
        if exact != got:
            raise UserError(
                f"metering.accumulate on {sums.target}: channel {channel} has the sums {got}, "
                f"exact are {exact}; the figure would be worthless"
            )
