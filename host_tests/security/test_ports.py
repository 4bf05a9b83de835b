"""What is open in every state of the gateway is what docs/security.md says: as Linux lists the
sockets of the firmware's process, a hundred times a second. While an update is fetched:
update/test_updates.py; in safe mode: system/test_safe_mode.py."""

from __future__ import annotations

import json
import os
import socket

import pytest
from gateway_host.broker import Broker, mosquitto
from gateway_host.certificates import make
from gateway_host.security import rows
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from installer_scenario import NAME, PASSWORD, Installer
from open_ports import Ports, open_ports
from phone import until
from running_gateway import Listener, free_port, mqtt_at
from two_gateways import Site, connect, genius

HTTP, DNS = 80, 53
LOOK_S = 2.0
STATES = rows.states()
# The rows of the document, in its words.
SWITCHED_ON, HOTSPOT, CLOSED, CLOUD, HOME, SERVICE, GATHERS, FEEDS, _, _ = STATES
NO_MOSQUITTO = "no mosquitto: `make setup` brings it, where apt reaches a Debian archive"


def documented(state: str) -> list[str]:
    return sorted(STATES[state].opens)


def test_the_list_itself_is_right():
    """Of a process that opens one of each kind."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listens,
        socket.socket(type=socket.SOCK_DGRAM) as hears,
        socket.socket(type=socket.SOCK_DGRAM) as asks,
    ):
        hears.bind(("127.0.0.1", 0))
        asks.connect(("127.0.0.1", 9))
        wanted = {("tcp", listens.getsockname()[1]), ("udp", hears.getsockname()[1])}
        assert open_ports(os.getpid()) >= wanted
        assert ("udp", asks.getsockname()[1]) not in open_ports(os.getpid())


def test_from_the_hotspot_to_a_network_and_service(tmp_path):
    """No network is known; a phone gives one; the hotspot closes; the button opens it again."""
    with Installer(tmp_path / "gateway", None) as installer:
        world, session = installer.world, installer.session
        http, dns = session_ports(session)
        with Ports(session.pid, {http: HTTP, dns: DNS}) as ports:
            assert ports.of(LOOK_S) == documented(HOTSPOT)
            installer.join(NAME, PASSWORD)
            until(lambda: "Connected" in installer.page(), "the result")
            until(lambda: world.hotspot is None, "the hotspot's end", session.tail)
            assert ports.of(LOOK_S) == documented(CLOSED)
            world.hold_button(0.3)
            until(lambda: world.hotspot, "the hotspot", session.tail)
            until(ports.until_now, "its sockets")
            assert ports.of(LOOK_S) == documented(SERVICE)


def session_ports(session: Session) -> tuple[int, int]:
    http, dns = json.loads((session.directory / "simulator.json").read_text())["portal"]
    return http, dns


@pytest.mark.skipif(mosquitto() is None, reason=NO_MOSQUITTO)
@pytest.mark.parametrize("tls", [True, False])
def test_at_a_broker(tls):
    """From the first line on, until it has been in the cloud for some seconds."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    with Broker(tls=make() if tls else None) as broker, Listener(plan, broker.port) as listener:
        mqtt = broker.mqtt() if tls else mqtt_at(broker.port)
        installation = Installation(load_house(DEFAULT_HOUSE))
        with Session(installation, plan, mqtt=mqtt) as session, Ports(session.pid, {}) as ports:
            listener.wait("realtime", 1)
            assert ports.until_now() == documented(SWITCHED_ON)
            assert ports.of(LOOK_S) == documented(CLOUD if tls else HOME)


def test_gateways_of_one_site(tmp_path, broker):
    site, home = Site(tmp_path), free_port()
    with Listener(site.genius, broker.port) as listener:
        with genius(site, home, broker) as gathers, connect(site, home, broker) as feeds:
            with Ports(gathers.pid, {home: 47653}) as of_genius, Ports(feeds.pid, {}) as of_feeder:
                listener.messages.until(
                    lambda items: next(
                        (m for m in items if m.topic == "gateway"
                         and any(one["state"] == "well" for one in m.value["gateways"] or ())),
                        None,
                    ),
                    "the Connect at the Genius",
                )  # fmt: skip
                assert of_genius.of(LOOK_S) == documented(GATHERS)
                assert of_feeder.of(LOOK_S) == documented(FEEDS)
