"""net/resolve.py in both interpreters against a name server of the test's own, whose packets
are made from RFC 1035 by hand."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest
from gateway_host.broker import HOST
from in_interpreter import succeed
from running_gateway import need

ADDRESS = "192.0.2.17"
A, CNAME, TXT, AAAA = 1, 5, 16, 28
QUESTION = b"\xc0\x0c"  # a pointer to the question's name, at octet 12


def name_of(query: bytes) -> str:
    """The name that is asked for; checks the whole query against RFC 1035 section 4.1."""
    _, flags, *counts = struct.unpack_from(">6H", query)
    assert flags == 0x0100  # a standard query, recursion desired
    assert counts == [1, 0, 0, 0]
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode())
        at += 1 + query[at]
    assert query[at + 1 :] == b"\x00\x01\x00\x01"  # QTYPE A, QCLASS IN
    return ".".join(labels)


def record(kind: int, data: bytes, name: bytes = QUESTION) -> bytes:
    """A resource record with a time to live of a minute, section 4.1.3."""
    return name + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def written(name: str) -> bytes:
    return b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\0"


def reply(query: bytes, *records: bytes, code: int = 0, flags: int = 0x8180) -> bytes:
    """A reply to the query, its question repeated."""
    head = query[:2] + struct.pack(">5H", flags | code, 1, len(records), 0, 0)
    return head + query[12:] + b"".join(records)


RIGHT = record(A, socket.inet_aton(ADDRESS))


def other_number(query: bytes) -> bytes:
    """The number of a query that was never sent."""
    return bytes([query[0] ^ 0xFF]) + reply(query, RIGHT)[1:]


# A name, what the server answers to the first, second, third query (None: nothing), the address.
ANSWERS: list[tuple[str, list[Callable[[bytes], bytes] | None], str | None]] = [
    ("a.example", [lambda q: reply(q, RIGHT)], ADDRESS),
    ("alias.example",
     [lambda q: reply(q, record(CNAME, written("real.example")),
                      record(A, socket.inet_aton(ADDRESS), written("real.example")))], ADDRESS),
    # As section 4.1.4 compresses: labels, then a pointer into the question.
    ("compressed.example",
     [lambda q: reply(q, record(CNAME, b"\x01x" + b"\xc0\x17"),
                      record(A, socket.inet_aton(ADDRESS), b"\x01x\xc0\x17"))], ADDRESS),
    ("mixed.example",
     [lambda q: reply(q, record(TXT, b"\x05hello"), record(AAAA, bytes(16)), RIGHT)], ADDRESS),
    ("two.example", [lambda q: reply(q, RIGHT, record(A, b"\x09\x09\x09\x09"))], ADDRESS),
    ("first-is-lost.example", [None, lambda q: reply(q, RIGHT)], ADDRESS),
    ("third-time.example", [None, None, lambda q: reply(q, RIGHT)], ADDRESS),
    ("servfail-once.example", [lambda q: reply(q, code=2), lambda q: reply(q, RIGHT)], ADDRESS),
    ("wrong-number-once.example", [other_number, lambda q: reply(q, RIGHT)], ADDRESS),
    ("servfail.example", [lambda q: reply(q, code=2)] * 3, None),
    ("nxdomain.example", [lambda q: reply(q, code=3)] * 3, None),
    ("wrong-number.example", [other_number] * 3, None),
    ("only-an-alias.example",
     [lambda q: reply(q, record(CNAME, written("real.example")))] * 3, None),
    ("only-ipv6.example", [lambda q: reply(q, record(AAAA, bytes(16)))] * 3, None),
    ("nothing.example", [lambda q: reply(q)] * 3, None),
    ("silent.example", [None] * 3, None),
    ("empty.example", [lambda q: b""] * 3, None),
    ("short.example", [lambda q: q[:7]] * 3, None),
    ("wrong-length.example", [lambda q: reply(q, record(A, b"\1\2\3"))] * 3, None),
    ("truncated.example", [lambda q: reply(q, flags=0x8380)] * 3, None),
    ("counts-that-lie.example",
     [lambda q: q[:2] + b"\x81\x80\xff\xff\xff\xff\0\0\0\0" + q[12:]] * 3, None),
    # Our own question is no answer, whatever it pretends.
    ("echo.example", [lambda q: q] * 3, None),
]  # fmt: skip
# Cut off anywhere: never an address, never an exception that stops the gateway.
LENGTH = len(reply(b"\0\0" + bytes(10) + written("cut-10.example") + b"\0\1\0\1", RIGHT))
for n in range(10, LENGTH, 3):
    ANSWERS.append((f"cut-{n}.example", [lambda q, n=n: reply(q, RIGHT)[:n]] * 3, None))


@contextlib.contextmanager
def name_server() -> Iterator[tuple[int, list[str], list[Exception]]]:
    """(port, the names that were asked for, what was wrong with queries)."""
    asked: list[str] = []
    wrong: list[Exception] = []
    plan = {name: list(answers) for name, answers, _ in ANSWERS}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((HOST, 0))

        def serve() -> None:
            while True:
                query, client = server.recvfrom(512)
                if not query:  # the end
                    return
                try:
                    name = name_of(query)
                    asked.append(name)
                    answer = plan[name].pop(0) if plan[name] else None
                    if answer:
                        server.sendto(answer(query), client)
                except Exception as error:
                    wrong.append(error)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1], asked, wrong
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(b"", server.getsockname())
        thread.join()


@pytest.fixture(scope="module", params=[32, 64], ids=["32-bit", "64-bit"])
def looked_up(request: pytest.FixtureRequest) -> tuple[dict, list[str], list[Exception]]:
    """Name -> (answer, turns of another task), the names asked for, wrong queries."""
    need(request.param)
    names = [name for name, _, _ in ANSWERS]
    with name_server() as (port, asked, wrong):
        said = succeed("resolve_names", str(port), given=names, bits=request.param)
    lines = [json.loads(line) for line in said.splitlines()]
    return dict(zip(names, lines, strict=True)), asked, wrong


def test_answers(looked_up):
    results, _, _ = looked_up
    for name, _, address in ANSWERS:
        assert results[name][0] == (address or f"no address for {name}")


def test_three_tries_and_no_more(looked_up):
    _, asked, wrong = looked_up
    assert wrong == []
    for name, answers, _ in ANSWERS:
        assert asked.count(name) == len(answers), name


def test_other_tasks_run_while_the_name_server_keeps_silent(looked_up):
    results, _, _ = looked_up
    assert results["silent.example"][1] >= 20  # 0.6 s, a turn each ms


def test_an_address_is_not_looked_up(bits):
    addresses = ["192.0.2.1", "10.0.0.255"]
    assert succeed("resolve_addresses", *addresses, bits=bits).split() == addresses


def test_a_name_server_that_refuses(bits):
    """No one listens on its port: the kernel says so at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    said = succeed("resolve_names", str(port), given=["a.example"], bits=bits)
    assert json.loads(said)[0] == "no address for a.example"
