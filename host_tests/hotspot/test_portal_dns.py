"""The hotspot's name server, asked by dnspython and by dig."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from hotspot import HOST, Hotspot

NAMES = (
    "connectivitycheck.gstatic.com",
    "captive.apple.com",
    "www.msftconnecttest.com",
    "detectportal.firefox.com",
    "gateway",
    "xn--bcher-kva.example",
    ".".join(["a" * 63] * 3 + ["b" * 59]),
)


@pytest.fixture(scope="module")
def hotspot(tmp_path_factory):
    with Hotspot(tmp_path_factory.mktemp("hotspot")) as started:
        yield started


def ask(hotspot: Hotspot, query: dns.message.Message) -> dns.message.Message:
    """The reply; dnspython checks that it belongs to the query and is whole."""
    return dns.query.udp(query, HOST, timeout=10, port=hotspot.dns_port, raise_on_truncation=True)


def ask_raw(hotspot: Hotspot, data: bytes, wait: float = 5.0) -> bytes | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.settimeout(wait)
        line.sendto(data, (HOST, hotspot.dns_port))
        try:
            return line.recv(4096)
        except TimeoutError:
            return None


@pytest.mark.parametrize("edns", [False, 0], ids=["plain", "edns"])
@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_the_gateway(hotspot, name, edns):
    reply = ask(hotspot, dns.message.make_query(name, "A", use_edns=edns))
    assert reply.rcode() == dns.rcode.NOERROR
    (answer,) = reply.answer
    assert [record.address for record in answer] == [HOST]
    assert answer.ttl <= 1
    assert reply.edns == (0 if edns is not False else -1)


@pytest.mark.parametrize(
    "kind", ["AAAA", "HTTPS", "SVCB", "MX", "TXT", "SOA", "NS", "PTR", "CNAME"]
)
def test_other_kinds_have_no_record_and_no_error(hotspot, kind):
    reply = ask(hotspot, dns.message.make_query("captive.apple.com", kind))
    assert reply.rcode() == dns.rcode.NOERROR
    assert not reply.answer and not reply.authority


def test_edns_as_resolvers_send_it(hotspot):
    query = dns.message.make_query("Example.COM", "A", use_edns=0, payload=4096, want_dnssec=True)
    query.use_edns(0, options=[dns.edns.GenericOption(10, bytes(8))])  # a cookie
    reply = ask(hotspot, query)
    assert reply.answer and reply.edns == 0
    assert reply.question[0].name.to_text() == "Example.COM."  # as it was written
    query = dns.message.make_query("example.com", "A", use_edns=1)
    reply = ask(hotspot, query)
    assert reply.rcode() == dns.rcode.BADVERS and not reply.answer


def test_what_is_no_query_for_a_name(hotspot):
    query = dns.message.make_query("example.com", "A")
    query.set_opcode(dns.opcode.UPDATE)
    assert dns.message.from_wire(ask_raw(hotspot, query.to_wire())[:12]).rcode() == 4
    two = bytearray(dns.message.make_query("example.com", "A").to_wire())
    two[5] = 2
    assert ask_raw(hotspot, bytes(two))[3] & 15 == dns.rcode.FORMERR


def test_damaged_packets_are_dropped_and_the_server_goes_on(hotspot):
    good = dns.message.make_query("example.com", "A", use_edns=0).to_wire()
    reply = bytearray(good)
    reply[2] |= 0x80
    loop = good[:12] + b"\xc0\x0c\x00\x01\x00\x01"
    for data in (
        b"",
        b"\0" * 11,
        bytes(reply),
        good[:20],
        loop,
        good[:12] + b"\x40" * 40,
        good[:-3],
    ):
        assert ask_raw(hotspot, data, 0.1) is None
    dice = random.Random(6)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for _ in range(20):
            for _ in range(15):  # few enough for the socket's buffer
                line.sendto(dice.randbytes(dice.randrange(600)), (HOST, hotspot.dns_port))
            assert ask(hotspot, dns.message.make_query("example.com", "A")).answer
    assert "Traceback" not in hotspot.output


def test_dig_has_no_complaint(hotspot):
    dig = shutil.which("dig")
    if dig is None:
        pytest.skip("no dig: as root `apt-get install bind9-dnsutils`")
    command = [dig, f"@{HOST}", "-p", str(hotspot.dns_port), "+tries=1", "captive.apple.com", "A"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "status: NOERROR" in done.stdout
    assert f"captive.apple.com.\t1\tIN\tA\t{HOST}" in done.stdout
    assert "WARNING" not in done.stdout + done.stderr
