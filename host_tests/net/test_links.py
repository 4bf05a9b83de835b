"""Where the link that is used leads, and which other one is used then, in simulated worlds and on
simulated time."""

from __future__ import annotations

import pytest
from connection_steps import (
    KEY,
    KNOWN,
    MARK,
    PORTAL,
    YES,
    answer,
    change,
    house,
    joins,
    leds,
    live,
    live_case,
    others,
    report,
    serve,
    sleep,
    until,
    watch,
)
from gateway_host.image import BOARDS
from gateway_host.sim.radio import Network, World


@pytest.mark.parametrize("board", ["GENIUS", "CONNECT"])
def test_a_cloud_that_is_slow_to_accept_is_no_blocked_port(board, tmp_path):
    """It takes the connection: nothing is wrong with the link, and the LED stays green."""
    served, settings = serve()
    steps = [served, answer(YES), sleep(110), report("reachability", "state", "errors")]
    lines = live(World(), tmp_path, steps, settings, board=BOARDS / board)
    assert "no internet" not in leds(lines)
    assert lines[-1] == {"reachability": "ok", "state": "connecting", "errors": {}}


def test_a_blocked_port_is_shown_and_counted_once(tmp_path):
    served, settings = serve(is_open=False)
    steps = [served, answer(YES), sleep(110), report("reachability", "state", "errors")]
    lines = live(World(), tmp_path, steps, settings)
    assert next(line["s"] for line in lines if line.get("led") == "no internet") < 15
    errors = {"connection.no_cloud": 1}
    assert lines[-1] == {"reachability": "no_cloud", "state": "no internet", "errors": errors}


def test_nothing_waits_while_it_is_looked_where_the_link_leads(tmp_path):
    """A firewall that answers nothing, for which a check takes 16 s."""
    settings = {"mqtt": {"host": "127.0.0.1", "port": 1883, "home_broker": True}}
    case = "press_and_unplug_during_checks"
    waits, last = others(live_case(World([house()]), tmp_path, case, settings=settings))
    assert waits["press"] <= 1 and waits["cable"] <= 1
    assert last == {"reachability": "no_internet"}


def test_a_check_that_fails_is_counted_and_made_again(tmp_path):
    lines = live_case(World(), tmp_path, "fail_in_checks")
    assert lines[-1] == {"reachability": "ok", "errors": {"task.connection": 2}}


def test_a_network_that_is_tried_says_nothing_of_the_cable(tmp_path):
    """A hotel's cable is looked at while the phone's credentials give a network beside it, through
    which all goes then."""
    lines = live_case(World([house()]), tmp_path, "give_during_a_check")
    assert lines[-1] == {"link": "wifi"}


def test_a_network_that_is_silent_once_is_not_reported(tmp_path):
    served, _ = serve()
    steps = [served, answer(YES, silent=1), sleep(60), report("reachability", "errors", "silent")]
    lines = live(World(), tmp_path, steps)
    assert "no internet" not in leds(lines)
    assert lines[-1] == {"reachability": "ok", "errors": {}, "silent": 0}


def test_a_cable_that_leads_nowhere_gives_way_to_a_known_network(tmp_path):
    """A hotel's cable at power-up, a known network in the air: used within a minute, though the
    cable comes first. When that network goes, the cable is used again."""
    served, settings = serve()
    steps = [
        served,
        answer(PORTAL, YES),
        until("link", "wifi"),
        sleep(10),
        report("at", "link", "reachability", "state"),
        change("rssi house", -95),
        until("link", "ethernet"),
        sleep(200),
        report("link", "reachability", "wifi"),
    ]
    first, last = others(live(World([house()]), tmp_path, steps, settings | KNOWN))
    assert first.pop("at") < 80
    assert first == {"link": "wifi", "reachability": "ok", "state": "connecting"}
    assert last == {"link": "ethernet", "reachability": "captive", "wifi": False}


def test_a_cable_that_works_again_is_used_when_the_network_leads_nowhere(tmp_path):
    served, settings = serve()
    steps = [
        served,
        answer(PORTAL, YES),
        until("link", "wifi"),
        sleep(60),
        report("link", "reachability"),
        answer(YES, PORTAL),
        MARK,
        until("link", "ethernet"),
        until("reachability", "ok"),
        report("link", "reachability", "took"),
        answer(PORTAL),
        watch("link", 900),
        report("watched"),
    ]
    first, second, third = others(live(World([house()]), tmp_path, steps, settings | KNOWN))
    assert first == {"link": "wifi", "reachability": "ok"}
    assert second.pop("took") <= 60
    assert second == {"link": "ethernet", "reachability": "ok"}
    assert third == {"watched": ["ethernet"]}  # where nothing leads anywhere it stays


@pytest.mark.parametrize("where", ["captive", "no_internet"])
def test_where_nothing_leads_anywhere_the_cable_stays(where, tmp_path):
    """The LED stays red, without going green for every try."""
    served, settings = serve(is_open=False)
    said = answer(PORTAL if where == "captive" else "")
    steps = [served, said, sleep(600), report("link", "wifi", "errors")]
    lines = live(World([house()]), tmp_path, steps, settings | KNOWN)
    assert leds(lines) == ["connecting", "no internet"]
    errors = {f"connection.{where}": 1}
    assert lines[-1] == {"link": "ethernet", "wifi": False, "errors": errors}


def test_of_two_known_networks_the_one_that_leads_to_the_cloud_is_used(tmp_path):
    """Though it is weaker, within two minutes. Where neither does, each is left once an hour, and
    the LED stays red."""
    networks = [Network("old", KEY, rssi=-50), Network("new", KEY, rssi=-65)]
    settings = {"networks": [["new", KEY], ["old", KEY]]}
    world = World(networks, cable=False)
    found = joins(world)
    lines = live_case(world, tmp_path, "lead_by_strength", -50, -65, settings=settings)
    first, second, third, fourth = others(lines)
    assert first.pop("at") < 120
    assert first == second == {"dbm": -65, "reachability": "ok"}
    assert fourth == third and len(found) <= 2 + 3
    assert leds(lines).count("no internet") == 2
