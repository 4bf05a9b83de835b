"""bus_a_frame.find on 20,000 random and damaged byte sequences, against a receiver written here
from docs/a-bus.md section 3."""

from __future__ import annotations

import json
import random
import struct
from pathlib import Path

from a_bus_check import check_of
from gateway_host.fuzz import a_bus as fuzz
from in_interpreter import succeed

CASES = 20_000
DATA, NODATA = 2, 4


def frame(kind: int, address: int, argument: int, block: int, body: bytes = b"") -> bytes:
    head = struct.pack("<BBBBHH", 0xA5, kind, address, argument, block, len(body))
    return head + struct.pack("<I", check_of(head)) + body


def section(payload: bytes) -> bytes:
    return payload + struct.pack("<I", check_of(payload))


def lengths(kind: int, argument: int, length: int) -> list[int]:
    """Bytes of each section, checks included."""
    timing = [12] if argument & 0x10 else []
    if kind == DATA:
        return timing + [132] * (argument & 15).bit_count()
    if kind == NODATA:
        return timing
    return [length] if length else []


def right_header(data: bytes) -> bool:
    """By start and check."""
    return data[0] == 0xA5 and struct.unpack("<I", data[8:]) == (check_of(data[:8]),)


def receive(data: bytes) -> tuple[list[list[int]], int]:
    """(frames with a right header as [kind, address, argument, block, bad sections], bytes that
    were skipped). The search goes on behind a frame's last good section; behind its header, with
    -1 for its sections, when another right header shows that it was cut off."""
    frames, noise, at = [], 0, 0
    while at + 12 <= len(data):
        start, kind, address, argument, block, length, check = struct.unpack_from(
            "<BBBBHHI", data, at
        )
        sizes = lengths(kind, argument, length)
        good = start == 0xA5 and 1 <= kind <= 11 and length % 4 == 0 and length == sum(sizes)
        if not good or length > 544 or check != check_of(data[at : at + 8]):
            at += 1
            noise += 1
            continue
        body = begin = after = at + 12
        bad = 0
        for k, size in enumerate(sizes):
            piece = data[begin : begin + size]
            begin += size
            if len(piece) == size and piece[-4:] == struct.pack("<I", check_of(piece[:-4])):
                after = begin
            else:
                bad |= 1 << k
        if bad and any(right_header(data[p : p + 12]) for p in range(body, after - 11)):
            bad, after = -1, body
        frames.append([kind, address, argument, block, bad])
        at = after
    return frames, noise


def some_frame(dice: random.Random) -> bytes:
    """A right frame of any kind."""
    kind = dice.randrange(1, 12)
    argument = dice.randrange(32)
    if kind in (DATA, NODATA):
        sizes = lengths(kind, argument, 0)
    else:
        argument, sizes = dice.randrange(256), dice.choice([[], [20], [28]])
    if sum(sizes) > 544:
        argument, sizes = 15, [132] * 4
    body = b"".join(section(dice.randbytes(size - 4)) for size in sizes)
    return frame(kind, dice.randrange(256), argument, dice.randrange(65536), body)


def mutated(data: bytes, dice: random.Random) -> bytes:
    """One to three changes: bits, bytes lost, added or doubled, the end cut off."""
    spoiled = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(spoiled) + 1)
        match dice.randrange(5):
            case 0 if at < len(spoiled):
                spoiled[at] ^= 1 << dice.randrange(8)
            case 1:
                del spoiled[at : at + dice.randrange(1, 9)]
            case 2:
                spoiled[at:at] = dice.randbytes(dice.randrange(1, 9))
            case 3:
                spoiled[at:at] = spoiled[at : at + 12]
            case 4 if dice.random() < 0.3:
                del spoiled[at:]
    return bytes(spoiled)


def sequence(dice: random.Random) -> bytes:
    """Up to about 1500 bytes of something."""
    match dice.randrange(4):
        case 0:
            return dice.randbytes(dice.randrange(200))
        case 1:
            starts = (0xA5, 0xA5, 1, 2, 4, 9, 0, dice.randrange(256))
            return bytes(dice.choices(starts, k=dice.randrange(99)))
        case 2:
            return some_frame(dice)[: dice.randrange(600)]
        case _:
            return mutated(b"".join(some_frame(dice) for _ in range(dice.randrange(1, 4))), dice)


def test_find_against_a_second_receiver(tmp_path: Path, bits: int):
    """No exception, nothing outside the buffer, the same frames; a right frame that follows is
    found whatever came before."""
    dice = random.Random(2026)
    last = frame(DATA, 7, 4, 4711, section(bytes(range(128))))
    # Zeros between: the 12 bytes of a header would be a right timing section of a frame cut off.
    cases = [sequence(dice) + bytes(4) + last for _ in range(CASES)]
    file = tmp_path / "sequences"
    file.write_bytes(b"".join(struct.pack("<H", len(case)) + case for case in cases))
    said = succeed("find_frames", file, bits=bits, heap="1M", timeout=300)
    answers = [json.loads(line) for line in said.splitlines()]
    for case, (frames, noise) in zip(cases, answers, strict=True):
        assert [frames, noise] == [*receive(case)], case.hex()
        assert frames[-1] == [DATA, 7, 4, 4711, 0], case.hex()


def test_cycles_against_a_second_receiver(tmp_path: Path, bits: int):
    """The channels of a damaged cycle that are taken are those that the other receiver finds good;
    those of a cycle cut off begin with their numbers."""
    dice = random.Random(2027)
    cycle = fuzz.clean_cycle(5)
    cases = [cycle, *(fuzz.mutated(cycle, dice) for _ in range(300))]
    cases += [cycle[: dice.randrange(len(cycle))] for _ in range(50)]
    cases = [case[: len(cycle) + 64] for case in cases]  # what the buffer holds
    channels = iter(range(3, 31))
    named = [[fuzz.HEAD, [0, 1, 2]]]
    named += [[hub, [next(channels) for _ in range(4)]] for hub in fuzz.HUBS]
    file = tmp_path / "cycles"
    file.write_bytes(b"".join(struct.pack("<H", len(case)) + case for case in cases))
    said = succeed("receive_cycles", file, given=named, bits=bits, heap="1M", timeout=300)
    answers = [json.loads(line) for line in said.splitlines()]
    for case, (there, noise, wrong) in zip(cases, answers, strict=True):
        frames, expected_noise = receive(case)
        expected = set()
        for kind, address, argument, block, bad in frames:
            if kind != DATA or not 1 <= address <= len(named) or block != 5:
                continue
            bad >>= argument >> 4 & 1
            inputs = [c for c in range(4) if argument >> c & 1]
            for k, c in enumerate(inputs):
                if not bad >> k & 1 and c < len(named[address - 1][1]):
                    expected.add(named[address - 1][1][c])
        assert (set(there), noise) == (expected, expected_noise), case.hex()
        assert not wrong or not cycle.startswith(case)
    assert answers[0][0] == list(range(31))


def test_a_driver_that_is_late_costs_nothing(tmp_path: Path, bits: int):
    """A cycle that comes in pieces is whole, also where one ends between two frames."""
    dice = random.Random(5)
    cycle = fuzz.clean_cycle(5)
    ends = list(range(1, len(cycle)))
    between = len(cycle) - 540  # the last frame is a hub's of four channels
    cases = [[at] for at in (ends[-1], len(cycle) - 3, len(cycle) - 597, between)]
    cases += [_spaced(dice, ends) for _ in range(60)]
    channels = iter(range(3, 31))
    named = [[fuzz.HEAD, [0, 1, 2]]]
    named += [[hub, [next(channels) for _ in range(4)]] for hub in fuzz.HUBS]
    file = tmp_path / "cycle"
    file.write_bytes(cycle)
    given = {"named": named, "cases": cases}
    said = succeed("receive_pieces", file, given=given, bits=bits, heap="1M", timeout=300)
    for case, line in zip(cases, said.splitlines(), strict=True):
        assert json.loads(line) == [len(case), [], 0, True], case


def _spaced(dice: random.Random, ends: list[int]) -> list[int]:
    """Up to five ends of pieces of at most 600 bytes, but for the first piece."""
    at = dice.choice([end for end in ends if end > ends[-1] - 2500])
    cuts = [at]
    while len(cuts) < 5 and ends[-1] + 1 - cuts[-1] > 600:
        cuts.append(dice.choice([end for end in ends if cuts[-1] < end <= cuts[-1] + 600]))
    return cuts if ends[-1] + 1 - cuts[-1] <= 600 else [ends[-1] - 500]
