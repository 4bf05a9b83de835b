"""boards/common/links.py on a chip that answers as MicroPython's ESP32 port does: a model of
network_wlan.c (1.22 to 1.28) and of what ESP-IDF's guide to its Wi-Fi driver says of events and
reasons."""

from __future__ import annotations

import ipaddress
import json

import pytest
from chip import TIME, on_chip
from gateway_host.boards import data as board_data

# The station. `air`: what an access point does with who joins: its key; ms until it has accepted
# us; ms from then until the router gives an address, None for never; the reason of the event when
# the key is wrong, and when it comes. A name that is not in the air is looked for for 2.4 s.
# The driver tells of disconnect() only where the station was connected.
STATION = """
import links
links.time = time_module
AIR = {air}

class Station:
    def __init__(self):
        self.reason = 0
        self.requested = self.has_address = self.connecting = False
        self.associated = None
        self.conf_reconnects = 0
        self.reconnects = 0
        self.attempt = 0

    # What the driver does

    def event(self, ms, function):
        attempt = self.attempt
        later(ms, lambda: attempt == self.attempt and function())

    def accept(self, name, address_ms):
        self.connecting = False
        self.associated = name
        if address_ms is not None:
            self.event(address_ms, self.got_address)

    def fail(self, reason):
        self.attempt += 1
        self.connecting = False
        self.associated = None
        self.disconnected(reason)

    # The port's handlers of events

    def got_address(self):
        self.has_address = True
        self.reason = 0

    def disconnected(self, reason):
        self.reason = reason
        self.has_address = False
        if self.requested:
            self.reconnects += 1
            assert self.conf_reconnects and self.reconnects >= self.conf_reconnects

    # network.WLAN

    def active(self, on):
        pass

    def config(self, reconnects):
        self.conf_reconnects = 0 if reconnects == -1 else reconnects + 1

    def connect(self, ssid, key, *, bssid=None):
        if self.connecting or self.associated:
            raise OSError("Wifi Internal Error")
        self.attempt += 1
        self.connecting = True
        self.reconnects = 0
        self.requested = True
        if ssid not in AIR:
            self.event(2400, lambda: self.fail(201))
            return
        wanted, accept_ms, address_ms, reason, reason_ms = AIR[ssid]
        if accept_ms is not None:
            self.event(accept_ms, lambda: self.accept(ssid, address_ms if key == wanted else None))
        if key != wanted:
            self.event(reason_ms, lambda: self.fail(reason))

    def disconnect(self):
        self.requested = self.connecting = False
        self.attempt += 1
        if self.associated:
            self.associated = None
            later({told_ms}, lambda: self.disconnected(8))

    def isconnected(self):
        return self.has_address

    def status(self, what=None):
        if what == "rssi":
            if not self.associated:
                raise OSError("Wifi Not Connected")
            return -60
        if self.has_address:
            return network.STAT_GOT_IP
        if self.reason in (201, 210, 211, 212):
            return self.reason
        if self.reason in (202, 205):
            return 202
        if self.reason == 8:
            return network.STAT_IDLE
        if self.requested and (not self.conf_reconnects or self.reconnects < self.conf_reconnects):
            return network.STAT_CONNECTING
        return self.reason or network.STAT_IDLE

station = Station()
network.WLAN = lambda kind: station
radio = links.Radio()

async def main():
    told = []
    for ssid, key in json.loads({tries!r}):
        began = passed[0]
        result = await radio.join(ssid, key)
        took = passed[0] - began
        await asyncio.sleep_ms(50)
        told.append([result, took / 1000, station.associated])
        await asyncio.sleep_ms(3000)
    print(json.dumps(told))

asyncio.run(main())
"""
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


@pytest.mark.parametrize("told_ms", [5, 250])
@pytest.mark.parametrize("tries", VECTORS.values(), ids=VECTORS)
def test_how_joining_ends(tries, told_ms):
    """told_ms: until the chip has told that the station has left."""
    asked = json.dumps([one[:2] for one in tries])
    told = on_chip(TIME + STATION.format(air=AIR, told_ms=told_ms, tries=asked))
    for (ssid, _, expected, longest), (result, took, joined) in zip(tries, told, strict=True):
        assert result == (expected or "wrong_password") and took <= longest, told
        assert joined == (ssid if result == "ok" else None), told


@pytest.mark.parametrize("told_ms", [5, 250])
@pytest.mark.parametrize("after_ms", [300, 2000, 8000])
def test_leaving_ends_what_is_being_joined(after_ms, told_ms):
    """At once, and the next network is joined as always."""
    tries = json.dumps([("no dhcp", KEY), ("house", KEY)])
    leave = f"""
    async def leave():
        await asyncio.sleep_ms({after_ms})
        radio.leave()
    asyncio.create_task(leave())
"""
    program = STATION.format(air=AIR, told_ms=told_ms, tries=tries)
    program = program.replace("sleep_ms(3000)", "sleep_ms(0)")
    told = on_chip(TIME + program.replace("    told = []", leave + "    told = []"))
    assert [line[0] for line in told] == ["failed", OK], told
    assert told[0][1] * 1000 <= after_ms + 200 and told[1][1] <= 3, told


def test_a_chip_that_does_not_join_is_no_error():
    """An error of connect(), which the driver gives while it is busy."""
    busy = STATION.format(air=AIR, told_ms=5, tries=json.dumps([("house", KEY), ("house", KEY)]))
    busy = busy.replace("async def main():", "station.connecting = True\nstation.disconnect = (\n"
                        "    lambda: None)\nasync def main():", 1)  # fmt: skip
    assert [result for result, *_ in on_chip(TIME + busy)] == ["failed"] * 2


ACCESS_POINT = """
import links
calls = []

class AccessPoint:
    def __getattr__(self, name):
        def call(*values, **named):
            calls.append([name, values])
        return call

network.AUTH_WPA2_PSK = 3
network.WLAN = lambda kind: AccessPoint() if kind == network.AP_IF else Anything()
radio = links.Radio()
radio.start_hotspot("Gateway-5010000042", "vj4kd8tw")
print(json.dumps([radio.hotspot_ip, calls]))
"""


def test_the_hotspot_has_a_public_looking_address():
    """Samsung's phones open no page on a private one (RFC 1918). It is there before any phone is
    given an address, as router and as name server (DHCP, RFC 2132 options 3 and 6)."""
    ip, calls = on_chip(ACCESS_POINT)
    address = ipaddress.ip_address(ip)
    assert address.is_global and str(address) == "4.3.2.1" == board_data.hotspot_ip()
    names = [name for name, _ in calls]
    assert names.index("ifconfig") < names.index("active") < names.index("config")
    (own, mask, router, names), *_ = dict(calls)["ifconfig"]
    assert (own, router, names) == (ip, ip, ip)
    assert ipaddress.ip_network(f"{own}/{mask}", strict=False).num_addresses == 256


BESIDE = """
class Joined:
    def isconnected(self):
        return True
    def ifconfig(self):
        return ("{own}", "{mask}", "{own}", "{own}")
    def __getattr__(self, name):
        return lambda *values, **named: None

network.WLAN = lambda kind: AccessPoint() if kind == network.AP_IF else Joined()
radio = links.Radio()
radio.start_hotspot("Gateway-5010000042", "vj4kd8tw")
"""


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
    begin, end = ACCESS_POINT.split("network.WLAN = ")
    program = begin + BESIDE.format(own=own, mask=mask) + end[end.index("print(") :]
    ip, calls = on_chip(program)
    network = ipaddress.ip_network(f"{own}/{mask}", strict=False)
    assert ipaddress.ip_address(ip).is_global and ipaddress.ip_address(ip) not in network
    assert (ip == "4.3.2.1") != clash
    (address, _, router, names), *_ = dict(calls)["ifconfig"]
    assert (address, router, names) == (ip, ip, ip)
