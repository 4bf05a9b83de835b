"""Random and mutated byte sequences as answers for the firmware's B-bus master, in the 32-bit
interpreter (device/fuzz_bus_b.py). What has to become of each is worked out here from
docs/b-bus.md with pymodbus's check sum.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from pymodbus.framer import FramerRTU

from gateway_host.fuzz.a_bus import Outcome, feed, mutated
from gateway_host.session import ROOT

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "fuzz_bus_b.py"
# As the script's: unit, function, address, what; and the length of the answer's data.
REQUESTS = (
    (61, 3, 0, 10, 20),
    (11, 3, 0x200, 13, 26),
    (12, 1, 0, 2, 1),
    (12, 5, 0, 0xFF00, None),
    (61, 16, 9, 1, None),
)
_STALE = 64  # bytes that a word left on the stack keeps, now and then


def sealed(frame: bytes) -> bytes:
    """With its check sum."""
    return frame + FramerRTU.compute_CRC(frame).to_bytes(2, "big")


def verdict(which: int, answer: bytes) -> int:
    """What a master makes of these bytes: 1 data or a confirmation, 2 an exception, 0 anything
    else."""
    unit, function, address, number, size = REQUESTS[which]
    if size is None:
        right = sealed(struct.pack(">BBHH", unit, function, address, number))
        if answer[:8] == right:
            return 1
    else:
        end = 3 + size
        frame = answer[:end]
        if frame[:3] == bytes([unit, function, size]) and answer[: end + 2] == sealed(frame):
            return 1
    frame = answer[:3]
    if frame[:2] == bytes([unit, function | 0x80]) and len(frame) == 3:
        return 2 if answer[:5] == sealed(frame) else 0
    return 0


def answer_of(which: int, dice: random.Random) -> bytes:
    """A right answer to a request."""
    unit, function, address, number, size = REQUESTS[which]
    if dice.random() < 0.2:
        return sealed(bytes([unit, function | 0x80, dice.randrange(1, 12)]))
    if size is None:
        return sealed(struct.pack(">BBHH", unit, function, address, number))
    return sealed(bytes([unit, function, size]) + dice.randbytes(size))


def sequences(count: int, seed: int) -> Iterator[bytes]:
    """So many records: request, verdict, bytes."""
    dice = random.Random(seed)
    for _ in range(count):
        which = dice.randrange(len(REQUESTS))
        way = dice.random()
        if way < 0.2:
            data = dice.randbytes(dice.randrange(300))
        elif way < 0.3:  # right, and more behind it
            data = answer_of(which, dice) + dice.randbytes(dice.randrange(3))
        elif way < 0.5:  # of any request
            data = answer_of(dice.randrange(len(REQUESTS)), dice)
        elif way < 0.6:  # a length that is not so
            unit, function, *_ = REQUESTS[which]
            data = sealed(bytes([unit, function, dice.randrange(256)]) + dice.randbytes(20))
        else:
            data = mutated(answer_of(which, dice), dice)
        yield bytes([which, verdict(which, data)]) + data[:600]


def run(count: int, seed: int = 1, bits: int = 32) -> Outcome:
    """Feed `count` sequences to the master of the interpreter with that word size.

    UserError when there is no interpreter.
    """
    names = ("refused", "data", "exceptions")
    outcome = feed(SCRIPT, sequences(count, seed), count, bits, names)
    if outcome.growth is not None and outcome.growth <= _STALE:
        outcome.growth = min(0, outcome.growth)
    return outcome
