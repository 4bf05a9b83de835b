"""Random and mutated byte sequences for the firmware's A-bus receiver, in the 32-bit interpreter
(device/fuzz_bus_a.py): after each one the next clean cycle has to be accepted wholly.

Frames are made here from docs/a-bus.md. The same seed gives the same bytes.
"""

from __future__ import annotations

import json
import random
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway_host import interpreter
from gateway_host.session import MODULE_PATH, ROOT, SOURCE_HEAP
from gateway_host.sim.checks import check_of

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "fuzz_bus_a.py"
HEAD, HUBS = "5020000001", [f"5500000{190 + k}" for k in range(7)]
DATA, NODATA, LAST_KIND = 2, 4, 11
_CYCLES = 8
_CORPUS = 600
_PATIENCE_S = 300
_SETTLED = 10_000  # sequences after which the nodes that sequences forge are all there


@dataclass
class Outcome:
    """Of a run. failed: what went wrong, with the sequence's number and bytes; growth: bytes of
    heap between the first 10,000 sequences and the last; counts: what the receiver counted."""

    sequences: int
    seconds: float
    growth: int | None
    failed: str | None
    counts: dict[str, int]


def frame(kind: int, address: int, argument: int, block: int, *sections: bytes) -> bytes:
    """A right frame with these sections' payloads."""
    body = b"".join(payload + struct.pack("<I", check_of(payload)) for payload in sections)
    head = struct.pack("<BBBBHH", 0xA5, kind, address, argument, block, len(body))
    return head + struct.pack("<I", check_of(head)) + body


def clean_cycle(block: int) -> bytes:
    """The answers of the head and 7 CT Hubs: channel i's first sample is block x 256 + i."""
    timing = struct.pack("<IHH", 64 * (block + 1) + 8, 0, 0)
    samples = [bytes([i, block]) + bytes(range(126)) for i in range(3 + 4 * len(HUBS))]
    frames = frame(DATA, 1, 0x17, block, timing, *samples[:3])
    for k in range(len(HUBS)):
        frames += frame(DATA, 2 + k, 0x0F, block, *samples[3 + 4 * k : 7 + 4 * k])
    return frames


def some_frame(dice: random.Random) -> bytes:
    """A right frame of any kind, from nodes that are there and others, for any block."""
    kind = dice.choice((DATA, DATA, NODATA, *range(1, LAST_KIND + 1)))
    address = dice.choice((0, 1, 2, 8, 9, 255, dice.randrange(256)))
    block = dice.choice((dice.randrange(_CYCLES), dice.randrange(65536)))
    if kind not in (DATA, NODATA):
        payload = dice.randbytes(dice.choice((0, 8, 16, 20, 24)))
        if len(payload) == 20 and dice.random() < 0.5:  # a FOUND of a node that is named
            payload = struct.pack("<HHI", 5500, 1, dice.randrange(188, 199)) + payload[8:]
        return frame(kind, address, dice.randrange(256), block, *([payload] if payload else []))
    argument = dice.randrange(32)
    sections = [dice.randbytes(8)] if argument & 16 else []
    if kind == DATA:
        sections += [dice.randbytes(128)] * (argument & 15).bit_count()
    if len(sections) == 5:  # longer than a body may be
        sections.pop()
        argument = 15
        sections = [dice.randbytes(128)] * 4
    return frame(kind, address, argument, block, *sections)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to four changes: bits, bytes lost, added or doubled, the end cut off."""
    spoiled = bytearray(data)
    for _ in range(dice.randrange(1, 5)):
        at = dice.randrange(len(spoiled) + 1)
        match dice.randrange(6):
            case 0 | 1 if at < len(spoiled):
                spoiled[at] ^= 1 << dice.randrange(8)
            case 2:
                del spoiled[at : at + dice.randrange(1, 200)]
            case 3:
                spoiled[at:at] = dice.randbytes(dice.randrange(1, 40))
            case 4:
                spoiled[at:at] = spoiled[at : at + dice.randrange(1, 200)]
            case 5:
                del spoiled[at + len(spoiled) // 2 :]
    return bytes(spoiled)


def sequences(count: int, seed: int) -> Iterator[bytes]:
    """So many sequences of up to about 6000 bytes."""
    dice = random.Random(seed)
    corpus = [some_frame(dice) for _ in range(_CORPUS)]
    cycles = [clean_cycle(block) for block in range(_CYCLES)]
    soup = bytes((0xA5, 0xA5, 0xA5, 1, 2, 4, 9, 0, 0x0F, 0x10, 0xFF, 12))
    for _ in range(count):
        way = dice.random()
        if way < 0.25:
            yield dice.randbytes(dice.randrange(300))
        elif way < 0.40:
            yield bytes(dice.choices(soup, k=dice.randrange(120)))
        elif way < 0.90:
            frames = b"".join(dice.choices(corpus, k=dice.randrange(1, 4)))
            yield frames if way < 0.45 else mutated(frames, dice)
        else:
            yield mutated(dice.choice(cycles), dice)


def since_settled(heaps: list[tuple[int, int]]) -> int | None:
    """Bytes of heap since the first 10,000 sequences."""
    settled = [heap for case, heap in heaps if case == _SETTLED]
    return heaps[-1][1] - settled[0] if settled else None


def _watch(stop: Callable[[], None]) -> threading.Timer:
    """Calls `stop` when nothing is heard for long."""
    timer = threading.Timer(_PATIENCE_S, stop)
    timer.daemon = True
    timer.start()
    return timer


def feed(
    script: Path,
    records: Iterator[bytes],
    count: int,
    bits: int,
    names: Sequence[str],
    path: Sequence[Path | str] = MODULE_PATH,
    growth: Callable[[list[tuple[int, int]]], int | None] = since_settled,
    arguments: Sequence[str] = (),
    folder: str | None = None,
    end: bytes = bytes(2),
) -> Outcome:
    """Give the script in the interpreter of that word size each record, with two bytes for its
    length in front, and `end` behind them; `count` of them are sequences. names: of the counts
    in the script's last line; growth: that of (sequence, bytes of heap), as it prints them;
    folder: where it runs.

    UserError when there is no interpreter.
    """
    process = interpreter.start(
        [script, *arguments],
        bits=bits,
        heap=SOURCE_HEAP,
        path=path,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    started = time.perf_counter()

    def write() -> None:
        try:
            for record in records:
                process.stdin.write(struct.pack("<H", len(record)) + record)
            process.stdin.write(end)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended; why is in its output

    feeder = threading.Thread(target=write)
    feeder.start()
    last: dict = {}
    heaps = []
    hung = []

    def stop() -> None:
        hung.append(f"nothing was heard for {_PATIENCE_S} s: one of the next 10,000 has no end")
        process.kill()

    watch = _watch(stop)
    for line in process.stdout:
        watch.cancel()
        watch = _watch(stop)
        last = json.loads(line)
        if "heap" in last:
            heaps.append((last["case"], last["heap"]))
    watch.cancel()
    trouble = process.stderr.read().decode()
    process.wait()
    feeder.join()
    failed = None
    if hung:
        failed = f"after sequence {last.get('case', 0)} {hung[0]}"
    elif "wrong" in last:
        failed = f"sequence {last['case']}: {last['wrong']}: {last['bytes']}\n{trouble}".strip()
    elif process.returncode:
        failed = trouble.strip() or f"it ended with {process.returncode}"
    elif last.get("case") != count:
        failed = f"it ended after {last.get('case', 0)} sequences"
    counts = {name: last[name] for name in names if name in last} | last.get("counts", {})
    seconds = time.perf_counter() - started
    return Outcome(last.get("case", 0), seconds, growth(heaps), failed, counts)


def run(count: int, seed: int = 1, bits: int = 32) -> Outcome:
    """Feed `count` sequences to the receiver of the interpreter with that word size.

    UserError when there is no interpreter.
    """
    channels = iter(range(3, 3 + 4 * len(HUBS)))
    named = [[HEAD, [0, 1, 2]], *([hub, [next(channels) for _ in range(4)]] for hub in HUBS)]

    def records() -> Iterator[bytes]:
        dice = random.Random(seed + 1)
        yield json.dumps(named).encode()
        yield from map(clean_cycle, range(_CYCLES))
        yield b""
        for sequence in sequences(count, seed):
            yield bytes([dice.choice((0, 0, 1, 2))]) + sequence

    return feed(SCRIPT, records(), count, bits, ("noise", "foreign", "nodes", "damaged"))
