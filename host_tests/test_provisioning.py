"""The installer's first ten minutes: the gateway is powered up in a world with a Wi-Fi network
that it does not know, and is given its password by a phone."""

from __future__ import annotations

import gzip
import http.client
import re
import subprocess
import sys
import time
import urllib.parse

from gateway_host import processes
from gateway_host.commands.run import DEFAULT_HOUSE
from gateway_host.session import Session
from gateway_host.sim.house import load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.radio import Network, World
from hotspot import FORM, HOST, token
from living import Listener, free_port, mqtt_at
from phone import Phone, until

NAME, PASSWORD = "Woning_5", "Geheim!123"
NETWORKS = [
    Network(NAME, PASSWORD, rssi=-48, channel=11),
    Network("Buren", "Buren1234", rssi=-71),
    Network("Camping", "", "open", rssi=-74),
]
OFF, GREEN, BLUE = (False, False, False), (False, True, False), (False, False, True)


class Lamp:
    """The LED: (simulated s, which of red, green, blue are lit) at every change."""

    def __init__(self, world: World):
        self._world = world
        self.seen: list[tuple[float, tuple[bool, ...]]] = []

    def __call__(self, _ticks: int, *levels: int) -> None:
        lit = tuple(level > 0 for level in levels)
        if not self.seen or self.seen[-1][1] != lit:
            self.seen.append((self._world.now / 1e6, lit))

    def green(self, after: float) -> float | None:
        """When it is green for the first time since, in simulated s."""
        return next((at for at, lit in self.seen if lit == GREEN and at >= after), None)


class Installer:
    """A gateway without any known network, and who stands before it."""

    def __init__(self, directory, plan, **options):
        self.world = World([*NETWORKS], cable=False, dhcp_s=3.0)
        self.lamp = Lamp(self.world)
        self.port = free_port()
        self.session = Session(
            Installation(load_house(DEFAULT_HOUSE)),
            plan,
            directory=directory,
            world=self.world,
            on_led=self.lamp,
            board={"portal": [self.port, free_port()]},
            **options,
        )

    def __enter__(self) -> Installer:
        world = self.world
        until(lambda: world.hotspot, "the hotspot", self.session.tail)
        assert world.now < 15e6
        assert world.hotspot[0] == "Gateway-5020000042" and len(world.hotspot[1]) == 12
        world.join_phone(*world.hotspot)
        self.secrets = (PASSWORD, world.hotspot[1])
        until(lambda: world.phone_joined, "the phone on the hotspot")
        return self

    def __exit__(self, *_: object) -> None:
        self.session.stop()


def test_from_power_up_to_green(tmp_path):
    """Before there is an installation, in the device's heap, with a real browser."""
    with (
        Installer(tmp_path / "gateway", None) as installer,
        Phone(tmp_path / "b", installer.port, language="en") as phone,
    ):
        world, lamp = installer.world, installer.lamp
        phone.open("http://captive.apple.com/hotspot-detect.html")
        phone.wait(NAME)
        assert lamp.seen[-1][1] in (BLUE, OFF)  # blinking
        phone.shot("scripts-1-networks")
        phone.tap("label[for=n0]")
        phone.type("#key", "Verkeerd!1")
        phone.tap("#join > button")
        phone.wait(f"The password of {NAME} is not right")
        phone.shot("scripts-2-wrong-password")
        assert phone.look("document.querySelector('#key').value") == ""
        phone.tap("#show")
        assert phone.look("document.querySelector('#key').type") == "text"
        assert phone.look("document.querySelector('#n0').checked")
        # The radio's change of channel drops the phone.
        phone.type("#key", PASSWORD)
        begun = world.now / 1e6
        phone.tap("#join > button")
        phone.wait_for("!!document.querySelector('#trying')")
        phone.leave(True)
        phone.shot("scripts-3-trying")
        until(
            lambda: lamp.green(begun), "green", lambda: (lamp.seen[-5:], installer.session.tail())
        )
        assert lamp.green(begun) - begun < 10
        phone.leave(False)
        phone.wait("Connected")
        phone.shot("scripts-4-connected")
        assert world.joined().ssid == NAME
        log = installer.session.log.read_text()
        assert not any(secret in log for secret in (*installer.secrets, "Verkeerd!1"))
        assert "Traceback" not in log


def test_a_measuring_gateway_is_moved_to_another_network(tmp_path, broker):
    """28 points, B-bus and uplink go on beside the portal in the device's heap, and what was
    published at last lacks nothing."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    with (
        Listener(plan, broker.port) as cloud,
        Installer(tmp_path / "gateway", plan, mqtt=mqtt_at(broker.port)) as installer,
    ):
        page = ask(installer, "GET", "/")
        fields = {"token": token(page), "ssid": NAME, "key": PASSWORD}
        ask(installer, "POST", "/join", urllib.parse.urlencode(fields).encode())
        until(lambda: "Connected" in ask(installer, "GET", "/"), "the result")
        gateway = cloud.wait("gateway", 2)[-1]
        assert set(gateway["errors"]) == {"connection.nothing_known"}
        assert gateway["aBus"]["skipped"] == 0
        assert all(node["timeouts"] == 0 for node in gateway["aBus"]["nodes"])
        for message in cloud.messages.all():
            assert not any(secret in str(message.value) for secret in installer.secrets)


def test_without_scripts_at_the_gateway_that_a_person_starts(tmp_path):
    """`make run PROVISION=1` says where the page is; the page's forms need no JavaScript."""
    process = processes.start(
        [sys.executable, "-m", "gateway_host", "provision"], stdout=subprocess.PIPE, text=True
    )

    def told(pattern: str) -> str:
        """What the pattern's group matches in the next line that has it."""
        return next(filter(None, (re.search(pattern, line) for line in process.stdout)))[1]

    try:
        port = int(told(r"open http://127.0.0.1:(\d+)/ in a browser"))
        with Phone(tmp_path / "b", port, language="nl", scripts=False) as phone:
            phone.open("http://connectivitycheck.gstatic.com/generate_204")
            phone.wait("Verborgen netwerk")
            phone.shot("plain-1-networks")
            phone.tap("label[for=n0]")
            phone.type("#key", PASSWORD)
            phone.tap("#join > button")
            phone.wait("Verbonden")
            phone.shot("plain-2-connected")
            assert {told("(LED green|joined .*)") for _ in range(2)} == {
                "LED green",
                f"joined {NAME}",
            }
    finally:
        processes.stop(process)
        process.stdout.close()


def ask(installer: Installer, method: str, path: str, body: bytes | None = None) -> str:
    """The page that is answered, empty where none is."""
    connection = http.client.HTTPConnection(HOST, installer.port, timeout=20)
    fields = FORM | {"Host": f"{HOST}:{installer.port}"}
    connection.request(method, path, body, fields)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    time.sleep(0.1)
    return gzip.decompress(data).decode() if answer.status == 200 else ""
