"""Which link is used, how it is got and got back, in simulated worlds and on simulated time:
outages, wrong passwords, the installer's choice, LTE."""

from __future__ import annotations

from pathlib import Path

import pytest
from connection_steps import (
    IN_CLOUD,
    KEY,
    KNOWN,
    MARK,
    MEASURING,
    OFFLINE,
    ONLINE,
    PRESS,
    change,
    give,
    house,
    leds,
    live,
    others,
    report,
    sleep,
    until,
    until_not,
)
from gateway_host.image import BOARDS
from gateway_host.sim.radio import Network, World


def test_ethernet_comes_first(tmp_path, bits):
    steps = [
        ONLINE,
        report("link", "at", "wifi"),
        change("cable", False),
        until("link", "wifi"),
        report("link", "at"),
        change("cable", True),
        until("link", "ethernet"),
        sleep(1),
        report("link", "wifi"),
    ]
    first, second, third = others(live(World([house()]), tmp_path, steps, KNOWN, bits=bits))
    assert first["link"] == "ethernet" and first["at"] < 1 and not first["wifi"]
    assert second["link"] == "wifi" and second["at"] < 12
    assert third == {"link": "ethernet", "wifi": False}


def test_a_slow_router_on_the_cable_is_waited_for(tmp_path):
    """With an address after 8 s nothing else is tried."""
    steps = [ONLINE, report("link", "at", "errors")]
    (seen,) = others(live(World([house()], dhcp_s=8.0), tmp_path, steps, KNOWN))
    assert seen["link"] == "ethernet" and seen["at"] < 9.5 and seen["errors"] == {}


OUTAGES = {
    "the access point is off": ("rssi house", -95, -55),
    "the password is another one for a while": ("password house", "anders123", KEY),
    "the router gives no addresses": ("dhcp_s", 1e9, 0.0),
}
PROBLEMS = {"rssi house": "not_found", "password house": "wrong_password", "dhcp_s": "no_address"}


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_network_that_is_back_is_used_within_30_s(outage, tmp_path):
    """After an outage of minutes, with the pauses between tries at their longest."""
    field, broken, whole = OUTAGES[outage]
    lost = [change("rssi house", -95), sleep(1), change("rssi house", -55)]
    steps = [
        ONLINE,
        IN_CLOUD,
        change(field, broken),
        *(lost if field == "dhcp_s" else []),
        OFFLINE,
        ["accept", False],
        sleep(150),
        report("problem", "errors"),
        change(field, whole),
        MARK,
        ONLINE,
        report("took", "link"),
    ]
    during, back = others(live(World([house()], cable=False), tmp_path, steps, KNOWN))
    assert during["problem"] == PROBLEMS[field]
    assert during["errors"]["connection." + during["problem"]] == 1
    assert back["link"] == "wifi" and back["took"] <= 30


@pytest.mark.parametrize(
    "network, problem",
    [
        (house(), "wrong_password"),
        (Network("barn", KEY), "not_found"),
        (Network("house", "geheim124", "enterprise"), "failed"),
    ],
)
def test_a_wrong_password_is_not_taken_for_no_network(network, problem, tmp_path):
    steps = [until_not("problem", None), report("problem")]
    settings = {"networks": [["house", "geheim124"]]}
    seen = others(live(World([network], cable=False), tmp_path, steps, settings))
    assert seen == [{"problem": problem}]


def test_the_router_that_boots_slower_than_the_gateway(tmp_path):
    """The whole street had no power: the access point is there after two minutes. No hotspot
    opens, and the network is used within 30 s."""
    steps = [sleep(120), change("rssi house", -50), ONLINE, report("at", "link")]
    far = Network("house", KEY, rssi=-95)
    lines = live(World([far], cable=False), tmp_path, steps, KNOWN)
    assert lines[-1]["link"] == "wifi" and lines[-1]["at"] <= 150
    assert "ready" not in leds(lines)


def test_a_network_that_is_back_beside_one_that_fails(tmp_path):
    """Two stronger known networks give no address, which takes its time: the third one, when it
    is back, is used within 30 s all the same; with the hotspot open too."""
    networks = [
        Network("attic", "boven1234", rssi=-50, bssid="020000000003", addresses=False),
        Network("barn", "boven1234", rssi=-52, bssid="020000000004", addresses=False),
        Network("house", KEY, rssi=-95, bssid="020000000001"),
    ]
    steps = [sleep(150)]
    for n in range(12):
        steps += [change("rssi house", -70), MARK, ONLINE, report("took")]
        steps += [change("rssi house", -95), OFFLINE, sleep(100 + 7 * n)]
    settings = {"networks": [[one.ssid, one.password] for one in networks]}
    seen = others(live(World(networks, cable=False), tmp_path, steps, settings))
    assert len(seen) == 12 and max(line["took"] for line in seen) <= 30, seen


@pytest.mark.parametrize("choice", ["ethernet", "wifi"])
def test_on_the_connect_series_the_installer_chooses(choice, tmp_path):
    steps = [
        ONLINE,
        report("link"),
        change("cable", False),
        change("rssi house", -95),
        OFFLINE,
        report("link"),
        change("cable", True) if choice == "wifi" else change("rssi house", -50),
        sleep(60),
        report("link"),
    ]
    settings = {**KNOWN, "link": choice}
    seen = others(live(World([house()]), tmp_path, steps, settings, board=BOARDS / "CONNECT"))
    # The other link is not taken.
    assert [line["link"] for line in seen] == [choice, None, None]


def test_credentials_by_the_hotspot_are_a_choice_for_wifi(tmp_path):
    """Ethernet was chosen and its cable is gone: what the hotspot is given is used at once."""
    steps = [
        ONLINE,
        change("cable", False),
        OFFLINE,
        give("house", KEY),
        sleep(2),
        report("result", "link", "choice"),
    ]
    settings = {"link": "ethernet"}
    seen = others(live(World([house()]), tmp_path, steps, settings, board=BOARDS / "CONNECT"))
    assert seen == [{"result": "ok", "link": "wifi", "choice": "wifi"}]


def test_credentials_are_used_though_the_flash_is_full(tmp_path):
    """What is to be kept goes to settings.1 next, which is none."""
    (tmp_path / "settings.1").mkdir()
    steps = [ONLINE, change("cable", False), OFFLINE, give("house", KEY), sleep(2)]
    steps += [report("result", "link", "choice", "unkept", "errors")]
    settings = {"link": "ethernet"}
    (seen,) = others(live(World([house()]), tmp_path, steps, settings, board=BOARDS / "CONNECT"))
    assert seen.pop("errors")["provision.unkept"] == 2  # the network, and the choice
    assert seen == {"result": "ok", "link": "wifi", "choice": "ethernet", "unkept": True}


def board_with(tmp_path: Path, name: str, links: tuple[str, ...]) -> Path:
    """The folder of a board with other links, which it chooses by itself."""
    text = (BOARDS / name / "board.py").read_text().replace('"installer"', '"gateway"')
    folder = tmp_path / "BOARD"
    folder.mkdir()
    (folder / "board.py").write_text(f"{text}\nLINKS = {links!r}\nSIGNAL_DBM = (-95, -105)\n")
    return folder


def test_wifi_before_ethernet(tmp_path):
    """The order of LINKS: a known network is used though the cable has an address first, and
    again when it is back."""
    steps = [
        until("link", "wifi"),
        report("link", "at"),
        change("rssi house", -95),
        until("link", "ethernet"),
        report("link", "at"),
        change("rssi house", -50),
        MARK,
        until("link", "wifi"),
        report("link", "took"),
    ]
    board = board_with(tmp_path, "CONNECT", ("wifi", "ethernet"))
    seen = others(live(World([house()]), tmp_path, steps, KNOWN, board=board))
    assert [line["link"] for line in seen] == ["wifi", "ethernet", "wifi"]
    assert seen[0]["at"] < 10 and seen[1]["at"] < 30 and seen[2]["took"] < 70


def test_a_modem_hangs_up_when_the_cable_is_back(tmp_path):
    steps = [
        ONLINE,
        change("cable", False),
        until("link", "lte"),
        report("link", "lte"),
        change("cable", True),
        until("link", "ethernet"),
        sleep(2),
        report("link", "lte"),
    ]
    board = board_with(tmp_path, "CONNECT", ("ethernet", "lte"))
    seen = others(live(World(), tmp_path, steps, board=board))
    assert seen == [{"link": "lte", "lte": True}, {"link": "ethernet", "lte": False}]


RECEPTION = {  # dBm one after the other: what the LED shows
    -80: "well", -96: "medium", -94: "medium", -93: "medium", -90: "well",
    -104: "medium", -106: "poor", -103: "poor", -101: "medium", -79: "well",
}  # fmt: skip


def test_lte(tmp_path):
    """Reception on the LED, with no flicker at the limit; a lost cell is dialled again."""
    steps = [MEASURING, ONLINE, IN_CLOUD]
    for dbm in RECEPTION:
        steps += [change("lte_dbm", dbm), sleep(2), report("state")]
    steps += [
        change("lte_dbm", None),
        OFFLINE,
        ["accept", False],
        sleep(120),
        report("problem"),
        change("lte_dbm", -90),
        MARK,
        ONLINE,
        report("took"),
    ]
    board = BOARDS / "CONNECT_4G"
    lines = live(World(lte_dbm=-80), tmp_path, steps, {"apn": "m2m"}, board=board)
    shown = leds(lines)
    assert shown[shown[0] == "searching" :][:2] == ["connecting", "well"]
    *seen, problem, back = others(lines)
    assert [line["state"] for line in seen] == list(RECEPTION.values())
    assert problem == {"problem": "not_found"} and back["took"] <= 30


def test_no_sim_card(tmp_path):
    steps = [until_not("problem", None), sleep(1), report("problem", "state")]
    seen = others(live(World(sim=False), tmp_path, steps, board=BOARDS / "CONNECT_4G"))
    assert seen == [{"problem": "no_sim", "state": "no internet"}]


def test_the_advice_for_lte_names_no_router(tmp_path):
    steps = [until_not("problem", None), report("text")]
    for board, word in (("CONNECT_4G", "4G"), ("WIFI_CONNECT", "access point")):
        world = World(lte_dbm=None, cable=False)
        (seen,) = others(live(world, tmp_path, steps, KNOWN, board=BOARDS / board))
        assert word in seen["text"]


def test_a_press_does_nothing_where_there_is_no_radio(tmp_path):
    """The 4G Connect has no hotspot: it goes on as before, and joins nothing."""
    steps = [ONLINE, sleep(2), PRESS, sleep(60), report("hotspot", "errors", "state")]
    lines = live(World(), tmp_path, steps, {"apn": "m2m"}, board=BOARDS / "CONNECT_4G")
    assert lines[-1] == {"hotspot": None, "errors": {}, "state": "connecting"}
