"""The installer's first ten minutes: the gateway is powered up in a world with a Wi-Fi network
that it does not know, and is given its password by a phone."""

from __future__ import annotations

import html
import re
import subprocess
import sys

from gateway_host import processes
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.world import send
from installer_scenario import BLUE, GREEN, NAME, OFF, PASSWORD, Installer
from phone import Phone, until
from running_gateway import Listener, mqtt_at

EACH_REPORT = ("site", "quality", "totals")


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
        # The access point has chosen another channel: joining it throws the phone off.
        world.network(NAME).channel = 1
        until(lambda: world.phone_joined, "the phone on the hotspot")
        phone.type("#key", PASSWORD)
        begun = world.now / 1e6
        phone.tap("#join > button")
        phone.wait_for("!!document.querySelector('#trying')")
        phone.shot("scripts-3-trying")
        until(lambda: not world.phone_joined, "the phone's fall")
        until(
            lambda: lamp.first(GREEN, begun),
            "green",
            lambda: (lamp.seen[-5:], installer.session.tail()),
        )
        assert lamp.first(GREEN, begun) - begun < 10
        assert not world.phone_joined
        assert phone.look("!!document.querySelector('#trying')")
        phone.wait("Connected")
        assert world.phone_joined
        phone.shot("scripts-4-connected")
        assert world.joined().ssid == NAME
        log = installer.session.log.read_text()
        assert not any(secret in log for secret in (*installer.secrets, "Verkeerd!1"))
        assert "Traceback" not in log


def test_with_a_full_flash_all_works_and_it_is_said(tmp_path):
    """Nothing that provisioning wants to keep can be written."""
    place = tmp_path / "gateway"
    for name in ("factory.json.new", "settings.0", "settings.1"):
        (place / name).mkdir(parents=True)
    with Installer(place, None) as installer:
        key = installer.world.hotspot[1]
        words = "the hotspot's password cannot be kept, as the flash cannot be written"
        until(lambda: words in html.unescape(installer.page()), "the sentence on the phone")
        installer.join(NAME, PASSWORD)
        until(lambda: "Connected" in installer.page(), "the result")
        log = installer.session.log.read_text
        given = "the Wi-Fi network that was given cannot be kept, as the flash cannot be written"
        until(lambda: f"advice: {given}" in log(), "the other on the console")
        assert log().count(f"advice: {words}") == 1
        said = f"hotspot: until the next start the password of Gateway-5020000042 is {key}\n"
        assert log().count(said) == 1
        assert PASSWORD not in log() and "Traceback" not in log()


def left_out(cloud: Listener) -> int:
    """How many messages of each report are not there since the gateway has connected; `realtime`
    is complete."""
    (config,) = cloud.of("config")
    since = config["utcTimeStamp"] // 1000 - 1
    reports = (one["utcTimeStamp"] // 1000 for one in cloud.of("realtime"))
    due = [at for at in reports if at >= since]
    assert due == list(range(due[0], due[0] + len(due)))
    there = {topic: {one["time"] for one in cloud.of(topic)} for topic in EACH_REPORT}
    return sum(at not in there[topic] for topic in EACH_REPORT for at in due)


def test_a_measuring_gateway_is_moved_to_another_network(tmp_path, broker):
    """28 points, B-bus and uplink go on beside the portal in the device's heap, and what was
    published at last lacks nothing."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    with (
        Listener(plan, broker.port) as cloud,
        Installer(tmp_path / "gateway", plan, mqtt=mqtt_at(broker.port)) as installer,
    ):
        installer.join(NAME, PASSWORD)
        until(lambda: "Connected" in installer.page(), "the result")
        gateway = cloud.wait("gateway", 2)[-1]
        errors = dict(gateway["errors"])
        # What is counted is what was seen of it: of a phone that was thrown off in mid-page, and
        # of what a newer message of the same topic has overtaken while the connection began.
        assert errors.pop("http.broken", 0) <= installer.broken
        cloud.wait("realtime", len(cloud.of("realtime")) + 2)
        assert errors.pop("uplink.overtaken", 0) <= left_out(cloud)
        assert errors == {"connection.nothing_known": 1}
        assert gateway["aBus"]["skipped"] == 0
        assert all(node["timeouts"] == 0 for node in gateway["aBus"]["nodes"])
        for message in cloud.messages.all():
            assert not any(secret in str(message.value) for secret in installer.secrets)


def test_without_scripts_at_the_gateway_that_a_person_starts(tmp_path):
    """`make run PROVISION=1` says where the page is, and `make world` reaches it; the page's forms
    need no JavaScript."""
    process = processes.start(
        [sys.executable, "-m", "gateway_host", "provision"], stdout=subprocess.PIPE, text=True
    )

    def reported(pattern: str) -> str:
        """What the pattern's group matches in the next line that has it."""
        return next(filter(None, (re.search(pattern, line) for line in process.stdout)))[1]

    try:
        port = int(reported(r"open http://127.0.0.1:(\d+)/ in a browser"))
        with Phone(tmp_path / "b", port, language="nl", scripts=False) as phone:
            phone.open("http://connectivitycheck.gstatic.com/generate_204")
            phone.wait("Verborgen netwerk")
            phone.shot("plain-1-networks")
            # The world around it obeys another terminal.
            for command, shown in (
                ("internet captive", "vraagt om een aanmeldpagina"),
                ("internet on; cloud off", "maar de server is niet bereikbaar"),
                ("cloud on", "bereikt het internet"),
            ):
                for one in command.split("; "):
                    send(one)
                phone.tap("label[for=n0]")
                phone.type("#key", PASSWORD)
                phone.tap("#join > button")
                phone.wait(shown)
            phone.shot("plain-2-connected")
            assert reported("(LED green)")
    finally:
        processes.stop(process)
        process.stdout.close()
