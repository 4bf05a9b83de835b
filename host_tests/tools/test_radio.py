"""The radio, the cable and the modem of the simulated world, as the firmware uses them
(docs/connection-contracts.md)."""

from __future__ import annotations

import pytest
from gateway_host.sim.radio import SECURITIES, Network, World
from in_interpreter import program
from play_in_world import play


def use(case, world, tmp_path, *texts, **options):
    """What a function of programs/use_links.py reports."""
    return play(world, program("use_links"), tmp_path, arguments=(case, *texts), **options)


def test_a_scan_hears_what_is_in_the_air(tmp_path, bits):
    networks = [
        Network(f"net {i}", "" if kind == "open" else "geheim123", kind, -40 - i, 1 + i)
        for i, kind in enumerate(SECURITIES)
    ]
    networks.append(Network("secret", "geheim123", hidden=True, bssid="0a0b0c0d0e0f"))
    networks.append(Network("too far", "geheim123", rssi=-95))
    *found, last = use("scan", World(networks), tmp_path, bits=bits)
    assert [line["ssid"] for line in found] == [*(f"net {i}" for i in range(6)), ""]
    assert [line["at"][2] for line in found[:6]] == list(SECURITIES)
    assert found[6]["at"] == [6, -55, "wpa2", True]
    assert found[2]["at"] == [3, -42, "wpa", False]
    assert {line["size"] for line in found} == {6}
    assert 1000 < last["ms"] < 4000


def test_the_radio_does_one_thing_at_a_time(tmp_path):
    """A scan beside a scan or a join hears nothing; joining spoils a scan (ESP-IDF,
    esp_wifi_scan_start and esp_wifi_connect: ESP_ERR_WIFI_STATE)."""
    assert use("collide", World([Network("house", "geheim123")], dhcp_s=2.0), tmp_path) == [
        {"heard": [0, 1]},
        {"heard": [0], "joined": "ok"},
        {"heard": [0], "joined": "ok"},
        {"heard": [1]},
    ]


def test_the_hotspot_is_where_the_station_is(tmp_path):
    """It opens on the channel of what is joined: joining that again drops nobody."""
    world = World([Network("house", "geheim123", channel=11)])
    assert use("join_again_under_the_hotspot", world, tmp_path) == [{"phone": True}]


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
    joined, left = use("join_and_leave", World(networks, dhcp_s=dhcp_s), tmp_path, ssid, password)
    up = result == "ok"
    assert joined["result"] == result and joined["up"] == up
    assert (joined["ip"], joined["dbm"]) == (("127.0.0.1", -55) if up else (None, None))
    assert left == {"up": False, "ip": None, "dbm": None}


def test_a_bssid_picks_the_access_point(tmp_path):
    near = Network("house", "geheim123", rssi=-48, bssid="020000000001")
    far = Network("house", "geheim123", rssi=-80, bssid="020000000002")
    assert use("join_by_bssid", World([far, near]), tmp_path, far.bssid) == [
        {"result": "ok", "dbm": -48},
        {"result": "ok", "dbm": -80},
    ]


def test_a_network_that_goes_takes_the_link_with_it(tmp_path):
    gone, back = use("lose_the_network", World([Network("house", "geheim123")]), tmp_path)
    assert gone == {"up": False}
    assert back == {"up": False, "result": "ok"}  # joining is the firmware's


def test_joining_on_another_channel_drops_the_phone(tmp_path):
    """One radio has one channel: the hotspot moves with the station."""
    world = World([Network("house", "geheim123", channel=11)])
    assert use("join_under_the_hotspot", world, tmp_path) == [
        {"phone": False},
        {"phone": True},
        {"phone": False},
        {"phone": True, "up": True},
        {"phone": False, "up": True},
    ]


def test_the_cable(tmp_path):
    assert use("unplug", World(dhcp_s=4.0), tmp_path) == [
        {"up": False, "plugged": True},
        {"up": True, "ip": "127.0.0.1"},
        {"up": False, "plugged": False},
    ]


@pytest.mark.parametrize("links", [{"cable": True}, {"cable": False}], ids=["ethernet", "wifi"])
def test_the_routers_list_has_the_gateways_name(links, tmp_path):
    """MicroPython's own name is every board's."""
    world = World([Network("house", "geheim123")], **links)
    use("use_both", world, tmp_path)
    wanted = {"ethernet", "wifi"} if world.cable else {"wifi"}
    assert world.listed() == dict.fromkeys(wanted, "Gateway-5010000042")
