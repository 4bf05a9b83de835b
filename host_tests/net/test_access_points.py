"""Which access point is joined, in simulated worlds and on simulated time: several known networks,
strangers with the name of ours, roaming."""

from __future__ import annotations

import pytest
from connection_steps import (
    IN_CLOUD,
    KEY,
    KNOWN,
    MARK,
    OFFLINE,
    ONLINE,
    PRESS,
    change,
    joins,
    live,
    others,
    report,
    sleep,
    until,
)
from gateway_host.sim.radio import SECURITIES, Network, World

OURS, OTHER = "020000000001", "020000000002"  # bssids
CAN_REFUSE = ("wpa", "wpa2")  # what is not of these is not even tried with a key
# OURS is joined and leads to the cloud; then it is so weak that another one is looked for.
WEAK_IN_CLOUD = [ONLINE, IN_CLOUD, change(f"bssid {OURS}", -80)]


def ours(rssi: int, bssid: str = OURS, **more) -> Network:
    return Network("house", KEY, rssi=rssi, bssid=bssid, **more)


def stranger(security: str, rssi: int = -40) -> Network:
    """An access point with the name of our network and another key or none, stronger."""
    key = "" if security == "open" else "anders123"
    return Network("house", key, security, rssi=rssi, bssid=OTHER)


def bssids(found: list[tuple[float, str, str]]) -> list[str]:
    return [bssid for _, _, bssid in found]


def test_of_several_known_networks_the_strongest_is_joined_and_then_the_others(tmp_path):
    networks = [
        Network("attic", "boven1234", rssi=-70),
        Network("house", KEY, rssi=-50),
        Network("barn", "stal12345", rssi=-40),  # not known
    ]
    settings = {"networks": [["attic", "boven1234"], ["house", "verkeerd1"]]}
    lines = live(World(networks, cable=False), tmp_path, [ONLINE, report("signal")], settings)
    assert lines[-1] == {"signal": -70}  # the stronger one has got another password


def test_roaming(tmp_path):
    """A much stronger access point of the same network is taken; a little stronger one is not."""
    steps = [
        *WEAK_IN_CLOUD,
        change(f"bssid {OTHER}", -74),
        sleep(180),
        report("dbm"),
        change(f"bssid {OTHER}", -55),
        sleep(90),
        report("dbm"),
    ]
    seen = others(live(World([ours(-50), ours(-95, OTHER)], False), tmp_path, steps, KNOWN))
    assert seen == [{"dbm": -80}, {"dbm": -55}]


def test_one_handshake_that_is_lost_in_roaming_is_no_verdict(tmp_path):
    """Where it is needed later, two more are lost; its key is right."""
    steps = [
        *WEAK_IN_CLOUD,
        change(f"bssid {OTHER}", -55),
        sleep(90),
        report("dbm"),
        change(f"bssid {OURS}", -95),
        OFFLINE,
        ONLINE,
        report("dbm", "problem", "errors"),
    ]
    world = World([ours(-50), ours(-95, OTHER, lost_handshakes=3)], False)
    found = joins(world)
    roamed, last = others(live(world, tmp_path, steps, KNOWN))
    assert roamed == {"dbm": -80} and last["dbm"] == -55 and last["problem"] is None
    assert "connection.wrong_password" not in last["errors"]
    assert bssids(found).count(OTHER) == 4


@pytest.mark.parametrize("security", SECURITIES)
def test_a_stranger_with_our_networks_name_is_passed_over(security, tmp_path):
    """What can not be joined (docs/provisioning.md) is not even tried, nor handed our key; what
    refuses is tried once."""
    steps = [
        ONLINE,
        change(f"bssid {OURS}", -95),
        OFFLINE,
        change(f"bssid {OURS}", -60),
        ONLINE,
        sleep(5),
        report("link", "dbm"),
    ]
    world = World([ours(-60), stranger(security)], cable=False)
    found = joins(world)
    assert live(world, tmp_path, steps, KNOWN)[-1] == {"link": "wifi", "dbm": -60}
    assert bssids(found).count(OTHER) == (security in CAN_REFUSE)


@pytest.mark.parametrize("strangers", [1, 5])
def test_strangers_with_our_networks_name_and_an_open_hotspot(strangers, tmp_path):
    """Those that refuse our key do not spoil the name, however many they are."""
    networks = [stranger("wpa2") for _ in range(strangers)]
    for n, one in enumerate(networks):
        one.bssid = f"02000000001{n}"
    world = World([ours(-60), *networks], cable=False)
    found = bssids(joins(world))
    seen = live(world, tmp_path, [PRESS, ONLINE, report("dbm", "at")], KNOWN)[-1]
    assert seen["dbm"] == -60 and seen["at"] < 60
    assert max(map(found.count, found), default=0) <= 2


@pytest.mark.parametrize("security", SECURITIES)
def test_roaming_leaves_no_network_for_a_stranger(security, tmp_path):
    """One that refuses us costs the link once."""
    steps = [
        *WEAK_IN_CLOUD,
        change(f"bssid {OTHER}", -40),
        sleep(600),
        report("dbm", "errors"),
    ]
    world = World([ours(-60), stranger(security, -95)], cable=False)
    found = joins(world)
    seen = live(world, tmp_path, steps, KNOWN)[-1]
    tried = int(security in CAN_REFUSE)
    assert seen["dbm"] == -80 and seen["errors"].get("connection.lost", 0) == tried
    assert bssids(found).count(OTHER) == tried


def test_an_access_point_that_has_failed_is_tried_again_after_an_hour(tmp_path):
    steps = [
        *WEAK_IN_CLOUD,
        change(f"bssid {OTHER}", -40),
        sleep(300),
        change("password house", KEY),  # of the first one of that name
        until("dbm", -40),
        report("at", "dbm"),
    ]
    world = World([stranger("wpa2", -95), ours(-60)], cable=False)
    seen = live(world, tmp_path, steps, KNOWN)[-1]
    assert seen["dbm"] == -40 and seen["at"] > 1000


def test_an_access_point_that_gave_no_address_once_is_left_out_for_minutes(tmp_path):
    """Its router was starting."""
    steps = [
        ONLINE,
        report("dbm"),
        change("addresses house", True),  # of the first one of that name
        IN_CLOUD,
        until("dbm", -50),
        report("at", "dbm"),
    ]
    networks = [ours(-50, OTHER, addresses=False), ours(-80)]
    first, second = others(live(World(networks, cable=False), tmp_path, steps, KNOWN))
    assert first["dbm"] == -80 and second["dbm"] == -50
    assert 600 <= second["at"] <= 750


def test_one_access_point_of_a_network_is_tried_in_a_round(tmp_path):
    """Five of one network give no address: another network that is back meanwhile is used within
    30 s, in the first round too."""
    networks = [ours(-40 - n, f"02000000001{n}", addresses=False) for n in range(5)]
    attic = Network("attic", "boven1234", rssi=-95)
    steps = [sleep(20), change("rssi attic", -60), MARK, ONLINE, report("took")]
    settings = {"networks": [["house", KEY], ["attic", "boven1234"]]}
    seen = live(World([*networks, attic], cable=False), tmp_path, steps, settings)[-1]
    assert seen["took"] <= 30
