"""Improv Wi-Fi over a serial line: packet by packet as its standard has them
(improv-wifi.com/serial), and with the official client."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from gateway_host.session import ROOT, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.radio import Network, World
from improv_line import Line, command
from in_interpreter import program, succeed
from play_in_world import play
from running_gateway import free_port, mqtt_at

from hotspot import Hotspot

READY, PROVISIONING, PROVISIONED = (b"IMPROV\x01\x01\x01" + bytes([state]) for state in (2, 3, 4))
NO_ERROR, INVALID, UNKNOWN, UNABLE = (b"IMPROV\x01\x02\x01" + bytes([error]) for error in range(4))
# The standard's own example: SSID MyWirelessAP, password mysecurepassword.
EXAMPLE = b"\x01\x1e\x0cMyWirelessAP\x10mysecurepassword"
PATIENCE_S = 60.0
PLAN = load_house(DEFAULT_HOUSE).site_json()
CLIENT = ROOT / "build" / "improv" / "serial.js"
DRIVER = Path(__file__).with_name("improv_client.mjs")


def result(number: int, *texts: bytes) -> bytes:
    data = b"".join(bytes([len(text)]) + text for text in texts)
    return b"IMPROV\x01\x04" + bytes([len(data) + 2, number, len(data)]) + data


@pytest.fixture
def line():
    with contextlib.closing(Line()) as made:
        yield made


def test_the_standards_commands(line, tmp_path):
    plan = {
        "networks": [["MyWirelessAP", -60, "wpa2"], ["Camping", -74, "open"], ["", -66, "wpa2"]],
        "passwords": {"MyWirelessAP": "mysecurepassword"},
        "speed": 30,
    }
    with Hotspot(tmp_path, line=line.path, **plan) as hotspot:
        line.send(command(b"\x02\x00"))
        line.expect(NO_ERROR, READY)
        line.send(command(b"\x03\x00"))
        line.expect(NO_ERROR)
        line.expect(result(3, b"Gateway", b"0.1.0", b"GENIUS", b"Gateway-5020000042"))
        line.send(command(b"\x04\x00"))
        line.expect(NO_ERROR, result(4, b"MyWirelessAP", b"-60", b"YES"))
        line.expect(result(4, b"Camping", b"-74", b"NO"), result(4))
        line.send(command(EXAMPLE.replace(b"mysecure", b"MYSECURE")))
        line.expect(NO_ERROR, PROVISIONING, UNABLE, READY)
        line.send(command(EXAMPLE))
        line.expect(NO_ERROR, PROVISIONING, PROVISIONED, result(1))
        line.send(command(b"\x02\x00"))
        line.expect(NO_ERROR, PROVISIONED, result(2))
        assert hotspot.wait("done")["done"]
        assert "mysecurepassword" not in hotspot.output


def test_what_is_wrong(line, tmp_path):
    with Hotspot(tmp_path, line=line.path) as hotspot:
        broken = command(b"\x02\x00")[:-1] + b"\x00"
        line.send(b"noise IMPROVIMPROV\x01 and " + broken)
        line.expect(INVALID)
        for content in (b"\x02\x01", b"\x02", b"", b"\x01\x05\x00"):
            line.send(command(content))
            line.expect(INVALID)
        for content in (
            b"\x01\x00",
            b"\x01\x03\x02ab",
            b"\x01\x05\x02ab\x09x",
            b"\x01\x02\xff\x00",
        ):
            line.send(command(content))
            line.expect(NO_ERROR, INVALID)
        line.send(command(b"\x07\x00"))  # the standard's answer for what is not there
        line.expect(UNKNOWN)
        # The rules are the hotspot's; nothing is tried.
        for name, key in (
            (b"Woning_5", b"short"),
            (b"Woning_5", b"k" * 64),
            (b"Woning_5", "Geheimé12".encode()),
            (b"Zo\xe9", b"12345678"),
            (b"n" * 33, b"12345678"),
            (b"Camping", b""),
        ):
            line.send(command(join(name, key)))
            line.expect(NO_ERROR, UNABLE)
        assert not any("tried" in event for event in hotspot.reported.all())


def join(name: bytes, key: bytes) -> bytes:
    """The content of the packet with which a network is given."""
    texts = bytes([len(name)]) + name + bytes([len(key)]) + key
    return b"\x01" + bytes([len(texts)]) + texts


@pytest.mark.parametrize(
    "name, key",
    [
        ("FRITZ!Box 7590 AB", 'vXk7-29ar hg;tU=q4\\]"8zp10'),
        (" Café-René 😀 ", "0123456789abcdefABCDEF0123456789" * 2),
    ],
)
def test_what_802_11_allows_is_tried_as_it_is(name, key, line, tmp_path):
    plan = {"networks": [[name, -50, "wpa2"]], "passwords": {name: key}}
    with Hotspot(tmp_path, line=line.path, **plan) as hotspot:
        line.send(command(b"\x04\x00"))
        line.expect(NO_ERROR, result(4, name.encode(), b"-50", b"YES"), result(4))
        line.send(command(join(name.encode(), key.encode())))
        line.expect(NO_ERROR, PROVISIONING, PROVISIONED, result(1))
        assert hotspot.wait("tried") == {"tried": name, "result": "ok"}


def test_packets_in_pieces_and_packets_that_are_cut(line, tmp_path):
    """What is cut is forgotten after 60 ms of silence, or where another packet follows at once.
    The board's clock is slow here: a pause of the tests is no silence."""
    with Hotspot(tmp_path, line=line.path, speed=0.05):
        for byte in command(b"\x02\x00"):
            line.send(bytes([byte]))
            time.sleep(0.005)
        line.expect(NO_ERROR, READY)
        for cut in (7, 9, 11, 20, 39):
            line.send(command(EXAMPLE)[:cut])
            time.sleep(1.5)
            line.send(command(b"\x02\x00"))
            line.expect(NO_ERROR, READY)
        line.send(b"IMPROV\x01\x03\xff" + 20 * command(b"\x02\x00"))
        line.expect(*20 * (NO_ERROR, READY))


def test_a_try_that_fails_at_once_is_reported(line, tmp_path):
    """Each state and error, in order, also faster than anybody looks."""
    with Hotspot(tmp_path, line=line.path, seconds=0.001):
        for _ in range(3):
            line.send(command(EXAMPLE))
            line.expect(NO_ERROR, PROVISIONING, UNABLE, READY)


def test_another_network_after_the_first(line, tmp_path):
    """Is a change, not an error."""
    plan = {"passwords": {"MyWirelessAP": "mysecurepassword"}, "seconds": 0.05}
    with Hotspot(tmp_path, line=line.path, **plan):
        for _ in range(3):
            line.send(command(EXAMPLE))
            line.expect(NO_ERROR, PROVISIONING, PROVISIONED, result(1))
        line.send(command(EXAMPLE.replace(b"mysecure", b"MYSECURE")))
        line.expect(NO_ERROR, PROVISIONING, UNABLE, READY)


def test_it_answers_while_networks_are_looked_for(line, tmp_path):
    networks = [["MyWirelessAP", -60, "wpa2"]]
    with Hotspot(tmp_path, line=line.path, networks=networks, scan_ms=2000):
        line.send(command(b"\x04\x00") + 3 * command(b"\x02\x00"))
        line.expect(NO_ERROR, *3 * (NO_ERROR, READY))
        line.expect(result(4, b"MyWirelessAP", b"-60", b"YES"), result(4))


def test_a_result_comes_within_half_a_minute(line, tmp_path):
    """Of the board's clock, which is quick here; however long the radio takes."""
    with Hotspot(tmp_path, line=line.path, seconds=1000, speed=20):
        line.send(command(EXAMPLE))
        line.expect(NO_ERROR, PROVISIONING, UNABLE, READY)
        line.send(command(b"\x02\x00"))
        line.expect(NO_ERROR, READY)


def official(line: Line, *requests: list) -> list[dict]:
    """What the official client gets, a table for each (method, argument ...)."""
    node = shutil.which("node")
    if node is None or not CLIENT.exists():
        pytest.skip("no official Improv client: install Node.js and npm, then `make setup`")
    done = subprocess.run(
        [node, DRIVER, CLIENT, str(line.master), json.dumps(requests)],
        pass_fds=(line.master,),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(text) for text in done.stdout.splitlines()]


def test_the_official_client_on_a_gateway_that_measures(line, tmp_path):
    """From its first second on; then it changes the network, and asks again on a gateway that
    has one. That no cloud answers here is not the network's fault."""
    house = load_house(DEFAULT_HOUSE)
    networks = [Network("house", "geheim123"), Network("barn", "Anders!45", rssi=-70)]
    with Session(
        Installation(house),
        house.site_json(),
        mqtt=mqtt_at(free_port()),
        directory=tmp_path / "gateway",
        world=World(networks, cable=False),
        board={"improv": line.path, "portal": [free_port(), free_port()]},
    ) as session:
        first, networks, wrong, right, other, state = official(
            line,
            ["initialize", 10000],  # as in its dialog: the interpreter has to start
            ["scan"],
            ["provision", "house", "verkeerd1"],
            ["provision", "house", "geheim123"],
            ["provision", "barn", "Anders!45"],
            ["requestCurrentState"],
        )
        about = {"name": "Gateway-5020000042", "firmware": "Gateway", "version": "0.1.0"}
        assert first["result"].items() >= about.items() and first["state"] == 2
        assert [one["name"] for one in networks["result"]] == ["barn", "house"]
        assert wrong["error"] == "UNABLE_TO_CONNECT"
        # The client has its error before the state that follows it.
        assert (right["result"], wrong["states"] + right["states"]) == (None, [3, 2, 3, 4])
        assert (other["result"], other["states"]) == (None, [3, 4])
        assert state["state"] == 4
        assert session._link.world.joined().ssid == "barn"
        (again,) = official(line, ["initialize", 1000])
        assert again["result"] == first["result"] and again["state"] == 4
        assert session.exit_code is None and "Traceback" not in session.tail(1000)


@pytest.mark.parametrize("plan", [None, PLAN], ids=["new", "28 points"])
def test_it_answers_while_the_gateway_is_being_made(plan, line, tmp_path):
    """What it needs a radio for is done as soon as there is one."""
    if plan:
        (tmp_path / "site.json").write_text(json.dumps(plan))
    join_house = join(b"house", b"geheim123")
    line.send(command(b"\x02\x00") + command(b"\x03\x00"))
    line.send(command(join_house) + command(b"\x02\x00"))
    world = World([Network("house", "geheim123")], cable=False)
    ports = [free_port(), free_port()]
    reported = play(world, program("start_on_line"), tmp_path, improv=line.path, portal=ports)
    marks = [line.get("made") for line in reported if line.keys() & {"made", "packet"}]
    packets = [line for line in reported if "packet" in line]
    early = marks.index(False)
    # No error, the state; no error, about; no error, the state; the join is not answered yet.
    assert [one["packet"] for one in packets[:early]] == [2, 1, 2, 4, 2, 1]
    assert packets[1]["content"] == [2]
    later = [one["content"] for one in packets[early:] if one["packet"] == 1]
    assert later[:2] == [[3], [4]]


def test_it_is_looked_for_questions_every_few_modules():
    """On a chip a module takes some 60 ms to load; the client waits a second."""
    most, all_of_them = map(int, succeed("load_gateway", heap="2M").split())
    assert all_of_them > 80 and most <= 10
