"""The firmware's measuring kernel as a case for `count`: one block of 28 currents, 3 voltages.

The host's MicroPython runs the block first and prints what the viper functions are called with, so
the case follows the firmware. What a target leaves must be what the host left, and the products of
voltage and current, and of current and current, must be the exact ones: a figure is never that of
a kernel that computes something else. The samples are random over the whole range of 16 bits.
"""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.instructions import count, mpy
from gateway_host.instructions.counts import Argument, Counts
from gateway_host.sim.catalogue import BLOCK, MAX_POINTS

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"
_RECORD = Path(__file__).parent / "on_target" / "record.py"
_MODULES = {"fill": "measure/oscillator.py", "cross": "measure/products.py"}
_CHANNELS = 3 + MAX_POINTS
_PHASES = [point % 3 for point in range(MAX_POINTS)]
_SUM_WORDS = 8  # of a channel's sums, see metering.WORDS


@dataclass
class Block:
    """Instructions for one block of 64 sampling instants.

    references: of the oscillator's part, once per phase. products: of the voltages with each
    other, for the line voltages. sums: of the kernel, for every channel.
    """

    references: Counts
    products: Counts
    sums: Counts

    @property
    def kernel_per_sample(self) -> float:
        """Of the sums alone, per sample that they take in: 31 channels of 64."""
        return self.sums.instructions / (_CHANNELS * BLOCK)

    @property
    def per_sample(self) -> float:
        """Of everything, the voltages' part too, per current sample: 28 points of 64."""
        return self.instructions / (MAX_POINTS * BLOCK)

    @property
    def instructions(self) -> int:
        """Of everything that the block costs."""
        return sum(part.instructions for part in (self.references, self.products, self.sums))


@dataclass
class Call:
    """A call of a viper function on the host: its arguments, and each buffer's contents after."""

    module: Path
    function: str
    arguments: list[Argument]
    left: list[bytes | None]


def measure(target: str, firmware: Path = FIRMWARE, seed: int = 1) -> Block:
    """Count one block on `target`. Raises UserError as `count` does, and for wrong sums."""
    samples = np.random.default_rng(seed).integers(-32768, 32768, (_CHANNELS, BLOCK))
    counted = []
    for call in calls(samples, firmware):
        counts = count(target, call.module, call.function, call.arguments)
        if counts.buffers != call.left:
            raise UserError(f"{call.function} on {target} leaves something else than on the host")
        counted.append(counts)
    _compare(counted[2], samples)
    return Block(*counted)


def modules(pattern: str = "**/*.py", firmware: Path = FIRMWARE) -> dict[str, bytes]:
    """The firmware's modules compiled for rv32, by their path."""
    return {
        module.relative_to(firmware).with_suffix(".mpy").as_posix(): mpy.compile_module(
            module, "rv32imc"
        )
        for module in sorted(firmware.glob(pattern))
    }


def calls(samples: np.ndarray, firmware: Path = FIRMWARE) -> list[Call]:
    """The calls that a block makes: oscillator.fill, the kernel's cross and accumulate, each for
    64 instants.

    samples: 31 channels (3 voltages, 28 currents) x 64. Raises UserError if the firmware does not
    run on the host, or does not make these calls.
    """
    text = base64.b64encode(samples.astype("<i2").tobytes()).decode()
    phases = "".join(str(phase) for phase in _PHASES)
    with tempfile.TemporaryFile("w+") as given:
        given.write(f"{phases}\n{text}\n")
        given.seek(0)
        done = interpreter.run([_RECORD], path=[firmware], heap="1M", stdin=given)
    if done.returncode:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise UserError(f"{firmware}: the measuring does not run on the host: {reason}")
    lines = iter(done.stdout.splitlines())
    found = []
    for line in lines:
        function, number = line.split()
        module = _MODULES.get(function, "measure/kernel.py")
        buffers: dict[str, bytearray] = {}
        arguments = [_argument(next(lines), buffers) for _ in range(int(number))]
        after = [_argument(next(lines), {}) for _ in range(int(number))]
        left = [None if isinstance(value, int) else bytes(value) for value in after]
        found.append(Call(firmware / module, function, arguments, left))
    if [call.function for call in found] != ["fill", "cross", "accumulate"]:
        raise UserError(f"{firmware}: a block is not fill, cross and accumulate any more")
    return found


def _argument(line: str, buffers: dict[str, bytearray]) -> Argument:
    name, _, content = line.partition(" ")
    if not name.startswith("@"):
        return int(name)
    return buffers.setdefault(name, bytearray(base64.b64decode(content)))


def _compare(sums: Counts, samples: np.ndarray) -> None:
    found = np.frombuffer(sums.buffers[-1], "<i4").astype(np.int64)
    found = found.reshape(_CHANNELS, _SUM_WORDS)
    for channel, phase in enumerate(_PHASES, 3):
        current, voltage = samples[channel].astype(np.int64), samples[phase].astype(np.int64)
        exact = [(voltage * current).sum(), (current * current).sum(), BLOCK]
        got = [found[channel, k] + (found[channel, k + 1] << 24) for k in (0, 4)]
        got.append(found[channel, 6])
        if exact != got:
            raise UserError(
                f"accumulate on {sums.target}: channel {channel} has the sums {got}, exact are "
                f"{exact}; a figure of it would be worthless"
            )
