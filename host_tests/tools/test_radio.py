"""The radio, the cable and the modem of the simulated world, as the firmware uses them
(docs/connection-contracts.md)."""

from __future__ import annotations

import pytest
from gateway_host.sim.radio import SECURITIES, Network, World
from play_in_world import play

BEGIN = """
import asyncio
from on_world import hardware, tell, world
made = hardware()
radio = made.radio

async def main():
"""
END = """
asyncio.run(main())
"""


def run(world, body, tmp_path, **options):
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return play(world, BEGIN + lines + END, tmp_path, **options)


def test_scan_tells_what_is_in_the_air(tmp_path, bits):
    networks = [
        Network(f"net {i}", "" if kind == "open" else "geheim123", kind, -40 - i, 1 + i)
        for i, kind in enumerate(SECURITIES)
    ]
    networks.append(Network("secret", "geheim123", hidden=True, bssid="0a0b0c0d0e0f"))
    networks.append(Network("too far", "geheim123", rssi=-95))
    body = """
for ssid, bssid, channel, rssi, security, hidden in await radio.scan():
    tell(ssid=ssid.decode(), size=len(bssid), at=[channel, rssi, security, hidden])
tell(ms=made.uptime_ms())
"""
    *found, last = run(World(networks), body, tmp_path, bits=bits)
    assert [line["ssid"] for line in found] == [*(f"net {i}" for i in range(6)), ""]
    assert [line["at"][2] for line in found[:6]] == list(SECURITIES)
    assert found[6]["at"] == [6, -55, "wpa2", True]
    assert found[2]["at"] == [3, -42, "wpa", False]
    assert {line["size"] for line in found} == {6}
    assert 1000 < last["ms"] < 4000


def test_the_radio_does_one_thing_at_a_time(tmp_path):
    """A scan beside a scan or a join hears nothing; joining spoils a scan (ESP-IDF,
    esp_wifi_scan_start and esp_wifi_connect: ESP_ERR_WIFI_STATE)."""
    body = """
first = asyncio.create_task(radio.scan())
await asyncio.sleep(1)
tell(heard=[len(await radio.scan()), len(await first)])
joining = asyncio.create_task(radio.join("house", "geheim123"))
await asyncio.sleep(1)
tell(heard=[len(await radio.scan())], joined=await joining)
first = asyncio.create_task(radio.scan())
await asyncio.sleep(1)
tell(joined=await radio.join("house", "geheim123"), heard=[len(await first)])
tell(heard=[len(await radio.scan())])
world(made, "refused", [])
"""
    assert run(World([Network("house", "geheim123")], dhcp_s=2.0), body, tmp_path) == [
        {"heard": [0, 1]},
        {"heard": [0], "joined": "ok"},
        {"heard": [0], "joined": "ok"},
        {"heard": [1]},
    ]


def test_the_hotspot_is_where_the_station_is(tmp_path):
    """It opens on the channel of what is joined: joining that again drops nobody."""
    body = """
await radio.join("house", "geheim123")
radio.start_hotspot("GATEWAY", "vj4kd8tw")
made.a_uart.ask("phone", ("GATEWAY", "vj4kd8tw"))
await radio.join("house", "geheim123")
tell(phone=made.a_uart.ask("phone_is_joined"))
"""
    world = World([Network("house", "geheim123", channel=11)])
    assert run(world, body, tmp_path) == [{"phone": True}]


@pytest.mark.parametrize(
    "ssid, password, dhcp_s, result",
    [
        ("house", "geheim123", 0.0, "ok"),
        ("house", "geheim123", 9.0, "ok"),
        ("house", "geheim123", float("inf"), "no_address"),
        ("house", "geheim124", 0.0, "wrong_password"),
        ("mouse", "geheim123", 0.0, "not_found"),
        ("office", "geheim123", 0.0, "failed"),
        ("hotel", "", 0.0, "ok"),
    ],
)
def test_joining(ssid, password, dhcp_s, result, tmp_path):
    networks = [
        Network("house", "geheim123"),
        Network("office", "geheim123", "enterprise"),
        Network("hotel", "", "open"),
    ]
    body = f"""
result = await radio.join({ssid!r}, {password!r})
tell(result=result, up=radio.connected(), ip=radio.ip(), dbm=radio.dbm())
radio.leave()
tell(up=radio.connected(), ip=radio.ip(), dbm=radio.dbm())
"""
    joined, left = run(World(networks, dhcp_s=dhcp_s), body, tmp_path)
    up = result == "ok"
    assert joined["result"] == result and joined["up"] == up
    assert (joined["ip"], joined["dbm"]) == (("127.0.0.1", -55) if up else (None, None))
    assert left == {"up": False, "ip": None, "dbm": None}


def test_a_bssid_picks_the_access_point(tmp_path):
    near = Network("house", "geheim123", rssi=-48, bssid="020000000001")
    far = Network("house", "geheim123", rssi=-80, bssid="020000000002")
    body = """
tell(result=await radio.join("house", "geheim123"), dbm=radio.dbm())
tell(result=await radio.join("house", "geheim123", bytes.fromhex("020000000002")),
     dbm=radio.dbm())
"""
    assert run(World([far, near]), body, tmp_path) == [
        {"result": "ok", "dbm": -48},
        {"result": "ok", "dbm": -80},
    ]


def test_a_network_that_goes_takes_the_link_with_it(tmp_path):
    body = """
await radio.join("house", "geheim123")
world(made, "rssi house", -95)
tell(up=radio.connected())
world(made, "rssi house", -60)
tell(up=radio.connected(), result=await radio.join("house", "geheim123"))
"""
    gone, back = run(World([Network("house", "geheim123")]), body, tmp_path)
    assert gone == {"up": False}
    assert back == {"up": False, "result": "ok"}  # joining is the firmware's


def test_joining_on_another_channel_drops_the_phone(tmp_path):
    """One radio has one channel: the hotspot moves with the station."""
    world = World([Network("house", "geheim123", channel=11)])
    body = """
radio.start_hotspot("GATEWAY", "vj4kd8tw")
made.a_uart.ask("phone", ("GATEWAY", "wrong"))
tell(phone=made.a_uart.ask("phone_is_joined"))
made.a_uart.ask("phone", ("GATEWAY", "vj4kd8tw"))
tell(phone=made.a_uart.ask("phone_is_joined"))
await radio.join("house", "geheim123")
tell(phone=made.a_uart.ask("phone_is_joined"))
await asyncio.sleep(8)
tell(phone=made.a_uart.ask("phone_is_joined"), up=radio.connected())
radio.stop_hotspot()
tell(phone=made.a_uart.ask("phone_is_joined"), up=radio.connected())
"""
    assert run(world, body, tmp_path) == [
        {"phone": False},
        {"phone": True},
        {"phone": False},
        {"phone": True, "up": True},
        {"phone": False, "up": True},
    ]


def test_the_cable(tmp_path):
    body = """
tell(up=made.ethernet.connected(), plugged=made.ethernet.plugged())
await asyncio.sleep(5)
tell(up=made.ethernet.connected(), ip=made.ethernet.ip())
world(made, "cable", False)
tell(up=made.ethernet.connected(), plugged=made.ethernet.plugged())
"""
    assert run(World(dhcp_s=4.0), body, tmp_path) == [
        {"up": False, "plugged": True},
        {"up": True, "ip": "127.0.0.1"},
        {"up": False, "plugged": False},
    ]


@pytest.mark.parametrize("links", [{"cable": True}, {"cable": False}], ids=["ethernet", "wifi"])
def test_the_routers_list_has_the_gateways_name(links, tmp_path):
    """MicroPython's own name is every board's."""
    body = """
await radio.join("house", "geheim123")
tell(up=[made.ethernet.connected(), radio.connected()])
"""
    world = World([Network("house", "geheim123")], **links)
    run(world, body, tmp_path)
    wanted = {"ethernet", "wifi"} if world.cable else {"wifi"}
    assert world.listed() == dict.fromkeys(wanted, "Gateway-5010000042")
