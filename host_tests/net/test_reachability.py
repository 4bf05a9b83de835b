"""Where a link leads, with real servers on this machine: names, a web server, the cloud."""

from __future__ import annotations

import contextlib
import http.server
import ipaddress
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
from in_interpreter import succeed
from running_gateway import free_port

HOST = "127.0.0.1"


ROUTER, ELSEWHERE = "10.9.8.1", "203.0.113.9"  # RFC 5737: nobody's


@contextlib.contextmanager
def names(known: bool, address: str = ELSEWHERE, **others: str | None) -> Iterator[int]:
    """A name server that knows every name as this address, or none; others: the address of names
    that begin so, None: it knows none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((HOST, 0))

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    query, client = line.recvfrom(512)
                    first = query[13 : 13 + query[12]].decode()
                    here = others.get(first, address if known else None)
                    flags = 0x8180 if here else 0x8183  # NXDOMAIN
                    head = query[:2] + struct.pack(">HHHHH", flags, 1, int(bool(here)), 0, 0)
                    record = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4)
                    record += socket.inet_aton(here or "0.0.0.0")
                    line.sendto(head + query[12:] + (record if here else b""), client)

        threading.Thread(target=serve, daemon=True).start()
        yield line.getsockname()[1]


@contextlib.contextmanager
def web(status: int) -> Iterator[int]:
    """A web server that answers everything with that status, as a probe's or a portal's."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/generate_204" and self.headers["Host"] == "probe.example"
            self.send_response(status)
            self.send_header("Location", "http://hotel.example/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer((HOST, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@contextlib.contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as line:
        line.bind((HOST, 0))
        line.listen()
        yield line.getsockname()[1]


@contextlib.contextmanager
def saying(answer: bytes) -> Iterator[int]:
    """A server that takes what is asked, says this and closes the connection."""
    with socket.create_server((HOST, 0)) as line:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = line.accept()
                    with client:
                        client.recv(1000)
                        client.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield line.getsockname()[1]


# known names; the probe's status, None: nobody there, "none": no probe; the cloud's port is open
# -> where it leads.
CASES = [
    (True, 204, True, "ok"),
    (True, "none", True, "ok"),
    (True, 204, False, "no_cloud"),
    (True, "none", False, "no_cloud"),
    (True, 302, True, "captive"),
    (True, 302, False, "captive"),
    (True, 200, False, "captive"),
    (True, 511, False, "captive"),  # RFC 6585: network authentication required
    (True, None, False, "no_internet"),
    (True, None, True, "ok"),  # a broker in the house, without internet
    (False, 204, True, "no_dns"),
]


@pytest.mark.parametrize("known, status, is_open, where", CASES)
def test_where_a_link_leads(known, status, is_open, where):
    with contextlib.ExitStack() as stack:
        dns = stack.enter_context(names(known))
        port = stack.enter_context(web(status)) if isinstance(status, int) else free_port()
        cloud = stack.enter_context(listening()) if is_open else free_port()
        task = {
            "dns": dns,
            "cloud": ["cloud.example", cloud],
            "probe": None if status == "none" else ["probe.example", port],
            "lies": True,
        }
        said = succeed("check_reachability", given=task)
    assert said.strip() == where


@pytest.mark.parametrize("status, where", [(204, "ok"), (302, "captive"), (None, "no_internet")])
def test_without_a_cloud(status, where):
    with contextlib.ExitStack() as stack:
        dns = stack.enter_context(names(True))
        port = stack.enter_context(web(status)) if status else free_port()
        task = {"dns": dns, "cloud": None, "probe": ["probe.example", port], "lies": True}
        said = succeed("check_reachability", given=task)
    assert said.strip() == where


@pytest.mark.parametrize(
    "answer, where",
    [
        (b"", "no_internet"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "no_internet"),
        (b"220 router ready\r\n", "no_internet"),
        (b"HTTP/1.1\r\n\r\n", "no_internet"),
        (b"HTTP/1.1 \r\n\r\n\r\n", "no_internet"),
        (b"A" * 2_000_000, "no_internet"),  # more than the heap holds
        (b"HTTP/1.1 200 " + b"A" * 2_000_000, "captive"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "captive"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "ok"),
    ],
)
def test_what_is_no_http_is_no_portal(answer, where):
    with names(True) as dns, saying(answer) as port:
        task = {"dns": dns, "cloud": None, "probe": ["probe.example", port], "lies": True}
        said = succeed("check_reachability", given=task)
    assert said.strip() == where


def test_a_name_server_that_keeps_silent():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((HOST, 0))
        task = {"dns": line.getsockname()[1], "cloud": ["cloud.example", 1]}
        task |= {"probe": None}
        said = succeed("check_reachability", given=task)
    assert said.strip() == "no_dns"


def head(status: str, *fields: str, body: str = "") -> bytes:
    return "\r\n".join((f"HTTP/1.1 {status}", *fields, "", body)).encode()


LOGIN = head("302 Found", "Location: https://login.hotel.example/?from=1")
SIGN_IN = head("200 OK", "Content-Type: text/html", body="<h1>Sign in</h1>")

# What names lead to; what answers there, None: nobody; whether the cloud's port is open -> where
# it leads. As hotels, routers, filters and proxies are described to answer (RFC 8952, RFC 6585,
# RFC 9110).
KINDS = {
    "a hotel sends to its login": (ELSEWHERE, LOGIN, True, "captive"),
    "a hotel shows its login at once": (ELSEWHERE, SIGN_IN, True, "captive"),
    "a page by the standard": (ELSEWHERE, head("511 Sign in"), False, "captive"),
    "the same of a router": (ROUTER, head("511 Sign in"), False, "captive"),
    "the line is down: every name is the router": (ROUTER, SIGN_IN, False, "router_page"),
    "the line is down: the router sends to itself": (
        ELSEWHERE, head("302 Found", f"Location: http://{ROUTER}/offline.html"), False,
        "router_page",
    ),
    "to another private address": (
        ELSEWHERE, head("307 Moved", "Location: http://172.20.1.1:8080/x"), True, "router_page"
    ),
    "a router without the page": (ROUTER, head("404 Not Found"), False, "router_page"),
    "every name is a private address, nobody there": (ROUTER, None, False, "no_dns"),
    "a filter answers 0.0.0.0": ("0.0.0.0", SIGN_IN, True, "no_dns"),
    "a filter knows no such page": (ELSEWHERE, head("403 Forbidden"), True, "ok"),
    "the same without a cloud behind": (ELSEWHERE, head("403 Forbidden"), False, "no_internet"),
    "a proxy finds nobody": (ELSEWHERE, head("502 Bad Gateway"), False, "no_internet"),
    "a proxy finds nobody in time": (ELSEWHERE, head("504 Gateway Timeout"), False, "no_internet"),
    "an empty answer": (ELSEWHERE, head("200 OK", "Content-Length: 0"), False, "no_internet"),
    "the probe goes to https": (
        ELSEWHERE, head("301 Moved", "Location: https://probe.example/generate_204"), False,
        "no_cloud",
    ),
    "a filter answers this very machine": ("127.0.0.1", None, False, "no_dns"),
    "the internet": (ELSEWHERE, head("204 No Content"), True, "ok"),
}  # fmt: skip


@pytest.mark.parametrize("lies_as, answer, is_open, where", KINDS.values(), ids=KINDS)
def test_what_answers_is_named_by_what_it_is(lies_as, answer, is_open, where):
    with contextlib.ExitStack() as stack:
        port = free_port() if answer is None else stack.enter_context(saying(answer))
        cloud = stack.enter_context(listening()) if is_open else free_port()
        task = {
            "dns": stack.enter_context(names(True, lies_as)),
            "cloud": ["cloud.example", cloud],
            "probe": ["probe.example", port],
            "lies": True,
        }
        said = succeed("check_reachability", given=task)
    assert said.strip() == where


# Where a redirect leads; the address of the name that it has (None: none) -> whose page it is. Of
# the ranges that are nobody's on the internet (RFC 6890) the provider's lies behind the router.
# 192.0.2.1 and 1.1.1.1 are what controllers of guest networks answer at.
TARGETS = [
    (f"http://{ROUTER}/login", None, "router_page"),
    ("http://10.9.8.77:8880/guest/s/default/", None, "router_page"),
    ("http://10.200.0.1/", None, "router_page"),
    ("http://172.16.0.1/", None, "router_page"),
    ("http://172.31.255.1/", None, "router_page"),
    ("http://172.32.0.1/", None, "captive"),
    ("http://192.168.100.1/", None, "router_page"),
    ("http://169.254.1.1/", None, "router_page"),
    ("http://100.64.0.1/login", None, "captive"),
    ("http://100.127.255.254/", None, "captive"),
    ("http://100.128.0.1/", None, "captive"),
    ("https://192.0.2.1/login.html?redirect=probe.example", None, "captive"),
    ("http://1.1.1.1/", None, "captive"),
    ("http://198.18.0.1/", None, "captive"),
    ("http://[fe80::1]/", None, "router_page"),
    ("http://[FD12:3456::1]:8080/", None, "router_page"),
    ("http://[2001:db8::1]/", None, "captive"),
    ("http://named.box/", ROUTER, "router_page"),  # fritz.box, routerlogin.net, ...
    ("HTTP://NAMED.BOX:8080?x", ROUTER, "router_page"),
    ("//named.box/", ROUTER, "router_page"),
    ("http://named.local/", None, "router_page"),
    ("http://named/", None, "router_page"),
    ("https://named.hotel.example/login", ELSEWHERE, "captive"),
    ("https://named.hotel.example/login", "10.0.0.5", "captive"),
    ("https://named.hotel.example/login", "100.64.0.1", "captive"),
    ("/login", None, "captive"),
    ("login.html?to=http://10.9.8.1/", None, "captive"),
]


@pytest.mark.parametrize("location, address, where", TARGETS)
def test_whose_page_a_redirect_leads_to(location, address, where):
    with contextlib.ExitStack() as stack:
        answer = head("302 Found", f"Location: {location}")
        task = {
            "dns": stack.enter_context(names(True, named=address)),
            "cloud": None,
            "probe": ["probe.example", stack.enter_context(saying(answer))],
            "lies": True,
        }
        assert succeed("check_reachability", given=task).strip() == where


# A page at once, from an address that the probe's name leads to.
PAGES = [("100.64.0.1", "captive"), ("192.168.7.1", "router_page"), ("169.254.1.1", "router_page")]


@pytest.mark.parametrize("address, where", PAGES)
def test_whose_page_answers_at_once(address, where):
    with names(True, address) as dns, saying(SIGN_IN) as port:
        task = {"dns": dns, "cloud": None, "probe": ["probe.example", port], "lies": True}
        assert succeed("check_reachability", given=task).strip() == where


# Own address, mask, router, name server; the hotspot's address; whether they clash.
CLASHES = [
    (("192.168.4.7", "255.255.252.0", "192.168.4.1", "192.168.4.1"), "4.3.2.1", False),
    (("192.168.4.7", "255.255.252.0", "192.168.4.1", "192.168.4.1"), "192.168.4.1", True),
    (("192.168.6.9", "255.255.252.0", "192.168.7.1", "192.168.7.1"), "192.168.4.1", True),
    (("4.3.2.7", "255.255.255.0", "4.3.2.254", "4.3.2.254"), "4.3.2.1", True),
    (("4.200.0.7", "255.0.0.0", "4.0.0.1", "4.0.0.1"), "4.3.2.1", True),
    (("4.3.3.7", "255.255.255.0", "4.3.3.1", "4.3.3.1"), "4.3.2.1", False),
    (("10.0.0.7", "255.255.255.0", "10.0.0.1", "4.3.2.1"), "4.3.2.1", True),
    (("4.3.2.7", "255.255.255.0", "4.3.2.1", "4.3.2.1"), None, False),
]


@pytest.mark.parametrize("addresses, hotspot_ip, clash", CLASHES)
def test_a_network_with_the_hotspots_addresses(addresses, hotspot_ip, clash):
    """What the chip sends to them reaches ourselves: our own page would be taken for a hotel's."""
    network = ipaddress.ip_network(f"{addresses[0]}/{addresses[1]}", strict=False)
    inside = hotspot_ip is not None and ipaddress.ip_address(hotspot_ip) in network
    assert clash == (inside or hotspot_ip in addresses[2:])
    given = {"cloud": None, "probe": None, "addresses": addresses, "hotspot_ip": hotspot_ip}
    for bits in (32, 64):
        found = succeed("check_reachability", given=given, bits=bits).strip()
        assert found == ("address_clash" if clash else "ok")
