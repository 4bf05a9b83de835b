"""Which link is used, how it is got and got back, in simulated worlds and on simulated time: from
power-up to the hotspot, outages, wrong passwords, roaming, the installer's choice, LTE."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from gateway_host.image import BOARDS
from gateway_host.sim.radio import SECURITIES, Network, World
from play_in_world import play
from running_gateway import free_port

# Runs a Connection and what the test does meanwhile; every change is told with the simulated s.
BEGIN = """
import asyncio, sys
import board
from site import settings
from net.connection import Connection
from system.counters import Counters
from led import Led
from on_world import hardware, tell, world
made = hardware()
counters = Counters()
led = Led(board.LED, board.LONGEST_S)
online = False
in_cloud = False

def seconds():
    return made.uptime_ms() / 1000

def happens(event, value):
    if led.set_event(event, value, made.uptime_ms() // 1000):
        tell(s=seconds(), led=led.state)

wishes = settings.read()
connection = Connection(made, board, wishes, counters, happens, lambda: in_cloud)

async def until(condition, limit=3600):
    end = seconds() + limit
    while not condition() and seconds() < end:
        await asyncio.sleep_ms(250)
    return seconds()

async def given(ssid, key):
    trial = connection.trial
    trial.submit(ssid, key)
    await until(lambda: trial.state != "trying")
    return trial.result

async def main():
    asyncio.create_task(connection.run())
"""
END = """
asyncio.run(main())
"""


def house() -> Network:
    """A new one each time: worlds change."""
    return Network("house", "geheim123", bssid="020000000001")


def run(world: World, body: str, tmp_path: Path, wishes: Any = None, **options: Any) -> list[dict]:
    if wishes is not None:
        (tmp_path / "settings.json").write_text(json.dumps(wishes))
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    options.setdefault("portal", [free_port(), free_port()])
    return play(world, BEGIN + lines + END, tmp_path, **options)


def leds(told: list[dict]) -> list[str]:
    return [line["led"] for line in told if "led" in line]


KNOWN = {"networks": [["house", "geheim123"]]}


def test_ethernet_comes_first(tmp_path, bits):
    body = """
await until(lambda: connection.online())
tell(link=connection.link, at=seconds(), wifi=made.radio.connected())
world(made, "cable", False)
await until(lambda: connection.link == "wifi")
tell(link=connection.link, at=seconds())
world(made, "cable", True)
await until(lambda: connection.link == "ethernet")
await asyncio.sleep(1)
tell(link=connection.link, wifi=made.radio.connected())
"""
    told = run(World([house()]), body, tmp_path, KNOWN, bits=bits)
    first, second, third = (line for line in told if "link" in line)
    assert first["link"] == "ethernet" and first["at"] < 1 and not first["wifi"]
    assert second["link"] == "wifi" and second["at"] < 12
    assert third == {"link": "ethernet", "wifi": False}


def test_a_slow_router_on_the_cable_is_waited_for(tmp_path):
    """With an address after 8 s nothing else is tried."""
    body = """
await until(lambda: connection.online())
tell(link=connection.link, at=seconds(), errors=counters.counts)
"""
    (told,) = [
        line for line in run(World([house()], dhcp_s=8.0), body, tmp_path, KNOWN) if "link" in line
    ]
    assert told["link"] == "ethernet" and told["at"] < 9.5 and told["errors"] == {}


@pytest.mark.parametrize("cable, dhcp_s", [(False, 0.0), (True, float("inf"))])
def test_the_hotspot_opens_within_15_s_when_nothing_is_known(tmp_path, cable, dhcp_s):
    body = """
await until(lambda: led.state == "ready")
await asyncio.sleep(2)
tell(hotspot=made.a_uart.ask("hotspot_name"), problem=connection.wrong())
"""
    told = run(World([house()], cable=cable, dhcp_s=dhcp_s), body, tmp_path)
    ready = next(line["s"] for line in told if line.get("led") == "ready")
    assert ready < 15
    assert told[-1]["hotspot"].startswith("Gateway-")
    assert told[-1]["problem"] == "nothing_known"


def test_the_hotspot_closes_after_15_minutes_and_nothing_listens(tmp_path):
    port = free_port()
    body = f"""
import socket
def listens():
    s = socket.socket()
    try:
        s.connect(socket.getaddrinfo("127.0.0.1", {port})[0][-1])
        return True
    except OSError:
        return False
    finally:
        s.close()
await until(lambda: led.state == "ready")
await asyncio.sleep(2)
tell(listens=listens())
await until(lambda: led.state != "ready")
await asyncio.sleep(2)
tell(listens=listens(), hotspot=made.a_uart.ask("hotspot_name"))
"""
    told = run(World([], cable=False), body, tmp_path, portal=[port, free_port()])
    states = {line["led"]: line["s"] for line in told if "led" in line}  # the last time of each
    first, last = (line for line in told if "listens" in line)
    assert 895 <= states["no internet"] - states["ready"] <= 905
    assert first == {"listens": True}
    assert last == {"listens": False, "hotspot": None}


OUTAGES = {
    "the access point is off": ("rssi house", -95, -55),
    "the password is another one for a while": ("password house", "anders123", "geheim123"),
    "the router gives no addresses": ("dhcp_s", 1e9, 0.0),
}


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_network_that_is_back_is_used_within_30_s(outage, tmp_path):
    """After an outage of minutes, with the pauses between tries at their longest."""
    field, broken, whole = OUTAGES[outage]
    body = f"""
await until(lambda: connection.online())
in_cloud = True
world(made, {field!r}, {broken!r})
if {field!r} == "dhcp_s":
    world(made, "rssi house", -95)
    await asyncio.sleep(1)
    world(made, "rssi house", -55)
await until(lambda: not connection.online())
in_cloud = False
await asyncio.sleep(150)
tell(problem=connection.wrong(), errors=counters.counts)
world(made, {field!r}, {whole!r})
back = seconds()
await until(lambda: connection.online())
tell(took=seconds() - back, link=connection.link)
"""
    problem, back = (
        line
        for line in run(World([house()], cable=False), "global in_cloud\n" + body, tmp_path, KNOWN)
        if "led" not in line
    )
    expected = {"rssi house": "not_found", "password house": "wrong_password"}
    assert problem["problem"] == expected.get(field, "no_address")
    assert problem["errors"]["connection." + problem["problem"]] == 1
    assert back["link"] == "wifi" and back["took"] <= 30


def test_a_wrong_password_is_told_apart_from_no_network(tmp_path):
    body = """
await until(lambda: connection.wrong())
tell(problem=connection.wrong())
"""
    for networks, problem in (
        ([house()], "wrong_password"),
        ([Network("barn", "geheim123")], "not_found"),
        ([Network("house", "geheim124", "enterprise")], "failed"),
    ):
        wishes = {"networks": [["house", "geheim124"]]}
        told = run(World(networks, cable=False), body, tmp_path, wishes)
        assert {"problem": problem} in told


def test_of_several_known_networks_the_strongest_is_joined_and_then_the_others(tmp_path):
    networks = [
        Network("attic", "boven1234", rssi=-70),
        Network("house", "geheim123", rssi=-50),
        Network("barn", "stal12345", rssi=-40),  # not known
    ]
    wishes = {"networks": [["attic", "boven1234"], ["house", "verkeerd1"]]}
    body = """
await until(lambda: connection.online())
tell(dbm=connection.describe()["dbm"])
"""
    told = run(World(networks, cable=False), body, tmp_path, wishes)
    assert {"dbm": -70} in told  # the stronger one has got another password


def test_the_router_that_boots_slower_than_the_gateway(tmp_path):
    """The whole street had no power: the access point is there after two minutes. No hotspot
    opens, and the network is used within 30 s."""
    body = """
await asyncio.sleep(120)
world(made, "rssi house", -50)
await until(lambda: connection.online())
tell(at=seconds(), link=connection.link)
"""
    far = Network("house", "geheim123", rssi=-95)
    told = run(World([far], cable=False), body, tmp_path, KNOWN)
    assert told[-1]["link"] == "wifi" and told[-1]["at"] <= 150
    assert "ready" not in leds(told)


def test_known_networks_that_never_come_open_the_hotspot_within_10_minutes(tmp_path):
    body = """
await until(lambda: led.state == "ready")
await asyncio.sleep(30)
world(made, "rssi house", -50)
back = seconds()
await until(lambda: connection.online())
tell(took=seconds() - back)
"""
    far = Network("house", "geheim123", rssi=-95)
    told = run(World([far], cable=False), body, tmp_path, KNOWN)
    assert next(line["s"] for line in told if line.get("led") == "ready") < 600
    assert told[-1]["took"] <= 30  # though the hotspot is open


def test_roaming(tmp_path):
    """A much stronger access point of the same network is taken; a little stronger one is not."""
    far = Network("house", "geheim123", rssi=-50, bssid="020000000001")
    near = Network("house", "geheim123", rssi=-95, bssid="020000000002")
    body = """
global in_cloud
await until(lambda: connection.online())
in_cloud = True
made.a_uart.ask("set", ("bssid 020000000001", -80))
made.a_uart.ask("set", ("bssid 020000000002", -74))
await asyncio.sleep(180)
tell(dbm=made.radio.dbm())
made.a_uart.ask("set", ("bssid 020000000002", -55))
await asyncio.sleep(90)
tell(dbm=made.radio.dbm(), lost=counters.counts.get("connection.lost", 0))
"""
    told = run(World([far, near], cable=False), body, tmp_path, KNOWN)
    assert told[-2]["dbm"] == -80
    assert told[-1]["dbm"] == -55


def twin(security: str) -> Network:
    """A stranger's access point with the name of our network, stronger."""
    password = "" if security == "open" else "anders123"
    return Network("house", password, security, rssi=-40, bssid="020000000002")


def joins(world: World) -> list[str]:
    """The bssids that are joined from now on, in order."""
    found, join = [], world._join

    def recorded(wanted: list[str]) -> None:
        found.append(wanted[2])
        join(wanted)

    world._join = recorded
    return found


@pytest.mark.parametrize("security", SECURITIES)
def test_a_stranger_with_our_networks_name_is_passed_over(security, tmp_path):
    """What can not be joined (docs/provisioning.md) is not even tried, nor handed our key; what
    refuses is tried once."""
    body = """
await until(lambda: connection.online())
tell(at=seconds())
made.a_uart.ask("set", ("bssid 020000000001", -95))
await until(lambda: not connection.online())
made.a_uart.ask("set", ("bssid 020000000001", -60))
await until(lambda: connection.online())
await asyncio.sleep(5)
tell(link=connection.link, dbm=made.radio.dbm())
"""
    home = Network("house", "geheim123", rssi=-60, bssid="020000000001")
    world = World([home, twin(security)], cable=False)
    found = joins(world)
    told = run(world, body, tmp_path, KNOWN)
    assert told[-1] == {"link": "wifi", "dbm": -60}
    assert found.count("020000000002") == (security in ("wpa", "wpa2"))


@pytest.mark.parametrize("twins", [1, 5])
def test_strangers_with_our_networks_name_and_an_open_hotspot(twins, tmp_path):
    """Those that refuse our key do not spoil the name, however many they are."""
    body = """
connection.open_hotspot()
await until(lambda: connection.online(), 120)
tell(dbm=made.radio.dbm(), at=seconds())
"""
    home = Network("house", "geheim123", rssi=-60, bssid="020000000001")
    strangers = [twin("wpa2") for _ in range(twins)]
    for n, stranger in enumerate(strangers):
        stranger.bssid = f"02000000001{n}"
    world = World([home, *strangers], cable=False)
    found = joins(world)
    told = run(world, body, tmp_path, KNOWN)
    assert told[-1]["dbm"] == -60 and told[-1]["at"] < 60
    assert max(map(found.count, found)) <= 2


@pytest.mark.parametrize("security", SECURITIES)
def test_roaming_leaves_no_network_for_a_stranger(security, tmp_path):
    """One that refuses us costs the link once."""
    body = """
global in_cloud
await until(lambda: connection.online())
in_cloud = True
world(made, "rssi house", -80)
made.a_uart.ask("set", ("bssid 020000000002", -40))
await asyncio.sleep(600)
tell(dbm=made.radio.dbm(), lost=counters.counts.get("connection.lost", 0))
"""
    home = Network("house", "geheim123", rssi=-60, bssid="020000000001")
    stranger = twin(security)
    stranger.rssi = -95
    world = World([home, stranger], cable=False)
    found = joins(world)
    told = run(world, body, tmp_path, KNOWN)
    tried = int(security in ("wpa", "wpa2"))
    assert told[-1] == {"dbm": -80, "lost": tried}
    assert found.count("020000000002") == tried


def test_an_access_point_that_has_failed_is_tried_again_after_an_hour(tmp_path):
    body = """
global in_cloud
await until(lambda: connection.online())
in_cloud = True
made.a_uart.ask("set", ("bssid 020000000001", -80))
made.a_uart.ask("set", ("bssid 020000000002", -40))
await asyncio.sleep(300)
world(made, "password house", "geheim123")  # of the first one of that name
await until(lambda: made.radio.dbm() == -40, 7200)
tell(at=seconds(), dbm=made.radio.dbm())
"""
    home = Network("house", "geheim123", rssi=-60, bssid="020000000001")
    other = Network("house", "anders123", rssi=-95, bssid="020000000002")
    told = run(World([other, home], cable=False), body, tmp_path, KNOWN)
    assert told[-1]["dbm"] == -40
    assert told[-1]["at"] > 1000


def test_an_access_point_that_gave_no_address_once_is_left_out_for_minutes(tmp_path):
    """Its router was starting."""
    body = """
global in_cloud
join = made.radio.join
async def starting(ssid, password, bssid=b""):
    if bssid == bytes.fromhex("020000000002"):
        await asyncio.sleep(16)
        return "no_address"
    return await join(ssid, password, bssid)
made.radio.join = starting
await until(lambda: connection.online())
tell(dbm=made.radio.dbm())
made.radio.join = join
in_cloud = True
await until(lambda: made.radio.dbm() == -50, 7200)
tell(at=seconds(), dbm=made.radio.dbm())
"""
    networks = [
        Network("house", "geheim123", rssi=-80, bssid="020000000001"),
        Network("house", "geheim123", rssi=-50, bssid="020000000002"),
    ]
    told = run(World(networks, cable=False), body, tmp_path, KNOWN)
    first, second = (line for line in told if "dbm" in line)
    assert first["dbm"] == -80 and second["dbm"] == -50
    assert 600 <= second["at"] <= 750


# hotspot(): the Trial, as soon as the hotspot is open.
OPEN = """
async def hotspot():
    await until(lambda: connection._hotspot.is_open() and made.a_uart.ask("hotspot_name"))
    return connection.trial
connection.open_hotspot()
"""


@pytest.mark.parametrize("cable", [False, True])
def test_credentials_are_tried_before_they_are_stored(cable, tmp_path):
    """By the hotspot's own way in; a wrong password is not kept, and shown on the LED, also while
    a cable leads to the cloud."""
    body = """
for ssid, key in (("mouse", "geheim123"), ("house", "verkeerd1"), ("house", "geheim123")):
    began = seconds()
    result = await given(ssid, key)
    tell(result=result, took=seconds() - began, known=wishes.networks, led=led.state, s=seconds())
    await asyncio.sleep(7)
tell(again=settings.read().networks)
"""
    program = f"global in_cloud\nin_cloud = {cable}\nhappens('measuring', True)\n{OPEN}"
    told = run(World([house()], cable=cable), program + body, tmp_path)
    results = [line for line in told if "result" in line]
    assert [line["result"] for line in results] == ["not_found", "wrong_password", "ok"]
    assert [line["known"] for line in results] == [[], [], [["house", "geheim123"]]]
    well = "well" if cable else "connecting"
    assert [line["led"] for line in results] == ["no internet", "no internet", well]
    assert results[2]["took"] < 10  # from "connect" to green
    assert told[-1] == {"again": [["house", "geheim123"]]}


def test_known_networks_that_refuse_their_password_leave_the_phone_alone(tmp_path):
    """Two of them, on two channels, which were tried just before: the phone stays where it is.
    With the hotspot closed they are tried again, and what is known beside them always."""
    body = """
await hotspot()
from json import load
key = load(open("factory.json"))["hotspot_key"]
made.a_uart.ask("phone", (made.a_uart.ask("hotspot_name"), key))
away = 0
for _ in range(1200):
    await asyncio.sleep_ms(250)
    away += not made.a_uart.ask("phone_is_joined")
tell(away=away, problem=connection.wrong())
world(made, "rssi barn", -55)
began = seconds()
await until(lambda: connection.link == "wifi", 60)
tell(link=connection.link, took=seconds() - began)
world(made, "rssi barn", -95)
await until(lambda: not made.a_uart.ask("hotspot_name"))
world(made, "password house", "geheim123")
began = seconds()
await until(lambda: connection.link == "wifi", 60)
tell(link=connection.link, took=seconds() - began)
"""
    networks = [
        Network("house", "newpass12", channel=1),
        Network("attic", "newpass12", channel=11),
        Network("barn", "geheim123", rssi=-95, channel=6),
    ]
    wishes = {"networks": [[one.ssid, "geheim123"] for one in networks]}
    told = run(World(networks, cable=False), OPEN + body, tmp_path, wishes)
    first, second, third = (line for line in told if "led" not in line)
    assert first == {"away": 0, "problem": "wrong_password"}
    assert second["link"] == "wifi" and second["took"] <= 30
    assert third["link"] == "wifi" and third["took"] <= 30


def test_the_led_shows_the_last_result(tmp_path):
    """Credentials that work soon after some that did not: no blue comes after the green."""
    body = """
await hotspot()
tell(result=await given("house", "verkeerd1"))
await asyncio.sleep(1)
tell(result=await given("house", "geheim123"))
await asyncio.sleep(20)
tell(open=made.a_uart.ask("hotspot_name"), led=led.state)
"""
    told = run(World([house()], cable=False), OPEN + body, tmp_path)
    results = [n for n, line in enumerate(told) if "result" in line]
    assert [told[n]["result"] for n in results] == ["wrong_password", "ok"]
    assert leds(told[: results[0]])[-1] == "no internet"
    assert leds(told[results[0] : results[1]])[0] == "ready"  # while it is tried
    assert told[-1]["open"] and leds(told[results[1] - 1 :]) == ["connecting", "connecting"]


@pytest.mark.parametrize("password, dhcp_s", [("anders123", 0.0), ("geheim123", 12.0)])
def test_networks_are_looked_for_when_the_radio_has_time(password, dhcp_s, tmp_path):
    """Beside a known network that is being sought and joined: by the hotspot at its opening, and
    by *Search again*, which does not wait longer than a request may take. That nothing collides
    is seen in every world (worlds.play)."""
    body = """
portal = await hotspot()
tell(networks=len(portal.networks))
world(made, "rssi house", -55)
longest = 0
for _ in range(25):
    began = seconds()
    await portal.scan()
    longest = max(longest, seconds() - began)
    await asyncio.sleep(1)
tell(longest=longest, networks=len(portal.networks))
"""
    networks = [Network("house", password, rssi=-95), Network("new", "geheim123")]
    world = World(networks, cable=False, dhcp_s=dhcp_s)
    told = [line for line in run(world, OPEN + body, tmp_path, KNOWN) if "networks" in line]
    assert [line["networks"] for line in told] == [1, 2]
    assert told[1]["longest"] < 8


def test_a_scan_that_outlives_the_hotspot_is_waited_for(tmp_path):
    body = """
portal = await hotspot()
asyncio.create_task(portal.scan())
await asyncio.sleep_ms(50)
connection._window.close_within(0)
await until(lambda: not (connection._hotspot.is_open() or connection._joining.busy()))
tell(heard=len(await made.radio.scan()), open=made.a_uart.ask("hotspot_name"))
"""
    told = run(World([house()]), OPEN + body, tmp_path)
    assert told[-1] == {"heard": 1, "open": None}


def test_a_press_while_the_hotspot_is_open_keeps_it_open(tmp_path):
    """For 15 minutes from then on; after credentials have worked too."""
    body = """
await hotspot()
began = seconds()
await asyncio.sleep(600)
connection.open_hotspot()
await until(lambda: not made.a_uart.ask("hotspot_name"))
tell(open=seconds() - began)
connection.open_hotspot()
portal = await hotspot()
portal.submit("house", "geheim123")
await until(lambda: portal.state == "done")
began = seconds()
await until(lambda: not made.a_uart.ask("hotspot_name"))
tell(unseen=seconds() - began)
"""
    told = run(World([house()], cable=False), OPEN + body, tmp_path)
    (first,) = (line["open"] for line in told if "open" in line)
    assert 1490 <= first <= 1510
    assert 175 <= told[-1]["unseen"] <= 185


@pytest.mark.parametrize("choice", ["ethernet", "wifi"])
def test_on_the_connect_series_the_installer_chooses(choice, tmp_path):
    body = """
await until(lambda: connection.online())
tell(link=connection.link)
world(made, "cable", False)
world(made, "rssi house", -95)
await until(lambda: not connection.online(), 20)
tell(link=connection.link)
wifi = wishes.link == "wifi"
world(made, *(("cable", True) if wifi else ("rssi house", -50)))
await asyncio.sleep(60)
tell(link=connection.link)
"""
    wishes = {**KNOWN, "link": choice}
    told = run(World([house()]), body, tmp_path, wishes, board=BOARDS / "CONNECT")
    links = [line["link"] for line in told if "link" in line]
    assert links == [choice, None, None]  # the other link is not taken


def test_credentials_by_the_hotspot_are_a_choice_for_wifi(tmp_path):
    """Ethernet was chosen and its cable is gone: what the hotspot is given is used at once."""
    body = """
await until(lambda: connection.online())
world(made, "cable", False)
await until(lambda: not connection.online())
tell(result=await given("house", "geheim123"))
await asyncio.sleep(2)
tell(link=connection.link, choice=settings.read().link)
"""
    told = run(World([house()]), body, tmp_path, {"link": "ethernet"}, board=BOARDS / "CONNECT")
    assert {"result": "ok"} in told
    assert told[-1] == {"link": "wifi", "choice": "wifi"}


def test_lte(tmp_path):
    """Reception on the LED, with no flicker at the limit; a lost cell is dialled again."""
    body = """
global in_cloud
happens("measuring", True)
await until(lambda: connection.online())
in_cloud = True
for dbm in (-80, -96, -94, -93, -90, -104, -106, -103, -101, -80):
    world(made, "lte_dbm", dbm)
    await asyncio.sleep(2)
    tell(dbm=dbm, shown=led.state)
world(made, "lte_dbm", None)
await until(lambda: not connection.online())
in_cloud = False
await asyncio.sleep(120)
tell(problem=connection.wrong())
world(made, "lte_dbm", -90)
back = seconds()
await until(lambda: connection.online())
tell(took=seconds() - back)
"""
    world = World(lte_dbm=-80)
    told = run(world, body, tmp_path, {"apn": "m2m"}, board=BOARDS / "CONNECT_4G")
    assert leds(told)[:2] == ["connecting", "well"] or leds(told)[:3] == [
        "searching",
        "connecting",
        "well",
    ]
    shown = {(line["dbm"]): line["shown"] for line in told if "shown" in line}
    order = [line["shown"] for line in told if "shown" in line]
    assert order == ["well", "medium", "medium", "medium", "well", "medium", "poor", "poor",
                     "medium", "well"], shown  # fmt: skip
    assert {"problem": "not_found"} in told
    assert told[-1]["took"] <= 30


def test_no_sim_card(tmp_path):
    body = """
await until(lambda: connection.wrong())
await asyncio.sleep(1)
tell(problem=connection.wrong(), led=led.state, s=seconds())
"""
    told = run(World(sim=False), body, tmp_path, board=BOARDS / "CONNECT_4G")
    assert told[-1]["problem"] == "no_sim" and told[-1]["led"] == "no internet"


def test_what_is_told_of_lte_names_no_router(tmp_path):
    body = """
from net.advice import texts
await until(lambda: connection.wrong())
tell(text=dict(texts(led, connection.wrong(), "lte" in board.LINKS, False))["connection"])
"""
    for board, said in (("CONNECT_4G", "4G"), ("WIFI_CONNECT", "access point")):
        world = World(lte_dbm=None, cable=False)
        told = run(world, body, tmp_path, KNOWN, board=BOARDS / board)
        assert said in told[-1]["text"], told


def test_service_mode_opens_the_hotspot_while_all_is_well(tmp_path):
    body = """
global in_cloud
await until(lambda: connection.online())
in_cloud = True
happens("measuring", True)
await asyncio.sleep(2)
connection.open_hotspot()
await until(lambda: led.state == "ready")
began = seconds()
await until(lambda: led.state != "ready")
tell(open=seconds() - began, led=led.state, s=seconds(), link=connection.link)
"""
    told = run(World([house()]), body, tmp_path)
    assert 895 <= told[-1]["open"] <= 905
    assert (told[-1]["led"], told[-1]["link"]) == ("well", "ethernet")


# Servers in the gateway's own program: a probe that answers with `answer()`, and a cloud that
# takes a connection and says nothing.
SERVERS = """
async def web(reader, writer):
    await reader.readline()
    writer.write(answer())
    await writer.drain()
    writer.close()

async def cloud(reader, writer):
    await reader.read(64)
    await asyncio.sleep(600)

await asyncio.start_server(web, "127.0.0.1", {probe})
made.probe = ("127.0.0.1", {probe})
if {port}:
    await asyncio.start_server(cloud, "127.0.0.1", {port})
"""
YES, PORTAL = "HTTP/1.0 204 No Content\r\n\r\n", "HTTP/1.0 302 Found\r\n\r\n"


def with_servers(body: str, answer: str, is_open: bool = True) -> tuple[str, dict[str, Any]]:
    """The test's body with the servers; settings with that cloud. answer: an expression."""
    port = free_port()
    servers = SERVERS.format(probe=free_port(), port=port if is_open else 0)
    mqtt = {"host": "127.0.0.1", "port": port}
    return f"answer = lambda: {answer}\n{servers}\n{body}", {"mqtt": mqtt}


@pytest.mark.parametrize("board", ["GENIUS", "CONNECT"])
def test_a_cloud_that_is_slow_to_accept_is_no_blocked_port(board, tmp_path):
    """It takes the connection: nothing is wrong with the link, and the LED stays green."""
    body = """
await asyncio.sleep(110)
tell(leads=connection.links.reachability, state=led.state, errors=counters.counts)
"""
    body, wishes = with_servers(body, f"{YES!r}.encode()")
    told = run(World(), body, tmp_path, wishes, board=BOARDS / board)
    assert "no internet" not in leds(told)
    assert told[-1] == {"leads": "ok", "state": "connecting", "errors": {}}


def test_a_blocked_port_is_told_and_counted_once(tmp_path):
    body = """
await asyncio.sleep(110)
tell(leads=connection.links.reachability, state=led.state, errors=counters.counts)
"""
    body, wishes = with_servers(body, f"{YES!r}.encode()", is_open=False)
    told = run(World(), body, tmp_path, wishes)
    assert next(line["s"] for line in told if line.get("led") == "no internet") < 15
    errors = {"connection.no_cloud": 1}
    assert told[-1] == {"leads": "no_cloud", "state": "no internet", "errors": errors}


def test_nothing_waits_while_it_is_looked_where_the_link_leads(tmp_path):
    """A firewall that answers nothing, for which a check takes 16 s."""
    body = """
made.probe = ("127.0.0.1", 9)
async def never(*what):
    await asyncio.sleep(1000)
asyncio.open_connection = never
await until(lambda: connection.links.reachability == "no_internet", 120)
press = cable = 0
for n in range(12):
    await asyncio.sleep(20 + 1.7 * n)
    began = seconds()
    connection._window.open(60)
    await until(lambda: connection._hotspot.is_open())
    press = max(press, seconds() - began)
    await until(lambda: not (connection._hotspot.is_open() or connection._joining.busy()))
for n in range(12):
    await asyncio.sleep(20 + 1.7 * n)
    began = seconds()
    world(made, "cable", False)
    await until(lambda: connection.link is None)
    cable = max(cable, seconds() - began)
    world(made, "cable", True)
    await until(lambda: connection.link == "ethernet")
tell(leads=connection.links.reachability, press=press, cable=cable)
await until(lambda: connection.links.reachability, 120)
tell(leads=connection.links.reachability)
"""
    told = run(World([house()]), body, tmp_path, {"mqtt": {"host": "127.0.0.1", "port": 1883}})
    first, second = (line for line in told if "leads" in line)
    assert first["press"] <= 1 and first["cable"] <= 1
    assert second == {"leads": "no_internet"}


def test_a_check_that_fails_is_counted_and_made_again(tmp_path):
    body = """
made.probe = ("127.0.0.1", 9)
failures = [MemoryError("once"), MemoryError("again")]
async def check(link):
    if failures:
        raise failures.pop()
    return "ok"
connection.links.check = check
await until(lambda: connection.links.reachability, 60)
tell(leads=connection.links.reachability, errors=counters.counts)
"""
    told = run(World(), body, tmp_path)
    assert told[-1] == {"leads": "ok", "errors": {"task.connection": 2}}


def test_a_network_that_is_tried_says_nothing_of_the_cable(tmp_path):
    """A hotel's cable is looked at while the phone's credentials give a network beside it, through
    which all goes then."""
    body = """
made.probe = ("127.0.0.1", 9)
began = []
async def check(link):
    began.append(seconds())
    await asyncio.sleep(5)
    return "ok" if made.radio.connected() else "captive"
connection.links.check = check
portal = await hotspot()
await until(lambda: connection.links.reachability == "captive", 60)
await until(lambda: seconds() - began[-1] > 10, 60)
await until(lambda: seconds() - began[-1] < 3, 60)
portal.submit("house", "geheim123")
await until(lambda: portal.state == "done", 60)
await asyncio.sleep(30)
tell(link=connection.link)
"""
    told = run(World([house()]), OPEN + body, tmp_path)
    assert told[-1] == {"link": "wifi"}


def test_a_network_that_is_silent_once_is_not_told(tmp_path):
    body = """
await asyncio.sleep(60)
tell(leads=connection.links.reachability, errors=counters.counts, asked=not silent)
"""
    body, wishes = with_servers(body, f"silent.pop() if silent else {YES!r}.encode()")
    told = run(World(), f"silent = [b'']\nwishes.mqtt = None\n{body}", tmp_path, wishes)
    assert "no internet" not in leds(told)
    assert told[-1] == {"leads": "ok", "errors": {}, "asked": True}


def test_a_cable_that_leads_nowhere_gives_way_to_a_known_network(tmp_path):
    """A hotel's cable at power-up, a known network in the air: used within a minute, though the
    cable comes first. When that network goes, the cable is used again."""
    body = """
await until(lambda: connection.link == "wifi", 120)
await asyncio.sleep(10)
tell(at=seconds(), link=connection.link, leads=connection.links.reachability, led_=led.state)
world(made, "rssi house", -95)
await until(lambda: connection.link == "ethernet", 60)
await asyncio.sleep(200)
tell(link=connection.link, leads=connection.links.reachability, wifi=made.radio.connected())
"""
    answer = f"({YES!r} if made.radio.connected() else {PORTAL!r}).encode()"
    body, wishes = with_servers(body, answer)
    told = run(World([house()]), body, tmp_path, wishes | KNOWN)
    first, last = (line for line in told if "link" in line)
    assert first.pop("at") < 80
    assert first == {"link": "wifi", "leads": "ok", "led_": "connecting"}
    assert last == {"link": "ethernet", "leads": "captive", "wifi": False}


def test_a_cable_that_works_again_is_used_when_the_network_leads_nowhere(tmp_path):
    body = """
await until(lambda: connection.link == "wifi", 200)
await asyncio.sleep(60)
tell(link=connection.link, leads=connection.links.reachability)
now[:] = (YES, PORTAL)
began = seconds()
await until(lambda: connection.link == "ethernet" and connection.links.reachability == "ok", 300)
tell(link=connection.link, leads=connection.links.reachability, took=seconds() - began)
now[:] = (PORTAL, PORTAL)
began = seconds()
changes = 0
last = connection.link
while seconds() < began + 900:
    await asyncio.sleep_ms(250)
    changes += connection.link != last
    last = connection.link
tell(changes=changes)
"""
    body, wishes = with_servers(body, "now[made.radio.connected()].encode()")
    body = f"YES, PORTAL = {YES!r}, {PORTAL!r}\nnow = [PORTAL, YES]\n{body}"
    told = run(World([house()]), body, tmp_path, wishes | KNOWN)
    first, second, third = (line for line in told if "led" not in line)
    assert first == {"link": "wifi", "leads": "ok"}
    assert second.pop("took") <= 60
    assert second == {"link": "ethernet", "leads": "ok"}
    assert third == {"changes": 0}  # where nothing leads anywhere it stays


@pytest.mark.parametrize("where", ["captive", "no_internet"])
def test_where_nothing_leads_anywhere_the_cable_stays(where, tmp_path):
    """The LED stays red, without going green for every try."""
    body = """
await asyncio.sleep(600)
tell(link=connection.link, wifi=made.radio.connected(), errors=counters.counts)
"""
    answer = f"{PORTAL!r}.encode()" if where == "captive" else "b''"
    body, wishes = with_servers(body, answer, is_open=False)
    told = run(World([house()]), body, tmp_path, wishes | KNOWN)
    assert leds(told) == ["connecting", "no internet"]
    errors = {f"connection.{where}": 1}
    assert told[-1] == {"link": "ethernet", "wifi": False, "errors": errors}


def test_of_two_known_networks_the_one_that_leads_to_the_cloud_is_used(tmp_path):
    """Though it is weaker, within two minutes. Where neither does, each is left once an hour, and
    the LED stays red."""
    body = """
leads_ = {-50: "no_internet", -65: "ok"}
async def check(link):
    await asyncio.sleep(1)
    return leads_.get(link.dbm(), "no_internet")
connection.links.check = check
made.probe = ("127.0.0.1", 9)
await until(lambda: connection.links.reachability == "ok", 120)
tell(dbm=made.radio.dbm(), leads=connection.links.reachability)
await asyncio.sleep(600)
tell(dbm=made.radio.dbm(), leads=connection.links.reachability)
leads_.clear()
await until(lambda: connection.links.reachability != "ok", 60)
tell(errors=counters.counts)
await asyncio.sleep(7200)
tell(errors=counters.counts)
"""
    networks = [Network("old", "geheim123", rssi=-50), Network("new", "geheim123", rssi=-65)]
    wishes = {"networks": [["new", "geheim123"], ["old", "geheim123"]]}
    world = World(networks, cable=False)
    found = joins(world)
    told = run(world, body, tmp_path, wishes)
    first, second, third, fourth = (line for line in told if "led" not in line)
    assert first == second == {"dbm": -65, "leads": "ok"}
    assert fourth == third and len(found) <= 2 + 3
    assert leds(told).count("no internet") == 2


def test_a_press_does_nothing_where_there_is_no_radio(tmp_path):
    """The 4G Connect has no hotspot: it goes on as before, and joins nothing."""
    body = """
begun = [0]
async def count():
    begun[0] += 1
await until(lambda: connection.online())
await asyncio.sleep(2)
connection._hotspot._serve = count
connection.open_hotspot()
await asyncio.sleep(60)
tell(begun=begun[0], led_=led.state)
"""
    told = run(World(), body, tmp_path, {"apn": "m2m"}, board=BOARDS / "CONNECT_4G")
    assert told[-1] == {"begun": 0, "led_": "connecting"}


def board_with(tmp_path: Path, name: str, links: tuple[str, ...]) -> Path:
    """The folder of a board with other links, which it chooses by itself."""
    text = (BOARDS / name / "board.py").read_text().replace('"installer"', '"gateway"')
    folder = tmp_path / "BOARD"
    folder.mkdir()
    (folder / "board.py").write_text(f"{text}\nLINKS = {links!r}\nSIGNAL_DBM = (-95, -105)\n")
    return folder


def test_a_modem_hangs_up_when_the_cable_is_back(tmp_path):
    body = """
await until(lambda: connection.online())
world(made, "cable", False)
await until(lambda: connection.link == "lte", 120)
tell(link=connection.link, lte=made.modem.connected())
world(made, "cable", True)
await until(lambda: connection.link == "ethernet", 60)
await asyncio.sleep(2)
tell(link=connection.link, lte=made.modem.connected())
"""
    board = board_with(tmp_path, "CONNECT", ("ethernet", "lte"))
    told = [line for line in run(World(), body, tmp_path, board=board) if "link" in line]
    assert told == [{"link": "lte", "lte": True}, {"link": "ethernet", "lte": False}]


def test_wifi_before_ethernet(tmp_path):
    """The order of LINKS: a known network is used though the cable has an address first, and
    again when it is back."""
    body = """
await until(lambda: connection.link == "wifi", 60)
tell(link=connection.link, at=seconds())
world(made, "rssi house", -95)
await until(lambda: connection.link == "ethernet", 20)
tell(link=connection.link, at=seconds())
world(made, "rssi house", -50)
back = seconds()
await until(lambda: connection.link == "wifi", 120)
tell(link=connection.link, at=seconds() - back)
"""
    board = board_with(tmp_path, "CONNECT", ("wifi", "ethernet"))
    told = [
        line
        for line in run(World([house()]), body, tmp_path, KNOWN, board=board)
        if "link" in line
    ]
    assert [line["link"] for line in told] == ["wifi", "ethernet", "wifi"]
    assert told[0]["at"] < 10 and told[2]["at"] < 70


def test_a_network_that_is_back_beside_one_that_fails(tmp_path):
    """Two stronger known networks give no address, which takes its time: the third one, when it
    is back, is used within 30 s all the same; with the hotspot open too."""
    networks = [
        Network("attic", "boven1234", rssi=-50, bssid="020000000003"),
        Network("barn", "boven1234", rssi=-52, bssid="020000000004"),
        Network("house", "geheim123", rssi=-95, bssid="020000000001"),
    ]
    body = """
join = made.radio.join
async def slow(ssid, password, bssid=b""):
    if ssid != "house":
        await asyncio.sleep(18)
        return "no_address"
    return await join(ssid, password, bssid)
made.radio.join = slow
await asyncio.sleep(150)
for i in range(12):
    world(made, "rssi house", -70)
    back = seconds()
    await until(lambda: connection.online(), 120)
    tell(took=seconds() - back)
    world(made, "rssi house", -95)
    await until(lambda: not connection.online(), 60)
    await asyncio.sleep(100 + 7 * i)
"""
    wishes = {"networks": [[one.ssid, one.password] for one in networks]}
    told = run(World(networks, cable=False), body, tmp_path, wishes)
    assert max(line["took"] for line in told if "took" in line) <= 30, told


def test_one_access_point_of_a_network_is_tried_in_a_round(tmp_path):
    """Five of one network give no address: another network that is back meanwhile is used within
    30 s, in the first round too."""
    networks = [
        Network("house", "geheim123", rssi=-40 - n, bssid=f"02000000001{n}") for n in range(5)
    ]
    body = """
join = made.radio.join
async def slow(ssid, password, bssid=b""):
    if ssid == "house":
        await asyncio.sleep(16)
        return "no_address"
    return await join(ssid, password, bssid)
made.radio.join = slow
await asyncio.sleep(20)
world(made, "rssi attic", -60)
back = seconds()
await until(lambda: connection.online())
tell(took=seconds() - back)
"""
    attic = Network("attic", "boven1234", rssi=-95)
    wishes = {"networks": [["house", "geheim123"], ["attic", "boven1234"]]}
    told = run(World([*networks, attic], cable=False), body, tmp_path, wishes)
    assert told[-1]["took"] <= 30


@pytest.mark.parametrize("press", [1, 15, 25, 60])
def test_a_press_does_not_wait_for_what_is_tried(press, tmp_path):
    """Three known networks give no address: the one that is being tried is the last."""
    body = f"""
await asyncio.sleep({press})
connection.open_hotspot()
began = seconds()
await until(lambda: made.a_uart.ask("hotspot_name"))
tell(took=seconds() - began)
"""
    networks = [Network(name, "geheim123") for name in ("house", "attic", "barn")]
    wishes = {"networks": [[one.ssid, one.password] for one in networks]}
    told = run(World(networks, cable=False, dhcp_s=1e9), body, tmp_path, wishes)
    assert told[-1]["took"] <= 22  # a scan, a try, and the hotspot's own scan


def test_credentials_do_not_wait_for_what_is_tried(tmp_path):
    """Whenever they come: what is being joined is left, and nothing is counted for that."""
    body = """
portal = await hotspot()
join = made.radio.join
tried = []
async def told(ssid, password, bssid=b""):
    tried.append((ssid, seconds()))
    return await join(ssid, password, bssid)
made.radio.join = told
await until(lambda: connection.wrong() == "no_address")
for n in range(12):
    await asyncio.sleep(3 + 3.7 * n)
    began = seconds()
    portal.submit("new", "geheim123")
    await until(lambda: tried and tried[-1][0] == "new" and tried[-1][1] >= began)
    tell(waited=tried[-1][1] - began)
    await until(lambda: portal.state == "ready")
tell(errors=counters.counts)
"""
    networks = [Network("house", "geheim123"), Network("attic", "geheim123"), Network("new")]
    wishes = {"networks": [[one.ssid, "geheim123"] for one in networks[:2]]}
    told = run(World(networks, cable=False, dhcp_s=1e9), OPEN + body, tmp_path, wishes)
    assert max(line["waited"] for line in told if "waited" in line) <= 4.3  # two scans
    assert told[-1]["errors"] == {"connection.no_address": 1}


@pytest.mark.parametrize("failures, opens", [(1, True), (1000, False)])
def test_a_hotspot_that_fails_is_opened_again(failures, opens, tmp_path):
    """As long as it is wished: 15 minutes."""
    body = f"""
import wifi_provision
real = wifi_provision.Provisioning.run
failed = []
async def fail(self):
    failed.append(seconds())
    if len(failed) > {failures}:
        return await real(self)
    raise MemoryError("once")
wifi_provision.Provisioning.run = fail
await until(lambda: made.a_uart.ask("hotspot_name"), 1200)
tell(at=failed, hotspot=made.a_uart.ask("hotspot_name"), errors=counters.counts["task.portal"])
"""
    *_, told = run(World([house()], cable=False), body, tmp_path)
    if opens:
        assert told["hotspot"] and told["errors"] == 1
        assert told["at"][1] - told["at"][0] < 20
    else:
        assert not told["hotspot"] and 50 <= told["errors"] <= 60
        assert told["at"][-1] - told["at"][0] <= 900
