"""One way to join a network, for credentials that are given and for those that are known: what
stands in the air with the name, and what each access point says (docs/field-cases/connection.md).
Each case is joined at the try, and by the same code after a restart."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from gateway_host.sim.radio import Network, World
from test_connection import YES, joins, run, with_servers

KEY = "geheim123"
# Gives the network as a phone or a browser does, by hand.
GIVE = """
connection.open_hotspot()
await until(lambda: connection._hotspot.is_open() and made.a_uart.ask("hotspot_name"))
result = await given("house", "{key}")
tell(result=result, up=made.radio.connected(), dbm=made.radio.dbm(), at=seconds(),
     known=wishes.networks, errors=counters.counts)
"""
NOTHING_YET = {"connection.nothing_known": 1}
# What was kept is joined again.
RESTART = """
await until(lambda: connection.online() and connection.link == "wifi", 120)
tell(up=made.radio.connected(), dbm=made.radio.dbm(), at=seconds(), wrong=connection.wrong(),
     errors=counters.counts)
"""


def air(*networks: Network) -> World:
    """Each with an address of its own, in a house without a cable."""
    for n, network in enumerate(networks):
        network.bssid = network.bssid or f"0200000000{n + 1:02x}"
    return World([deepcopy(one) for one in networks], cable=False)


def give(world: World, tmp_path: Path, key: str = KEY) -> dict:
    told = run(world, GIVE.format(key=key), tmp_path)
    return next(line for line in told if "result" in line)


def restart(world: World, tmp_path: Path) -> dict:
    return next(line for line in run(world, RESTART, tmp_path) if "up" in line)


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
    "a handshake is lost, a stranger beside": [ours(lost_handshakes=1), stranger()],
    "it would have us on 5 GHz": [ours(refusals=2)],
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
    for step in (give, restart):
        world = air(*networks)
        found = joins(world)
        told = step(world, tmp_path)
        assert told["up"] and told["dbm"] == -60, told
        errors = NOTHING_YET if step is give else {}
        assert told.get("result", "ok") == "ok" and told["errors"] == errors, told
        assert told.get("wrong") is None
        assert not {f"0200000000{n + 1:02x}" for n in unfit} & {*found, ""}, found


def test_a_hidden_network_among_many_is_joined(tmp_path):
    """Of nine that hide their names it is the sixth: the first round tries four, the next ones
    the others."""
    others = [Network(f"o{n}", "anders123", rssi=-40 - 3 * n, hidden=True) for n in range(8)]
    networks = [ours(hidden=True, rssi=-60), *others]
    assert give(air(ours(hidden=True)), tmp_path)["known"] == [["house", KEY, "hidden"]]
    told = restart(air(*networks), tmp_path)
    assert told["dbm"] == -60 and told["at"] < 40


def test_a_network_that_was_hidden_afterwards_is_joined_again(tmp_path):
    assert give(air(ours()), tmp_path)["known"] == [["house", KEY]]
    told = restart(air(ours(hidden=True)), tmp_path)
    assert told["up"] and told["errors"] == {}


def test_a_hidden_network_that_shows_its_name_is_joined_again(tmp_path):
    give(air(ours(hidden=True)), tmp_path)
    assert restart(air(ours()), tmp_path)["up"]


WRONG = {
    "wrong_password": [Network("house", "anders123")],
    "wrong_password of a hidden one": [Network("house", "anders123", hidden=True)],
    "wrong_password of each of three": [stranger(), stranger(-50), stranger(-60)],
    "not_found": [Network("barn", KEY)],
    "not_found among hidden ones": [Network("barn", KEY, hidden=True)],
    "no_address": [ours(addresses=False)],
    "no_address though another has another key": [ours(addresses=False), stranger()],
    "failed where it refuses for good": [ours(refusals=100)],
    "not_found where it goes away": [ours(gone_after_s=0.5)],
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_as_it_is(case, tmp_path):
    told = give(air(*WRONG[case]), tmp_path)
    assert told["result"] == case.split()[0] and told["known"] == []
    assert told["at"] < 60


def test_a_wrong_key_is_tried_twice_and_no_more(tmp_path):
    world = air(Network("house", "anders123"))
    found = joins(world)
    assert give(world, tmp_path)["result"] == "wrong_password"
    assert len(found) == 2


def test_a_key_that_was_changed_on_the_router(tmp_path):
    """The old one is called wrong; the new one takes its place."""
    give(air(ours()), tmp_path)
    body = """
await until(lambda: connection.wrong() == "wrong_password", 60)
tell(wrong=connection.wrong())
tell(result=await given("house", "anders123"), known=wishes.networks)
"""
    *_, wrong, told = (
        line for line in run(air(stranger(-60)), body, tmp_path) if "led" not in line
    )
    assert wrong == {"wrong": "wrong_password"}
    assert told == {"result": "ok", "known": [["house", "anders123"]]}
    assert restart(air(stranger(-60)), tmp_path)["up"]


def test_a_try_while_another_access_point_is_joined(tmp_path):
    """The weak access point is left for a stronger one just as somebody gives another network."""
    body = """
global in_cloud
await until(lambda: connection.online())
in_cloud = True
made.a_uart.ask("set", ("bssid 020000000001", -80))
made.a_uart.ask("set", ("bssid 020000000002", -50))
join = made.radio.join
began = []
async def noted(ssid, password, bssid=b""):
    began.append(ssid)
    return await join(ssid, password, bssid)
made.radio.join = noted
await until(lambda: began, 120)
tell(result=await given("barn", "geheim123"), joined=made.radio.dbm())
"""
    world = air(ours(-70), ours(-95), Network("barn", KEY, rssi=-66))
    told = run(world, body, tmp_path, {"networks": [["house", KEY]]})
    assert told[-1] == {"result": "ok", "joined": -66}


def test_two_known_networks_of_which_one_hides_its_name(tmp_path):
    """The visible one is joined at once; where it goes, the hidden one within half a minute."""
    body = """
await until(lambda: connection.online())
tell(at=seconds(), dbm=made.radio.dbm())
world(made, "rssi barn", -95)
await until(lambda: not connection.online())
gone = seconds()
await until(lambda: connection.online(), 60)
tell(took=seconds() - gone, dbm=made.radio.dbm())
"""
    networks = air(ours(-50, hidden=True), Network("barn", KEY, rssi=-70))
    known = {"networks": [["house", KEY, "hidden"], ["barn", KEY]]}
    first, second = (line for line in run(networks, body, tmp_path, known) if "dbm" in line)
    assert first["dbm"] == -70 and first["at"] < 15
    assert second["dbm"] == -50 and second["took"] < 30


def test_a_home_network_with_the_hotspots_addresses(tmp_path):
    """It is joined and kept; the hotspot gives way, and then the gateway sees where it leads."""
    body = """
connection.open_hotspot()
await until(lambda: connection._hotspot.is_open() and made.a_uart.ask("hotspot_name"))
result = await given("house", "geheim123")
tell(result=result, known=wishes.networks)
began = seconds()
await until(lambda: not connection._hotspot.is_open())
tell(closed=seconds() - began)
await until(lambda: connection.wrong() is None and connection.links.reachability, 60)
tell(reachability=connection.links.reachability)
"""
    body, wishes = with_servers(body, f"{YES!r}.encode()")
    world = air(ours())
    # The simulated hotspot is at 127.0.0.1.
    world.addresses = ("127.0.0.9", "255.0.0.0", "127.0.0.1", "127.0.0.53")
    told = [line for line in run(world, body, tmp_path, wishes) if "led" not in line]
    assert told[0] == {"result": "address_clash", "known": [["house", KEY]]}
    assert told[1]["closed"] < 15 and told[2] == {"reachability": "ok"}
