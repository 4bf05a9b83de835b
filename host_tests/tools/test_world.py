"""The commands of `make world` and what they do to a running gateway."""

from __future__ import annotations

import pytest
from gateway_host.broker import Broker
from gateway_host.errors import UserError
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.internet import Internet
from gateway_host.sim.radio import World
from gateway_host.world import Control, command, parts, send
from phone import until
from running_gateway import Listener, free_port


def test_commands_change_the_world():
    world = World()
    for text in (
        "wifi house password=geheim123 rssi=-60 channel=11",
        "wifi attic security=open hidden=yes",
        "cable out",
        "dhcp 2.5",
        "internet captive",
        "cloud off",
        "lte -101",
        "sim out",
    ):
        command(world, text)
    house, attic = world.networks
    assert (house.password, house.rssi, house.channel) == ("geheim123", -60, 11)
    assert (attic.security, attic.hidden) == ("open", True)
    assert (world.cable, world.dhcp_s, world.internet) == (False, 2.5, "captive")
    assert (world.cloud, world.lte_dbm, world.sim) == (False, -101, False)
    assert "house: wpa2, -60 dBm, channel 11" in command(world, "show")
    command(world, "wifi house gone")
    command(world, "dhcp never")
    command(world, "lte off")
    assert [one.ssid for one in world.networks] == ["attic"]
    assert world.dhcp_s == float("inf") and world.lte_dbm is None
    assert command(world, "phone GATEWAY secret123") == "refused"


def test_names_and_passwords_with_spaces_and_semicolons_are_quoted():
    world = World()
    text = ' wifi "My home" "password=a;b \' c" rssi=-60;; wifi a ; "wifi" "the end" '
    for one in parts(text, ";"):
        command(world, one)
    assert [one.ssid for one in world.networks] == ["My home", "a", "the end"]
    assert (world.networks[0].password, world.networks[0].rssi) == ("a;b ' c", -60)
    command(world, 'wifi "My home" gone')
    assert [one.ssid for one in world.networks] == ["a", "the end"]


@pytest.mark.parametrize(
    "text",
    ["wibble", "wifi", "wifi a b", "wifi a rssi=loud", "wifi a security=rot13", "wifi a gone",
     'wifi "a b', "cable sideways", "dhcp soon", "internet maybe", "phone a", "button"],
)  # fmt: skip
def test_what_is_not_understood_is_said_with_what_is(text):
    with pytest.raises(UserError, match="is not understood; known are"):
        command(World(), text)


def test_without_a_world_it_is_said_how_to_start_one(tmp_path):
    with pytest.raises(UserError, match="make run WORLD"):
        send("show", tmp_path / "world")


def test_a_running_gateway_follows(tmp_path):
    """The cable is out for a moment: counted, and used again. The button is pressed: the hotspot
    opens, LED blue."""
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    world = World()
    place = tmp_path / "world"
    colours: list[tuple[int, int, int]] = []
    with Broker() as broker, Internet(world, broker.port) as internet, Control(world, place):
        mqtt = {"host": "127.0.0.1", "port": internet.port, "home_broker": True}
        more = {"probe": ["127.0.0.1", internet.probe_port], "portal": [free_port(), free_port()]}
        with (
            Listener(plan, broker.port) as listener,
            Session(
                Installation(house),
                plan,
                mqtt=mqtt,
                world=world,
                board=more,
                on_led=lambda _, *colour: colours.append(colour),
            ) as session,
        ):
            listener.wait("gateway", 2)
            assert "up: ethernet" in send("show", place)
            before = len(colours)
            send("cable out", place)
            until(lambda: (255, 0, 0) in colours[before:], "red", lambda: colours[before:])
            assert "cable in" in send("cable in", place)
            listener.messages.until(
                lambda items: any(
                    m.topic == "gateway"
                    and m.value["errors"].get("connection.lost") == 1
                    and m.value["connection"]["link"] == "ethernet"
                    for m in items
                ),
                "the gateway to be back",
            )
            green = len(colours)
            send("button 0.3", place)
            listener.messages.until(lambda _: (0, 0, 255) in colours[green:], "blue")
            session.check()


def test_access_points_of_one_name():
    world = World()
    command(world, "wifi house password=geheim123 bssid=020000000001 lost_handshakes=1")
    command(world, "wifi house password=anders123 bssid=020000000002 rssi=-40 addresses=no")
    command(world, "wifi house bssid=020000000002 refusals=2")
    first, second = world.networks
    assert (first.password, first.lost_handshakes, first.addresses) == ("geheim123", 1, True)
    assert (second.rssi, second.refusals, second.addresses) == (-40, 2, False)
    command(world, "wifi house bssid=020000000001 gone")
    assert world.networks == [second]
