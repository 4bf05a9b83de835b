"""Random and mutated bytes for what listens while the gateway is provisioned: HTTP requests, name
queries and Improv's packets, in the 32-bit interpreter (device/fuzz_portal.py).

Well-formed ones are made here from RFC 9112, RFC 1035 and Improv's standard. The same seed gives
the same bytes.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from gateway_host import portal_pages
from gateway_host.fuzz.a_bus import Outcome, feed, mutated
from gateway_host.session import MODULE_PATH, ROOT

SCRIPT = ROOT / "tools" / "gateway_host" / "device" / "fuzz_portal.py"
_COUNTS = ("served", "refused", "unfinished", "answered", "commands")
_PATHS = (b"/", b"/join", b"/scan", b"/state", b"/generate_204", b"/wpad.dat", b"/?x=1", b"//")
_FIELDS = (
    b"Host: 4.3.2.1",
    b"Host: captive.apple.com",
    b"Accept-Language: nl-BE,nl;q=0.9,en;q=0.5",
    b"Accept-Language: de;q=,fr;q=1e9,*;q=nan",
    b"Content-Type: application/x-www-form-urlencoded",
    b"Content-Length: 0",
    b"Transfer-Encoding: chunked",
    b"Cookie: " + b"c" * 700,
    b"X-Y: z",
)
_FORMS = (
    b"token=0123456789abcdef&ssid=Woning_5&key=Geheim%21123",
    b"token=0123456789abcdef&ssid=&other=%C3%A9+%FF&key=k",
    b"token=0&ssid=%&key=%zz&&=&==",
    b"",
)


def request(dice: random.Random) -> bytes:
    """An HTTP request, mostly a right one."""
    method = dice.choice((b"GET", b"GET", b"POST", b"POST", b"HEAD", b"PUT"))
    version = dice.choice((b"HTTP/1.1",) * 6 + (b"HTTP/1.0", b"HTTP/2", b"http/1.1"))
    lines = [b" ".join((method, dice.choice(_PATHS), version))]
    lines += dice.sample(_FIELDS, dice.randrange(len(_FIELDS)))
    body = dice.choice((*_FORMS, b"x" * 600)) if method == b"POST" else b""
    if method == b"POST":
        lines += [_FIELDS[0], _FIELDS[4]] if dice.random() < 0.7 else []
        lines.append(b"Content-Length: %d" % (len(body) + dice.choice((0, 0, 0, 1, 600))))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def query(dice: random.Random) -> bytes:
    """A DNS query, mostly a right one."""
    labels = [dice.randbytes(dice.choice((1, 3, 9, 63))) for _ in range(dice.randrange(6))]
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    kind, family = dice.choice((1, 1, 28, 65, 255)), dice.choice((1, 1, 1, 255, 3))
    extended = dice.random() < 0.5
    head = struct.pack(">6H", dice.randrange(65536), 0x0100, 1, 0, 0, extended)
    options = dice.randbytes(dice.randrange(20))
    record = b"\0" + struct.pack(">HHIH", 41, 1232, dice.choice((0, 0, 1 << 16)), len(options))
    question = name + struct.pack(">HH", kind, family)
    return head + question + (record + options if extended else b"")


def command(dice: random.Random) -> bytes:
    """An Improv packet, mostly a right one."""
    data = dice.randbytes(dice.randrange(40))
    content = bytes([dice.randrange(1, 8), len(data)]) + data
    packet = b"IMPROV\x01\x03" + bytes([len(content)]) + content
    return packet + bytes([sum(packet) & 255])


def sequences(count: int, seed: int) -> Iterator[bytes]:
    """So many sequences, each with its kind before it: six of ten HTTP, three DNS, one Improv."""
    dice = random.Random(seed)
    makers = ((b"H", request),) * 6 + ((b"D", query),) * 3 + ((b"I", command),)
    for _ in range(count):
        kind, maker = dice.choice(makers)
        way = dice.random()
        if way < 0.1:
            yield kind + dice.randbytes(dice.randrange(600))
        else:
            data = maker(dice)
            yield kind + (data if way < 0.3 else mutated(data, dice))


def least_of_last(heaps: list[tuple[int, int]]) -> int | None:
    """Growth of the heap: the collector takes what lies on the stack for pointers, so that one
    figure says little."""
    return min(heap for _, heap in heaps[-3:]) - heaps[0][1] if len(heaps) > 3 else None


def run(count: int, seed: int = 1, bits: int = 32) -> Outcome:
    """Feed `count` sequences to the interpreter of that word size. UserError when there is
    none."""
    portal_pages.make()
    path = [*MODULE_PATH, portal_pages.MADE]
    return feed(SCRIPT, sequences(count, seed), count, bits, _COUNTS, path, least_of_last)
