"""Times the measuring kernel beside C, numpy and plain bytecode, in turns in one run."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gateway_host import interpreter
from gateway_host.errors import UserError
from gateway_host.session import MODULE_PATH, ROOT, SOURCE_HEAP
from gateway_host.sim.catalogue import BLOCK, MAX_POINTS

CHANNELS = 3 + MAX_POINTS
SAMPLES = CHANNELS * BLOCK
SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "bench_kernel.py"
SOURCE = Path(__file__).with_name("kernel.c")

_ROUNDS = 150
_SECONDS = 0.004  # of a turn


class Interpreter:
    """The kernel in the interpreter, asked turn by turn."""

    def __init__(self, bits: int):
        self._process = interpreter.start(
            [SCRIPT],
            bits=bits,
            heap=SOURCE_HEAP,
            path=MODULE_PATH,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, name: str, count: int) -> list[int]:
        """The numbers that the device script answers. UserError where it has ended: its own words
        are on stderr."""
        self._process.stdin.write(f"{name} {count}\n")
        self._process.stdin.flush()
        numbers = [int(word) for word in self._process.stdout.readline().split()]
        if not numbers:
            raise UserError(f"{SCRIPT.name} ended before it answered {name!r}")
        return numbers

    def turn(self, name: str) -> Callable[[int], float]:
        """A function: seconds that `count` blocks take."""
        return lambda count: self.ask(name, count)[0] / 1e9

    def close(self) -> None:
        """Ends it."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def _numpy_turn() -> Callable[[int], float]:
    chance = np.random.default_rng(1)
    samples = chance.integers(-32768, 32768, (CHANNELS, BLOCK)).astype(np.int16)
    volts = chance.normal(size=(CHANNELS, BLOCK))
    quadrature = chance.normal(size=(CHANNELS, BLOCK))

    def turn(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            current = samples.astype(np.float64)
            np.einsum("ij,ij->i", volts, current)
            np.einsum("ij,ij->i", quadrature, current)
            np.einsum("ij,ij->i", current, current)
        return time.perf_counter() - started

    return turn


def _c_turn(directory: Path) -> Callable[[int], float] | None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    library = directory / "kernel.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    function = ctypes.CDLL(str(library)).accumulate
    chance = np.random.default_rng(1)
    samples = chance.integers(-32768, 32768, SAMPLES).astype(np.int16)
    references = chance.integers(-128, 128, 3 * BLOCK // 2 * 10).astype(np.int32)
    rows = np.array([p % 3 * BLOCK // 2 * 10 for p in range(CHANNELS)], np.int32)
    sums = np.zeros(3 * CHANNELS, np.int64)
    arguments = (samples.ctypes.data, references.ctypes.data, rows.ctypes.data)
    pointers = [ctypes.c_void_p(address) for address in arguments]
    target = ctypes.c_void_p(sums.ctypes.data)

    def turn(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            function(*pointers, CHANNELS, target)
        return time.perf_counter() - started

    turn.keep = (samples, references, rows, sums)
    return turn


def measure() -> dict[str, float]:
    """Nanoseconds a sample (31 channels x 64), the best of the turns of each: `kernel32`, `path32`
    (with the references and windows), `kernel64`, `bytecode32`, `numpy`, and `c` where there is a
    compiler."""
    ours = {bits: Interpreter(bits) for bits in (32, 64)}
    try:
        with tempfile.TemporaryDirectory() as directory:
            turns = {
                "kernel32": ours[32].turn("kernel"),
                "path32": ours[32].turn("path"),
                "kernel64": ours[64].turn("kernel"),
                "bytecode32": ours[32].turn("bytecode"),
                "numpy": _numpy_turn(),
            }
            compiled = _c_turn(Path(directory))
            if compiled:
                turns["c"] = compiled
            return _in_turns(turns)
    finally:
        for one in ours.values():
            one.close()


def _in_turns(turns: dict[str, Callable[[int], float]]) -> dict[str, float]:
    counts = {}
    for name, turn in turns.items():
        turn(2)
        counts[name] = max(1, int(_SECONDS / (turn(3) / 3)))
    best = dict.fromkeys(turns, float("inf"))
    for _ in range(_ROUNDS):
        for name, turn in turns.items():
            best[name] = min(best[name], turn(counts[name]) / counts[name])
    return {name: seconds * 1e9 / SAMPLES for name, seconds in best.items()}


def allocated(bits: int = 32, blocks: int = 1000) -> tuple[int, int]:
    """(bytes allocated, windows completed) by the measuring path over so many blocks."""
    one = Interpreter(bits)
    try:
        return tuple(one.ask("allocated", blocks))
    finally:
        one.close()
