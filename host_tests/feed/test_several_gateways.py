"""One site, several gateways (docs/several-gateways.md): a Genius publishes what a Connect
measures as well, and what is not heard is unknown."""

from __future__ import annotations

import copy
import json
import struct
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from feeding_peer import DATA, HELLO, TAKEN, WELCOME, Gathering, Peer, Sent
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from paho.mqtt import publish
from running_gateway import Listener, free_port, mqtt_at
from two_gateways import (
    CONNECT,
    FAR_HUB,
    GENIUS,
    GRID_W,
    HEAT_PUMP_W,
    KETTLE_W,
    KEY,
    LAMPS_W,
    SOLAR_W,
    Feeding,
    Site,
    connect,
    genius,
    until,
)

OTHER_KEY = "ff" * 32
POINTS = [Sent(FAR_HUB, place, watts) for place, watts in enumerate((100.0, 200.0, 300.0, 50.0))]


def loads(value: dict) -> dict[str, dict]:
    return {load["name"]: load for load in value["loads"]}


def advised(name: str):
    return lambda value: any(one["name"] == name for one in value["advice"])


def is_well(value: dict) -> bool:
    return value["gateways"][0]["state"] == "well"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_genius_publishes_the_whole_site(site, broker, tmp_path):
    home = free_port()
    with Listener(site.genius, broker.port) as listener:
        with genius(site, home, broker), connect(site, home, broker):
            whole = until(
                listener.messages,
                "site",
                lambda value: (loads(value)["Heat pump"]["power"] or 0) > 1000,
                "the Connect's loads",
            )
            totals = until(listener.messages, "totals", lambda v: v["rest"] is not None, "rest")
            state = until(listener.messages, "gateway", is_well, "the state")
            point = until(
                listener.messages,
                "realtime",
                lambda v: v["channelPowers"][site.fed()[0]]["power"] is not None,
                "the Connect's points",
            )["channelPowers"][site.fed()[0]]
    powers = {name: load["power"] for name, load in loads(whole).items()}
    expected = {"Grid": GRID_W, "Roof": SOLAR_W, "Kettle": KETTLE_W, "Heat pump": HEAT_PUMP_W}
    assert powers == pytest.approx(expected | {"Lamps": LAMPS_W}, abs=1)
    assert whole["totals"]["grid"] == pytest.approx(GRID_W, abs=1)
    assert whole["totals"]["house"] == pytest.approx(GRID_W - SOLAR_W, abs=1)
    assert totals["rest"] == pytest.approx(0, abs=2)  # each circuit counts once
    assert point["formula"] == f"${FAR_HUB}/0$" and point["power"] == 1000
    assert (point["current"], point["cosPhi"]) == (43, 100)
    assert not state["errors"] and not state["advice"]
    assert state["gateways"][0] == {
        "serial": CONNECT, "feeds": True, "state": "well",
        "seconds": state["gateways"][0]["seconds"],
        "datagrams": state["gateways"][0]["datagrams"],
    }  # fmt: skip


def test_one_that_is_lost_is_unknown_and_what_it_counts_comes_later(site, broker, tmp_path):
    home, folder = free_port(), tmp_path / "connect"
    with Listener(site.genius, broker.port) as listener:
        with genius(site, home, broker):
            with connect(site, home, broker, directory=folder):
                until(
                    listener.messages, "site",
                    lambda v: loads(v)["Lamps"]["import"] > 1000, "energy of the Connect",
                )  # fmt: skip
            seen = len(listener.of("site"))
            state = until(listener.messages, "gateway", advised("feed_lost"), "advice")
            values = listener.wait("site", seen + 9)[seen + 7 :]
            totals = listener.of("totals")[-1]
            [lost] = [one["text"] for one in state["advice"] if one["name"] == "feed_lost"]
            assert CONNECT in lost and state["errors"]["feed.lost"] == 1
            assert state["gateways"][0]["state"] == "lost"
            for value in values:
                assert loads(value)["Heat pump"]["power"] is None
                assert loads(value)["Kettle"]["power"] == pytest.approx(KETTLE_W, abs=1)
                assert value["totals"]["house"] == pytest.approx(GRID_W - SOLAR_W, abs=1)
            assert totals["rest"] is None  # house less circuits: of these some are unknown
            before = loads(values[-1])["Lamps"]["import"]
            # Its clean end has kept its registers. What it counts from then on comes, too.
            with connect(site, home, broker, directory=folder):
                back = until(
                    listener.messages, "site",
                    lambda v: loads(v)["Lamps"]["import"] > before, "energy again",
                )  # fmt: skip
    assert loads(back)["Lamps"]["power"] == pytest.approx(LAMPS_W, abs=1)
    assert loads(back)["Lamps"]["import"] - before < 40 * LAMPS_W


def test_a_genius_that_restarts_catches_up(site, broker, tmp_path):
    """What the Connect counted meanwhile is in the registers, though nobody has sent it then."""
    home, folder = free_port(), tmp_path / "genius"
    peer = Peer(CONNECT, GENIUS, KEY, home)
    with Listener(site.genius, broker.port) as listener:
        one = Played(listener, home, peer)
        with genius(site, home, broker, directory=folder):
            listener.wait("site")
            peer.begin()
            one.keep_feeding(5000, lambda: one.last()["power"] == LAMPS_W)
            one.keep_feeding(5900, lambda: one.last()["import"] == 900)
        with genius(site, home, broker, directory=folder):
            peer.begin()
            one.keep_feeding(9000, lambda: one.last()["import"] == 4000)
            assert not listener.of("gateway")[-1]["errors"]
    peer.close()


def test_without_a_key_nothing_is_sent_and_it_says_so(site, broker):
    home = free_port()
    with Listener(site.genius, broker.port) as listener, genius(site, home, broker, key=""):
        state = until(listener.messages, "gateway", advised("feed_key"), "advice")
        [value] = listener.wait("site")[:1]
    assert "site_key" in str(state["advice"])
    assert loads(value)["Heat pump"]["power"] is None


class Played:
    """A Genius, and the Connect played by the test. `energy()`: of the lamps, J."""

    def __init__(self, listener: Listener, home: int, peer: Peer):
        self.listener = listener
        self.home = home
        self.peer = peer

    def other(self, serial: str = CONNECT, key: str = KEY) -> Peer:
        return Peer(serial, GENIUS, key, self.home)

    def lamps(self, joules: int, peer: Peer | None = None) -> bool:
        points = [*POINTS[:3], Sent(FAR_HUB, 3, LAMPS_W, joules)]
        return (peer or self.peer).feed(*points)

    def keep_feeding(self, joules: int, good) -> None:
        """Until good() holds."""
        end = time.monotonic() + 60
        while not good():
            assert time.monotonic() < end
            assert self.lamps(joules)
            time.sleep(0.3)

    def last(self) -> dict:
        return loads(self.listener.of("site")[-1])["Lamps"]

    def error(self, name: str, least: int = 1) -> int:
        """How often it was counted in the first message that has it `least` times."""
        state = until(
            self.listener.messages,
            "gateway",
            lambda v: v["errors"].get(name, 0) >= least,
            f"error {name}, {least} times",
        )
        return state["errors"][name]


@pytest.fixture
def played(site, broker) -> Iterator[Played]:
    home = free_port()
    with Listener(site.genius, broker.port) as listener, genius(site, home, broker):
        listener.wait("site")
        one = Played(listener, home, Peer(CONNECT, GENIUS, KEY, home))
        one.peer.begin()
        yield one
        one.peer.close()


def test_a_counter_counts_once_however_it_comes(played):
    """The first value is where counting begins; a lost datagram loses nothing; a counter that is
    behind begins anew and counts nothing."""
    base = 7_000_000_000_000  # beyond 32 bits
    played.keep_feeding(base, lambda: played.last()["power"] == LAMPS_W)
    assert played.last()["import"] == 0
    played.peer.number += 1  # lost on its way
    played.keep_feeding(base + 4000, lambda: played.last()["import"] == 4000)
    played.keep_feeding(base - 2500, lambda: played.listener.of("gateway")[-1]["errors"])
    assert played.error("feed.back") == 1 and played.last()["import"] == 4000
    played.keep_feeding(base - 2400, lambda: played.last()["import"] == 4100)


def test_what_is_old_damaged_or_has_another_key_is_counted_and_not_used(played):
    peer = played.peer
    played.keep_feeding(1000, lambda: played.last()["power"] == LAMPS_W)
    played.keep_feeding(1600, lambda: played.last()["import"] == 600)
    replayed = [data for data in peer.sent if data[4] == 3]
    first = peer.session
    other = played.other(key=OTHER_KEY)
    assert not other.ask_for_session()
    other.session, other.number = peer.session, peer.number
    assert not played.lamps(9_000_000, other)
    peer.begin()  # a session of its own, as after a restart
    assert peer.session != first and played.lamps(1600)
    for data in replayed[-3:]:
        peer.send(data)  # of the session before
        peer.send(data[: len(data) // 2])  # a fragment
        peer.send(data[:-1] + bytes([data[-1] ^ 1]))
    peer.send(peer.sent[-10])
    assert played.lamps(1700)
    stranger = played.other("5130000099")
    assert not stranger.ask_for_session()
    for name, least in (("feed.old", 3), ("feed.damaged", 3), ("feed.key", 4)):
        played.error(name, least)  # waits for it: a message may tell of a part of them
    assert played.error("feed.unlisted") == 1
    played.keep_feeding(1700, lambda: played.last()["import"] == 700)
    state = until(played.listener.messages, "gateway", advised("feed_unlisted"), "advice")
    assert "5130000099" in str(state["advice"])
    other.close()
    stranger.close()


def test_two_with_one_number_the_first_one_stays(played):
    twin = played.other()
    played.keep_feeding(500, lambda: played.last()["power"] == LAMPS_W)

    def both() -> bool:
        assert not twin.ask_for_session()
        return any(advised("feed_twin")(value) for value in played.listener.of("gateway"))

    played.keep_feeding(500, both)
    assert played.error("feed.twin") == 1 and played.last()["import"] == 0
    twin.begin()  # the first one is silent: the other one takes its place, as one repaired does
    twin.close()


def test_a_flood_makes_nothing_late(played):
    """Measuring goes on, and what is not taken is unknown."""
    junk = played.other(key=OTHER_KEY)
    played.keep_feeding(500, lambda: played.last()["power"] == LAMPS_W)
    before = played.listener.of("gateway")[-1]
    seen = len(played.listener.of("site"))
    end = time.monotonic() + 8
    while time.monotonic() < end:
        for _ in range(50):
            junk.send(junk.datagram(3, bytes(8), POINTS[0].record() * 28, 1))
        time.sleep(0.01)
    assert played.error("feed.flood") > 0
    values = played.listener.wait("site", seen + 6)[seen:]
    assert all(value["seconds"] < 1.5 for value in values)
    assert loads(values[-1])["Kettle"]["power"] == pytest.approx(KETTLE_W, abs=1)
    after = played.listener.of("gateway")[-1]["errors"]
    assert set(after) - set(before["errors"]) <= {"feed.flood", "feed.key", "feed.lost"}
    junk.close()


def test_another_document_goes_on_with_what_was_gathered(played, site, broker):
    """Without a new start: values stay, and the registers of its points go on."""
    lamps = site.fed()[-1]

    def point() -> dict:
        return played.listener.of("site")[-1]["points"][lamps]

    played.keep_feeding(1000, lambda: played.last()["power"] == LAMPS_W)
    played.keep_feeding(1600, lambda: point()["import"] == 600)
    document = copy.deepcopy(site.genius)
    for load in document["loads"]:
        load["name"] = load["name"].replace("Lamps", "Lights")
    for one in document["points"]:
        one["load"] = one["load"].replace("Lamps", "Lights")
    order = {"id": "9", "expires": int(time.time()) + 60, "configure": {"site": document}}
    topic = f"servicelocation/{site.genius['uuid']}/gateway/set"
    publish.single(topic, json.dumps(order), qos=1, port=broker.port)
    [answer] = played.listener.wait("gateway/answer")
    assert answer["ok"] and answer["result"]["restarts"] is False

    def renamed() -> bool:
        return any(load["name"] == "Lights" for load in played.listener.of("site")[-1]["loads"])

    played.keep_feeding(1900, lambda: renamed() and point()["import"] == 900)
    assert point()["power"] == LAMPS_W
    assert not played.listener.of("gateway")[-1]["errors"]


METER = """
[[meter]]
name = "Pump meter"
unit = 21
profile = "SDM630"
load = "Pump"
power = 900
phases = ["L1", "L2", "L3"]
"""


@pytest.fixture
def gathering() -> Iterator[Gathering]:
    one = Gathering(GENIUS, KEY, free_port())
    yield one
    one.close()


def test_a_connect_sends_all_points_and_looks_for_a_genius_that_does_not_answer(
    gathering, broker, tmp_path
):
    """More than 28 points take two datagrams. Without TAKEN there is a HELLO again, and a WELCOME
    that answers no question of ours, or has another key, begins nothing."""
    file = tmp_path / "house.toml"
    file.write_text(DEFAULT_HOUSE.read_text() + METER)
    house = load_house(file)
    plan = house.site_json() | {"feeds": GENIUS}
    names = [f"{p.get('meter') or p['node']}/{ord(p['input']) - 65}" for p in plan["points"]]
    expected = {zlib.crc32(name.encode()) for name in names}
    assert len(expected) == 28 + 3
    home = gathering.port
    options = {"mqtt": mqtt_at(broker.port)}
    with (
        Listener(plan, broker.port) as listener,
        Feeding(house, plan, CONNECT, home, **options),
    ):
        sender, number, nonce, instance, address = gathering.hear(HELLO)
        assert (sender, number, len(instance)) == (CONNECT, 0, 8)
        wrong = Gathering(GENIUS, OTHER_KEY, free_port())
        wrong.say(WELCOME, CONNECT, 0, nonce, bytes(8), address)
        wrong.close()
        gathering.say(WELCOME, CONNECT, 0, bytes(8), bytes(8), address)  # to no HELLO
        assert gathering.welcome() == CONNECT
        found: set[int] = set()
        for expected_number in range(1, 7):
            _, number, token, more, address = gathering.hear(DATA)
            assert (number, token) == (expected_number, gathering.session)
            found |= {struct.unpack_from("<I", more, at)[0] for at in range(0, len(more), 48)}
            gathering.say(TAKEN, CONNECT, number, token, b"", address)
        assert found == expected
        state = until(listener.messages, "gateway", is_well, "the state")
        assert state["gateways"][0]["serial"] == GENIUS and not state["gateways"][0]["feeds"]
        first = gathering.session
        assert gathering.welcome() == CONNECT and gathering.session != first
        assert gathering.hear(DATA)[1:3] == (1, gathering.session)
        lost = until(listener.messages, "gateway", advised("feed_lost"), "advice")
        assert GENIUS in str(lost["advice"])
