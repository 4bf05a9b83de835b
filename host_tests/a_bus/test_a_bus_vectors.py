"""The firmware's frames against the vectors of docs/a-bus.md section 9, in the interpreter."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from a_bus_check import check_of
from gateway_host.session import ROOT
from in_interpreter import succeed

# Vector: kind, address, argument, block, length of the body.
FRAMES = {
    "poll": (1, 255, 3, 513, 0),
    "repeat": (3, 2, 0b1010, 65535, 0),
    "nodata": (4, 4, 2, 512, 0),
    "nodata_head": (4, 1, 0x12, 0, 12),
    "assign": (5, 255, 0, 0, 20),
    "info": (6, 2, 0, 0, 20),
    "query": (7, 2, 0, 0, 0),
    "status": (8, 2, 0, 0, 28),
    "identify": (9, 2, 4, 30, 0),
    "search": (10, 255, 16, 150, 12),
    "found": (11, 0, 2, 0, 24),
    "assign_found": (5, 255, 0, 0, 20),
    "data_one": (2, 2, 4, 513, 132),
    "data_head": (2, 1, 0x17, 513, 408),
}


def vectors() -> dict[str, bytes]:
    """The vectors of the document by their names."""
    text = (ROOT / "docs" / "a-bus.md").read_text(encoding="utf-8").split("## 9.")[1]
    found = re.findall(r"^`(\w+)`:.+(?:\n.+)*\n\n((?:    [0-9a-f ]+\n)+)", text, re.M)
    return {name: bytes.fromhex(lines) for name, lines in found}


@pytest.fixture
def ask(tmp_path: Path, bits: int):
    """A function that puts questions to a_bus.frame in the interpreter."""

    def answers(questions: list) -> list:
        file = tmp_path / "questions"
        file.write_text("".join(json.dumps(question) + "\n" for question in questions))
        said = succeed("ask_a_bus_frame", file, bits=bits, heap="2M", timeout=300)
        return [json.loads(line) for line in said.splitlines()]

    return answers


def test_all_vectors_are_there():
    assert set(vectors()) == set(FRAMES)


def test_found(ask):
    """Each vector, at every alignment and with noise around it, is found with its fields."""
    all_vectors = vectors()
    questions, expected = [], []
    for name, (kind, address, argument, block, size) in FRAMES.items():
        for lead in range(5):
            data = b"\x00\xa5\x5a\x01\xff"[:lead] + all_vectors[name] + b"\x00" * 3
            questions.append(("find", [data.hex()]))
            body = all_vectors[name][12 : 12 + size].hex()
            expected.append([[kind, address, argument, block, 0, body]])
    assert [answer[0] for answer in ask(questions)] == expected


def test_damage_costs_its_section(ask):
    """A flipped bit in a section marks that section and no other; in the header, the frame."""
    data = vectors()["data_head"]
    questions = []
    flips = [(place, 1 << (place % 8)) for place in range(len(data))]
    for place, bit in flips:
        damaged = bytearray(data)
        damaged[place] ^= bit
        questions.append(("find", [damaged.hex()]))
    for (place, _), (frames, _) in zip(flips, ask(questions), strict=True):
        if place < 12:
            assert frames == []
        else:
            section = 0 if place < 24 else 1 + (place - 24) // 132
            assert [frame[4] for frame in frames] == [1 << section]


def test_encoded(ask):
    """What the gateway sends, byte for byte."""
    wanted = vectors()
    names = ["poll", "repeat", "query", "identify"]
    questions = [("encode", FRAMES[name][:4]) for name in names]
    questions.append(("assign", ["5500000190", 2, 3, 1470]))
    assert ask(questions) == [wanted[name].hex() for name in [*names, "assign"]]


def test_random_bodies(ask):
    """Sections of random bytes with right checks are found right."""
    chance = random.Random(7)
    questions, expected = [], []
    for _ in range(50):
        mask = chance.randrange(1, 16)
        sections = [chance.randbytes(128) for _ in range(mask.bit_count())]
        body = b"".join(s + check_of(s).to_bytes(4, "little") for s in sections)
        header = bytes([0xA5, 2, 9, mask]) + chance.randbytes(2) + len(body).to_bytes(2, "little")
        data = header + check_of(header).to_bytes(4, "little") + body
        questions.append(("find", [data.hex()]))
        block = int.from_bytes(header[4:6], "little")
        expected.append([[2, 9, mask, block, 0, body.hex()]])
    assert [answer[0] for answer in ask(questions)] == expected
