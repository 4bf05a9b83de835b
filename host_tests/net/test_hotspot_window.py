"""When the hotspot opens and closes, and what becomes of credentials that it is given, in
simulated worlds and on simulated time."""

from __future__ import annotations

import pytest
from connection_steps import (
    IN_CLOUD,
    JOIN_PHONE,
    KEY,
    KNOWN,
    MARK,
    MEASURING,
    ONLINE,
    OPEN,
    PRESS,
    SEARCH,
    change,
    give,
    house,
    joins,
    leds,
    live,
    live_case,
    others,
    report,
    sleep,
    submit,
    until,
    until_not,
    watch,
)
from gateway_host.sim.radio import Network, World


@pytest.mark.parametrize("cable, dhcp_s", [(False, 0.0), (True, float("inf"))])
def test_the_hotspot_opens_within_15_s_when_nothing_is_known(tmp_path, cable, dhcp_s):
    steps = [until("state", "ready"), report("at"), sleep(2), report("hotspot", "problem")]
    ready, later = others(live(World([house()], cable=cable, dhcp_s=dhcp_s), tmp_path, steps))
    assert ready["at"] < 15
    assert later["hotspot"].startswith("Gateway-") and later["problem"] == "nothing_known"


def test_the_hotspot_closes_after_15_minutes_and_nothing_listens(tmp_path):
    steps = [
        until("state", "ready"),
        sleep(2),
        report("listens"),
        until_not("state", "ready"),
        sleep(2),
        report("listens", "hotspot"),
    ]
    lines = live(World([], cable=False), tmp_path, steps)
    states = {line["led"]: line["s"] for line in lines if "led" in line}  # the last time of each
    assert 895 <= states["no internet"] - states["ready"] <= 905
    assert others(lines) == [{"listens": True}, {"listens": False, "hotspot": None}]


def test_known_networks_that_never_come_open_the_hotspot_within_10_minutes(tmp_path):
    steps = [
        until("state", "ready"),
        report("at"),
        sleep(30),
        change("rssi house", -50),
        MARK,
        ONLINE,
        report("took"),
    ]
    far = Network("house", KEY, rssi=-95)
    ready, back = others(live(World([far], cable=False), tmp_path, steps, KNOWN))
    assert ready["at"] < 600
    assert back["took"] <= 30  # though the hotspot is open


@pytest.mark.parametrize("cable", [False, True])
def test_credentials_are_tried_before_they_are_stored(cable, tmp_path):
    """By the hotspot's own way in; a wrong password is not kept, and shown on the LED, also while
    a cable leads to the cloud."""
    steps = [["accept", cable], MEASURING, OPEN]
    for ssid, key in (("mouse", KEY), ("house", "verkeerd1"), ("house", KEY)):
        steps += [MARK, give(ssid, key), report("result", "took", "known", "state"), sleep(7)]
    steps += [report("stored")]
    *results, last = others(live(World([house()], cable=cable), tmp_path, steps))
    assert [line["result"] for line in results] == ["not_found", "wrong_password", "ok"]
    assert [line["known"] for line in results] == [[], [], [["house", KEY]]]
    well = "well" if cable else "connecting"
    assert [line["state"] for line in results] == ["no internet", "no internet", well]
    assert results[2]["took"] < 10  # from "connect" to green
    assert last == {"stored": [["house", KEY]]}


def test_known_networks_that_refuse_their_password_leave_the_phone_alone(tmp_path):
    """Two of them, on two channels, which were tried just before: the phone stays where it is.
    With the hotspot closed they are tried again, and what is known beside them always."""
    steps = [
        OPEN,
        JOIN_PHONE,
        watch("phone", 300),
        report("watched", "problem"),
        change("rssi barn", -55),
        MARK,
        until("link", "wifi"),
        report("took"),
        change("rssi barn", -95),
        until("hotspot", None),
        change("password house", KEY),
        MARK,
        until("link", "wifi"),
        report("took"),
    ]
    networks = [
        Network("house", "newpass12", channel=1),
        Network("attic", "newpass12", channel=11),
        Network("barn", KEY, rssi=-95, channel=6),
    ]
    settings = {"networks": [[one.ssid, KEY] for one in networks]}
    alone, *joined = others(live(World(networks, cable=False), tmp_path, steps, settings))
    assert alone == {"watched": [True], "problem": "wrong_password"}
    assert [line["took"] <= 30 for line in joined] == [True, True]


def test_the_led_shows_the_last_result(tmp_path):
    """Credentials that work soon after some that did not: no blue comes after the green."""
    steps = [
        OPEN,
        give("house", "verkeerd1"),
        report("result"),
        sleep(1),
        give("house", KEY),
        report("result"),
        sleep(20),
        report("hotspot", "state"),
    ]
    lines = live(World([house()], cable=False), tmp_path, steps)
    first, second = [n for n, line in enumerate(lines) if "result" in line]
    assert lines[first] == {"result": "wrong_password"} and lines[second] == {"result": "ok"}
    assert leds(lines[:first])[-1] == "no internet"
    assert leds(lines[first:second]) == ["ready", "connecting"]  # while it is tried, and after
    assert leds(lines[second:]) == []
    assert lines[-1]["hotspot"] and lines[-1]["state"] == "connecting"


@pytest.mark.parametrize("key, dhcp_s", [("anders123", 0.0), (KEY, 12.0)])
def test_networks_are_looked_for_when_the_radio_has_time(key, dhcp_s, tmp_path):
    """Beside a known network that is being sought and joined: by the hotspot at its opening, and
    by *Search again*, which does not wait longer than a request may take. That nothing collides
    is seen in every world (play_in_world.play)."""
    steps = [OPEN, report("networks"), change("rssi house", -55)]
    steps += [MARK, SEARCH, report("took"), sleep(1)] * 25
    steps += [report("networks")]
    networks = [Network("house", key, rssi=-95), Network("new", KEY)]
    world = World(networks, cable=False, dhcp_s=dhcp_s)
    first, *searches, last = others(live(world, tmp_path, steps, KNOWN))
    assert (first, last) == ({"networks": 1}, {"networks": 2})
    assert max(line["took"] for line in searches) < 8


def test_a_scan_that_outlives_the_hotspot_is_waited_for(tmp_path):
    lines = live_case(World([house()]), tmp_path, "search_when_the_hotspot_closes")
    assert lines[-1] == {"heard": 1, "open": None}


def test_a_press_while_the_hotspot_is_open_keeps_it_open(tmp_path):
    """For 15 minutes from then on; after credentials have worked too."""
    closed = until("hotspot", None)
    steps = [OPEN, MARK, sleep(600), PRESS, closed, report("took")]
    steps += [OPEN, submit("house", KEY), until("trial", "done"), MARK, closed, report("took")]
    pressed, unseen = others(live(World([house()], cable=False), tmp_path, steps))
    assert 1490 <= pressed["took"] <= 1510
    assert 175 <= unseen["took"] <= 185


def test_service_mode_opens_the_hotspot_while_all_is_well(tmp_path):
    steps = [
        ONLINE,
        IN_CLOUD,
        MEASURING,
        sleep(2),
        PRESS,
        until("state", "ready"),
        MARK,
        until_not("state", "ready"),
        report("took", "state", "link"),
    ]
    seen = live(World([house()]), tmp_path, steps)[-1]
    assert 895 <= seen["took"] <= 905
    assert (seen["state"], seen["link"]) == ("well", "ethernet")


NAMES = ("house", "attic", "barn")


def without_addresses(*names: str) -> World:
    """No router gives an address: a try takes its 15 s."""
    return World([Network(name, KEY) for name in names], cable=False, dhcp_s=1e9)


@pytest.mark.parametrize("press_s", [1, 15, 25, 60])
def test_a_press_does_not_wait_for_what_is_tried(press_s, tmp_path):
    """Three known networks give no address: the one that is being tried is the last."""
    steps = [sleep(press_s), PRESS, MARK, until_not("hotspot", None), report("took")]
    settings = {"networks": [[name, KEY] for name in NAMES]}
    seen = live(without_addresses(*NAMES), tmp_path, steps, settings)[-1]
    assert seen["took"] <= 22  # a scan, a try, and the hotspot's own scan


def test_credentials_do_not_wait_for_what_is_tried(tmp_path):
    """Whenever they come: what is being joined is left, and nothing is counted for that."""
    steps = [OPEN, until("problem", "no_address")]
    for n in range(12):
        steps += [sleep(3 + 3.7 * n), report("at"), submit("new", KEY), until("trial", "ready")]
    steps += [report("errors")]
    world = without_addresses("house", "attic")
    world.networks.append(Network("new", "anders123"))
    found = joins(world)
    settings = {"networks": [["house", KEY], ["attic", KEY]]}
    *given, last = others(live(world, tmp_path, steps, settings))
    tried = [at for at, name, _ in found if name == "new"]
    for line in given:  # two scans
        assert min(at for at in tried if at >= line["at"]) - line["at"] <= 4.3
    assert len(given) == 12 and last["errors"] == {"connection.no_address": 1}


@pytest.mark.parametrize("times, opens", [(1, True), (1000, False)])
def test_a_hotspot_that_fails_is_opened_again(times, opens, tmp_path):
    """As long as it is wanted: 15 minutes."""
    seen = live_case(World([house()], cable=False), tmp_path, "fail_to_open", times)[-1]
    failed = seen["failed_at"]
    if opens:
        assert seen["hotspot"] and seen["errors"] == 1
        assert failed[1] - failed[0] < 20
    else:
        assert not seen["hotspot"] and 50 <= seen["errors"] <= 60
        assert failed[-1] - failed[0] <= 900
