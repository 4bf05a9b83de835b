"""One way to join a network, for credentials that are given and for those that are known: what
stands in the air with the name, and what each access point says (docs/field-cases/connection.md).
Each case is joined at the try, and by the same code after a restart."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from connection_steps import (
    IN_CLOUD,
    KEY,
    MARK,
    OFFLINE,
    ONLINE,
    OPEN,
    YES,
    answer,
    change,
    give,
    joins,
    live,
    others,
    report,
    serve,
    sleep,
    until,
    watch,
)
from gateway_host.sim.radio import Network, World

NOTHING_YET = {"connection.nothing_known": 1}


def air(*networks: Network) -> World:
    """Each with an address of its own, in a house without a cable."""
    for n, network in enumerate(networks):
        network.bssid = network.bssid or f"0200000000{n + 1:02x}"
    return World([deepcopy(one) for one in networks], cable=False)


def join_given(world: World, tmp_path: Path, key: str = KEY) -> dict:
    """The network is given as by a phone or a browser, by hand."""
    fields = ("result", "wifi", "dbm", "at", "known", "errors")
    return live(world, tmp_path, [OPEN, give("house", key), report(*fields)])[-1]


def join_again(world: World, tmp_path: Path) -> dict:
    """What was kept is joined after a restart."""
    steps = [until("link", "wifi"), report("wifi", "dbm", "at", "problem", "errors")]
    return live(world, tmp_path, steps)[-1]


def ours(rssi: int = -60, **more) -> Network:
    return Network("house", KEY, rssi=rssi, **more)


def stranger(rssi: int = -40, security: str = "wpa2") -> Network:
    """With the name of ours, stronger, and another key or none."""
    return Network("house", "" if security == "open" else "anders123", security, rssi=rssi)


AIR = {
    "the stronger has another key": [ours(), stranger()],
    "the stronger has WPA3": [ours(), stranger(security="wpa3")],
    "the stronger is open": [ours(), stranger(security="open")],
    "the stronger is enterprise": [ours(), stranger(security="enterprise")],
    "the stronger has WEP": [ours(), stranger(security="wep")],
    "WPA alone beside WPA2": [ours(), stranger(security="wpa")],
    "of three the weakest": [ours(), stranger(-40), stranger(-50)],
    "of four the weakest": [ours(), stranger(-40), stranger(-50), stranger(-55, "open")],
    "one gives no address": [ours(), ours(-40, addresses=False)],
    "a handshake is lost": [ours(lost_handshakes=1)],
    "two handshakes are lost": [ours(lost_handshakes=2)],
    "two handshakes are lost, the other one is weak and loses some": [
        ours(lost_handshakes=2),
        ours(-82, lost_handshakes=9),
    ],
    "two handshakes are lost, and hides its name": [ours(lost_handshakes=2, hidden=True)],
    "a handshake is lost, a stranger beside": [ours(lost_handshakes=1), stranger()],
    "two handshakes are lost, one try is refused": [ours(lost_handshakes=2, refusals=1)],
    "the weaker has another key": [ours(), stranger(-85)],
    "it would have us on 5 GHz": [ours(refusals=2)],
    "it refuses twice, loses a handshake": [ours(refusals=2, lost_handshakes=1), stranger()],
    "one refuses, the other has another key": [ours(refusals=1), stranger()],
    "a repeater goes away in the midst": [ours(), ours(-40, gone_after_s=0.5)],
    "it hides its name": [ours(hidden=True)],
    "it hides its name among others": [
        ours(hidden=True),
        *(Network(f"other{n}", "anders123", rssi=-70 - n, hidden=True) for n in range(3)),
    ],
    "it hides its name beside an open one": [
        ours(hidden=True),
        Network("house2", "", "open", rssi=-40, hidden=True),
    ],
}


@pytest.mark.parametrize("networks", AIR.values(), ids=AIR)
def test_the_one_that_takes_the_key_is_joined(networks, tmp_path):
    """Nothing is said that is not so, and a stranger that is open never gets to hear of us."""
    unfit = [n for n, one in enumerate(networks) if one.security not in ("wpa", "wpa2")]
    for step in (join_given, join_again):
        world = air(*networks)
        found = joins(world)
        seen = step(world, tmp_path)
        assert seen["wifi"] and seen["dbm"] == -60, seen
        errors = NOTHING_YET if step is join_given else {}
        assert seen.get("result", "ok") == "ok" and seen["errors"] == errors, seen
        assert seen.get("problem") is None
        joined = {bssid for _, _, bssid in found}
        assert not {f"0200000000{n + 1:02x}" for n in unfit} & {*joined, ""}, found


def test_a_hidden_network_among_many_is_joined(tmp_path):
    """Of nine that hide their names it is the sixth: the first round tries four, the next ones
    the others."""
    strangers = [Network(f"o{n}", "anders123", rssi=-40 - 3 * n, hidden=True) for n in range(8)]
    networks = [ours(hidden=True, rssi=-60), *strangers]
    assert join_given(air(ours(hidden=True)), tmp_path)["known"] == [["house", KEY, "hidden"]]
    seen = join_again(air(*networks), tmp_path)
    assert seen["dbm"] == -60 and seen["at"] < 40


def test_a_network_that_was_hidden_afterwards_is_joined_again(tmp_path):
    assert join_given(air(ours()), tmp_path)["known"] == [["house", KEY]]
    seen = join_again(air(ours(hidden=True)), tmp_path)
    assert seen["wifi"] and seen["errors"] == {}


def test_a_hidden_network_that_shows_its_name_is_joined_again(tmp_path):
    join_given(air(ours(hidden=True)), tmp_path)
    assert join_again(air(ours()), tmp_path)["wifi"]


WRONG = {
    "wrong_password": [Network("house", "anders123")],
    "wrong_password of a hidden one": [Network("house", "anders123", hidden=True)],
    "wrong_password of each of three": [stranger(), stranger(-50), stranger(-60)],
    "not_found": [Network("barn", KEY)],
    "not_found among hidden ones": [Network("barn", KEY, hidden=True)],
    "wrong_password of a mesh of two": [stranger(), stranger(-85)],
    "wrong_password after a refusal": [Network("house", "anders123", rssi=-60, refusals=1)],
    "no_address": [ours(addresses=False)],
    "no_address though another has another key": [ours(addresses=False), stranger()],
    "failed where two handshakes are lost, and the other one refuses": [
        ours(lost_handshakes=2),
        ours(-50, refusals=9),
    ],
    "failed where it refuses for good": [ours(refusals=100)],
    "not_found where it goes away": [ours(gone_after_s=0.5)],
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_as_it_is(case, tmp_path):
    seen = join_given(air(*WRONG[case]), tmp_path)
    assert seen["result"] == case.split()[0] and seen["known"] == []
    assert seen["at"] < 60


def test_a_wrong_key_is_tried_three_times_and_no_more(tmp_path):
    world = air(Network("house", "anders123"))
    found = joins(world)
    assert join_given(world, tmp_path)["result"] == "wrong_password"
    assert len(found) == 3


WEAK = {
    "the key is right, and lost": ours(-80, lost_handshakes=99),
    "the same at the limit": ours(-75, lost_handshakes=99),
    "it refuses too": ours(-82, lost_handshakes=99, refusals=1),
    "the key is wrong": stranger(-80),
    "it hides its name": ours(-80, lost_handshakes=99, hidden=True),
}


@pytest.mark.parametrize("case", WEAK)
def test_a_weak_radio_sends_nobody_after_a_password(case, tmp_path):
    """Neither at the try, nor after a restart with a key that is known, nor in rounds to come."""
    seen = join_given(air(WEAK[case]), tmp_path)
    assert seen["result"] == "weak_signal" and seen["known"] == []
    hides = ["hidden"] if WEAK[case].hidden else []
    steps = [until("problem", "weak_signal"), watch("problem", 120), report("watched", "errors")]
    known = {"networks": [["house", KEY, *hides]]}
    [later] = others(live(air(WEAK[case]), tmp_path, steps, known))
    assert later["watched"] == ["weak_signal"]
    assert "connection.wrong_password" not in later["errors"]


@pytest.mark.parametrize("rssi", [-60, -74, -75, -85])
def test_a_key_that_has_worked_is_tried_a_third_time(rssi, tmp_path):
    steps = [ONLINE, report("problem", "errors", "at")]
    world = air(ours(rssi, lost_handshakes=2))
    [seen] = others(live(world, tmp_path, steps, {"networks": [["house", KEY]]}))
    assert seen["problem"] is None and seen["errors"] == {} and seen["at"] < 20


def test_a_weak_access_point_that_loses_two_handshakes_is_joined(tmp_path):
    assert join_given(air(ours(-85, lost_handshakes=2)), tmp_path)["result"] == "ok"


def test_a_key_that_was_changed_on_the_router(tmp_path):
    """The old one is called wrong; the new one takes its place."""
    join_given(air(ours()), tmp_path)
    steps = [until("problem", "wrong_password"), report("at")]
    steps += [give("house", "anders123"), report("result", "known")]
    wrong, given = others(live(air(stranger(-60)), tmp_path, steps))
    assert wrong["at"] < 60
    assert given == {"result": "ok", "known": [["house", "anders123"]]}
    assert join_again(air(stranger(-60)), tmp_path)["wifi"]


def test_a_try_while_another_access_point_is_joined(tmp_path):
    """The weak access point is left for a stronger one just as somebody gives another network."""
    steps = [
        ONLINE,
        IN_CLOUD,
        change("bssid 020000000001", -80),
        change("bssid 020000000002", -50),
        until("wifi", False),
        give("barn", KEY),
        report("result", "dbm"),
    ]
    world = air(ours(-70), ours(-95), Network("barn", KEY, rssi=-66))
    found = joins(world)
    seen = live(world, tmp_path, steps, {"networks": [["house", KEY]]})
    assert seen[-1] == {"result": "ok", "dbm": -66}
    assert [name for _, name, _ in found][-2:] == ["house", "barn"]


def test_two_known_networks_of_which_one_hides_its_name(tmp_path):
    """The visible one is joined at once; where it goes, the hidden one within half a minute."""
    steps = [
        ONLINE,
        report("at", "dbm"),
        change("rssi barn", -95),
        OFFLINE,
        MARK,
        ONLINE,
        report("took", "dbm"),
    ]
    networks = air(ours(-50, hidden=True), Network("barn", KEY, rssi=-70))
    known = {"networks": [["house", KEY, "hidden"], ["barn", KEY]]}
    first, second = others(live(networks, tmp_path, steps, known))
    assert first["dbm"] == -70 and first["at"] < 15
    assert second["dbm"] == -50 and second["took"] < 30


def test_a_home_network_with_the_hotspots_addresses(tmp_path):
    """It is joined and kept; the hotspot gives way, and then the gateway sees where it leads."""
    served, settings = serve()
    steps = [
        served,
        answer(YES),
        OPEN,
        give("house", KEY),
        report("result", "known"),
        MARK,
        until("hotspot", None),
        report("took"),
        sleep(60),
        report("reachability", "problem"),
    ]
    world = air(ours())
    # The simulated hotspot is at 127.0.0.1.
    world.addresses = ("127.0.0.9", "255.0.0.0", "127.0.0.1", "127.0.0.53")
    given, closed, last = others(live(world, tmp_path, steps, settings))
    assert given == {"result": "address_clash", "known": [["house", KEY]]}
    assert closed["took"] < 15 and last == {"reachability": "ok", "problem": None}
