"""boards/common/links.py on a chip that answers as MicroPython's ESP32 port does: a model of
network_wlan.c (1.22 to 1.28) and of what ESP-IDF's guide to its Wi-Fi driver says of events and
reasons."""

from __future__ import annotations

import ipaddress

from esp32_fakes import on_chip

import pytest
from gateway_host.boards import data as board_data

KEY, WRONG = "geheim123", "verkeerd1"
AIR = {  # key, accepted after, address after, reason for a wrong key, which comes after
    "house": (KEY, 700, 1500, 15, 4100),
    "legacy": (KEY, 700, 1500, 204, 4100),
    "strict": (KEY, 700, 1500, 202, 600),
    "failing": (KEY, 700, 1500, 205, 6500),
    "wpa": (KEY, None, None, 211, 2400),
    "full": (KEY, None, None, 5, 1000),
    "slow": (KEY, 4000, 14000, 15, 9000),
    "no dhcp": (KEY, 700, None, 15, 4100),
    "silent": (KEY, None, None, 15, 1000),
}
OK, MISTYPED = "ok", ("hous", KEY)

# Tries one after the other: network, key; the result; its longest time in s.
VECTORS = {
    "as always": [("house", KEY, OK, 3)],
    "a mistyped name": [(*MISTYPED, "not_found", 3), ("house", KEY, OK, 3)],
    "mistyped twice": [(*MISTYPED, "not_found", 3), (*MISTYPED, "not_found", 11)],
    "mistyped, then slow": [(*MISTYPED, "not_found", 3), ("slow", KEY, OK, 20)],
    "mistyped, then no address": [(*MISTYPED, "not_found", 3), ("no dhcp", KEY, "no_address", 17)],
    "mistyped, then wrong": [(*MISTYPED, "not_found", 3), ("house", WRONG, "wrong_password", 5)],
    "wrong, 15": [("house", WRONG, "wrong_password", 5), ("house", KEY, OK, 3)],
    "wrong twice, 15": [("house", WRONG, "wrong_password", 5)] * 2 + [("house", KEY, OK, 3)],
    "wrong, 204": [("legacy", WRONG, "wrong_password", 5), ("legacy", KEY, OK, 3)],
    "wrong, 202": [("strict", WRONG, "wrong_password", 1), ("strict", KEY, OK, 3)],
    "wrong twice, 202": [("strict", WRONG, "wrong_password", 1), ("strict", WRONG, None, 11)],
    "wrong, 205": [("failing", WRONG, "wrong_password", 7), ("house", KEY, OK, 3)],
    "wrong twice, 205": [("failing", WRONG, "wrong_password", 7), ("failing", WRONG, None, 17)],
    "a security that is not taken": [("wpa", WRONG, "failed", 3), ("house", KEY, OK, 3)],
    "refused": [("full", WRONG, "failed", 2), ("full", WRONG, "failed", 2), ("house", KEY, OK, 3)],
    "no address": [("no dhcp", KEY, "no_address", 16.5), ("house", KEY, OK, 3)],
    "no answer": [("silent", KEY, "failed", 11), ("house", KEY, OK, 3)],
    "from one to another": [("house", KEY, OK, 3), ("legacy", KEY, OK, 3), ("house", KEY, OK, 3)],
    "from one to a mistyped": [("house", KEY, OK, 3), (*MISTYPED, "not_found", 3)],
}


def joined(
    tries: list[tuple[str, str]],
    reported_ms: int = 5,
    pause_ms: int = 3000,
    leave_ms: int | None = None,
    busy: bool = False,
) -> list:
    given = {"air": AIR, "tries": tries, "reported_ms": reported_ms, "pause_ms": pause_ms}
    return on_chip("join_networks", given | {"leave_ms": leave_ms, "busy": busy})


@pytest.mark.parametrize("reported_ms", [5, 250])
@pytest.mark.parametrize("tries", VECTORS.values(), ids=VECTORS)
def test_how_joining_ends(tries, reported_ms):
    """reported_ms: until the chip has reported that the station has left."""
    reported = joined([one[:2] for one in tries], reported_ms)
    for (ssid, _, expected, longest), (result, took, network) in zip(tries, reported, strict=True):
        assert result == (expected or "wrong_password") and took <= longest, reported
        assert network == (ssid if result == "ok" else None), reported


@pytest.mark.parametrize("reported_ms", [5, 250])
@pytest.mark.parametrize("after_ms", [300, 2000, 8000])
def test_leaving_ends_what_is_being_joined(after_ms, reported_ms):
    """At once, and the next network is joined as always."""
    reported = joined([("no dhcp", KEY), ("house", KEY)], reported_ms, 0, after_ms)
    assert [line[0] for line in reported] == ["failed", OK], reported
    assert reported[0][1] * 1000 <= after_ms + 200 and reported[1][1] <= 3, reported


def test_a_chip_that_does_not_join_is_no_error():
    """An error of connect(), which the driver gives while it is busy."""
    reported = joined([("house", KEY), ("house", KEY)], busy=True)
    assert [result for result, *_ in reported] == ["failed"] * 2


def test_the_hotspot_has_a_public_looking_address():
    """Samsung's phones open no page on a private one (RFC 1918). It is there before any phone is
    given an address, as router and as name server (DHCP, RFC 2132 options 3 and 6)."""
    ip, calls, *_ = on_chip("start_hotspot", {"joined": None})
    address = ipaddress.ip_address(ip)
    assert address.is_global and str(address) == "4.3.2.1" == board_data.hotspot_ip()
    names = [name for name, _ in calls]
    assert names.index("ifconfig") < names.index("active") < names.index("config")
    (own, mask, router, names), *_ = dict(calls)["ifconfig"]
    assert (own, router, names) == (ip, ip, ip)
    assert ipaddress.ip_network(f"{own}/{mask}", strict=False).num_addresses == 256


@pytest.mark.parametrize(
    "own, mask, clash",
    [
        ("4.3.2.9", "255.255.255.0", True),
        ("4.9.9.9", "255.0.0.0", True),
        ("192.168.4.9", "255.255.252.0", False),
    ],
)
def test_the_hotspot_avoids_the_addresses_of_the_network_that_is_joined(own, mask, clash):
    """Else what is meant for the phone goes to that network, and the page is not seen."""
    ip, calls, *_ = on_chip("start_hotspot", {"joined": [own, mask]})
    network = ipaddress.ip_network(f"{own}/{mask}", strict=False)
    assert ipaddress.ip_address(ip).is_global and ipaddress.ip_address(ip) not in network
    assert (ip == "4.3.2.1") != clash
    (address, _, router, names), *_ = dict(calls)["ifconfig"]
    assert (address, router, names) == (ip, ip, ip)


def test_who_is_on_the_hotspot():
    """A phone that it has given an address, and nobody of the network that is joined."""
    senders = ["4.3.2.2", "4.3.2.254", "192.168.1.7", "4.3.3.2"]
    given = {"joined": ["192.168.1.5", "255.255.255.0"], "senders": senders}
    *_, during, behind = on_chip("start_hotspot", given)
    assert during == [True, True, False, False]
    assert not any(behind)
