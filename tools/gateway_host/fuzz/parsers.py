"""The parsers that an outsider reaches (docs/fuzzing.md), in the 32-bit MicroPython interpreter:
each gets its corpus, then what becomes of it by random changes (device/fuzz_parser.py). The same
seed gives the same bytes.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway_host import portal_pages
from gateway_host.fuzz import corpus
from gateway_host.fuzz.a_bus import Outcome, feed, mutated
from gateway_host.session import MODULE_PATH, ROOT

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "fuzz_parser.py"
PATH = (*MODULE_PATH, portal_pages.MADE, ROOT / "boards" / "common")
_MEMORY = Path("/dev/shm")  # of files that are written for each sequence
END = 0xFFFF
_STALE = 512  # bytes that words left on the stack keep, now and then


@dataclass(frozen=True)
class Parser:
    """room: bytes of heap that it is left with; tokens: what its inputs are made of; longest:
    bytes of an input; text: whether it is one, so that bytes beyond ASCII are seldom."""

    room: int = 24_000
    longest: int = 2000
    tokens: Sequence[bytes] = ()
    text: bool = False


_JSON = (
    b"{", b"}", b"[", b"]", b":", b",", b"null", b"true", b"-1", b"1e999", b'"\\ud800"', b'""',
    b"[]", b"{}", b"0.5", b"4294967296", b'"\xc3\xa9"', b"99999999999999999999",
)  # fmt: skip
PARSERS = {
    "http": Parser(room=128_000, tokens=(b"\r\n", b" ", b": ", b"%", b"Host: 4.3.2.1\r\n", b"q=")),
    "form": Parser(tokens=(b"&", b"=", b"%", b"+", b"token=0123456789abcdef&", b"%ff")),
    "dns": Parser(longest=400, tokens=(b"\x00", b"\xc0\x0c", b"\x3f", b"\x00\x00\x29")),
    "resolve": Parser(longest=600, tokens=(b"\xc0\x0c", b"\x00\x01\x00\x01", b"\x00\x04")),
    "improv": Parser(tokens=(b"IMPROV\x01\x03", b"\x01", b"\xff")),
    "mqtt": Parser(longest=3000, tokens=(b"\x30", b"\x90\x03", b"\xff\xff\xff\x7f", b"\x82")),
    "commands": Parser(room=120_000, longest=24_000, tokens=_JSON, text=True),
    "site": Parser(room=150_000, longest=8000, tokens=_JSON, text=True),
    "settings": Parser(room=150_000, longest=4000, tokens=_JSON, text=True),
    "zone": Parser(longest=80, tokens=(b",M3.5.0", b"/-167", b"J60", b"<+03>", b":59"), text=True),
    "certificate": Parser(longest=3000, tokens=(b"\x30\x82", b"\xff", b"\x17\x0d", b"\x80")),
    "profile": Parser(room=150_000, longest=4000, tokens=_JSON, text=True),
    "manifest": Parser(room=64_000, tokens=_JSON, text=True),
    "container": Parser(room=48_000, tokens=(b"GWP1", b"\xff\xff\xff\xff", b"\x00\x00")),
    "answer": Parser(room=48_000, longest=6000, tokens=(b"\r\n", b"Location: ", b"HTTP/1.1 200 ")),
    "chunk": Parser(room=64_000, longest=3000, tokens=(b"\xff" * 8, b"\x80" * 16, b"J1")),
    "journal": Parser(room=48_000, longest=600, tokens=(b"J1", b"\xff" * 4, b"\x00" * 4)),
    "durable": Parser(longest=300, tokens=(b"DUR1", b"\xff" * 4, b"\x00" * 4)),
    "feed": Parser(longest=1500, tokens=(b"EGS1", b"\x01\x00", b"\xff" * 8, b"5010000042")),
    "history": Parser(room=40_000, longest=1024, tokens=(b"\x01\x00\x02\x00", b"\x10\xff")),
    "modbus": Parser(longest=300, tokens=(b"\xff\xff", b"\x7f\x80\x00\x00", b"\x15\x22")),
    "modem": Parser(room=48_000, longest=6000, tokens=(b"OK\r", b"+CSQ: ", b"CONNECT", b"READY")),
}  # fmt: skip


def sequences(parser: str, inputs: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many inputs: the corpus as it is, then changed, joined and cut."""
    about = PARSERS[parser]
    dice = random.Random(seed)
    for k in range(count):
        yield inputs[k] if k < len(inputs) else _changed(dice, inputs, about)[: about.longest]


def _changed(dice: random.Random, inputs: Sequence[bytes], about: Parser) -> bytes:
    data = dice.choice(inputs)
    way = dice.random()
    if way < 0.03:
        return dice.randbytes(dice.randrange(min(about.longest, 300)))
    if way < 0.15:  # the beginning of one and the end of another
        other = dice.choice(inputs)
        data = data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]
    if way < 0.55:
        for _ in range(dice.randrange(1, 4)):
            at = dice.randrange(len(data) + 1)
            size = dice.choice((0, 0, 1, 2, 4, 8))
            data = data[:at] + dice.choice(about.tokens or (b"\0",)) + data[at + size :]
    if not 0.5 < way < 0.55:
        data = mutated(data, dice)
    return bytes(byte & 127 for byte in data) if about.text and way < 0.9 else data


def run(parser: str, count: int, seed: int = 1, bits: int = 32) -> Outcome:
    """Feed `count` sequences to a parser of the interpreter with that word size. UserError when
    there is no interpreter."""
    inputs = list(corpus.read(parser).values())
    return replay(parser, sequences(parser, inputs, count, seed), count, bits)


def replay(parser: str, inputs: Iterator[bytes], count: int, bits: int = 32) -> Outcome:
    """Feed these to it, of which there are so many."""
    portal_pages.make()
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=place) as folder:
        return feed(
            SCRIPT,
            inputs,
            count,
            bits,
            (),
            PATH,
            _least_growth,
            (parser, str(PARSERS[parser].room)),
            folder,
            END.to_bytes(2, "little"),
        )


def _least_growth(heaps: list[tuple[int, int]]) -> int | None:
    """Growth of the heap: the collector takes what lies on the stack for pointers, so that one
    figure says little."""
    if len(heaps) < 3:
        return None
    half = len(heaps) // 2
    growth = min(used for _, used in heaps[half:]) - min(used for _, used in heaps[:half])
    return max(0, growth) if growth > _STALE else 0
