"""Who stands before a gateway that knows no network, with a phone on its hotspot."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import select
import socket
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.internet import Internet
from gateway_host.sim.radio import Network, World
from phone import until
from running_gateway import free_port, mqtt_at

from hotspot import FORM, HOST, token

NAME, PASSWORD = "Woning_5", "Geheim!123"
NETWORKS = (
    (NAME, PASSWORD, "wpa2", -48, 11),
    ("Buren", "Buren1234", "wpa2", -71, 6),
    ("Camping", "", "open", -74, 6),
)
OFF, GREEN, BLUE = (False, False, False), (False, True, False), (False, False, True)
RED = (True, False, False)


class Lamp:
    """The LED: (simulated s, which of red, green, blue are lit) at every change."""

    def __init__(self, world: World):
        self._world = world
        self.seen: list[tuple[float, tuple[bool, ...]]] = []

    def __call__(self, _ticks: int, *levels: int) -> None:
        lit = tuple(level > 0 for level in levels)
        if not self.seen or self.seen[-1][1] != lit:
            self.seen.append((self._world.now / 1e6, lit))

    def first(self, colour: tuple[bool, ...], after: float) -> float | None:
        """When it has this colour for the first time since, in simulated s."""
        return next((at for at, lit in self.seen if lit == colour and at >= after), None)


class Air:
    """The phone's way to the gateway, at `port`: there while the phone is on the hotspot. What is
    under way when it is thrown off is lost."""

    def __init__(self, world: World, gateway: int):
        self._world = world
        self._gateway = gateway
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                phone, _ = self._server.accept()
                threading.Thread(target=self._carry, args=(phone,), daemon=True).start()

    def _carry(self, phone: socket.socket) -> None:
        with contextlib.suppress(OSError), phone:
            if not self._world.phone_joined:
                return
            with socket.create_connection((HOST, self._gateway)) as gateway:
                other = {phone: gateway, gateway: phone}
                while self._world.phone_joined:
                    for one in select.select(other, (), (), 0.05)[0]:
                        data = one.recv(4096)
                        if not data:
                            return
                        other[one].sendall(data)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


class Installer:
    """A gateway that knows no network, and who stands before it. `port`: the phone's way to its
    page; `broken`: how often the phone had no whole answer.

    cloud: the broker's host, and its port behind the world's internet; None for a gateway that is
    not to be in any cloud, and takes every network for the internet. paced_from_s: until then the
    simulated time does not wait for the real one. house: a sim.house.House, the default one where
    there is none.
    """

    def __init__(
        self,
        directory: Path,
        plan: Any,
        cloud: tuple[str, int] | None = None,
        house: Any = None,
        paced_from_s: int = 0,
        **options: Any,
    ):
        self.world = World([Network(*one) for one in NETWORKS], cable=False, dhcp_s=3.0)
        self.lamp = Lamp(self.world)
        self._stack = contextlib.ExitStack()
        gateway = free_port()
        self._origin = f"{HOST}:{gateway}"
        air = self._stack.enter_context(contextlib.closing(Air(self.world, gateway)))
        self.port = air.port
        self.broken = 0
        self._paced = not paced_from_s
        board: dict[str, Any] = {"portal": [gateway, free_port()], "paced_from_s": paced_from_s}
        if cloud:
            internet = self._stack.enter_context(Internet(self.world, cloud[1]))
            board["probe"] = [HOST, internet.probe_port]
            options["mqtt"] = mqtt_at(internet.port, cloud[0])
            directory.mkdir()
            (directory / "settings.json").write_text(json.dumps({"mqtt": options["mqtt"]}))
        self.installation = Installation(house or load_house(DEFAULT_HOUSE))
        self.session = self._stack.enter_context(
            Session(
                self.installation,
                plan,
                directory=directory,
                world=self.world,
                on_led=self.lamp,
                board=board,
                **options,
            )
        )

    def __enter__(self) -> Installer:
        world = self.world
        until(lambda: world.hotspot, "the hotspot", self.session.tail)
        assert world.now < 15e6 or not self._paced
        assert world.hotspot[0] == "Gateway-5020000042" and len(world.hotspot[1]) == 12
        world.join_phone(*world.hotspot)
        self.secrets = (PASSWORD, world.hotspot[1])
        until(lambda: world.phone_joined, "the phone on the hotspot")
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._stack.close()
        assert kind or not self.world.refused, "the radio was at something else"

    def page(self) -> str:
        """The page as it is now; empty while the phone does not reach it."""
        return self._ask("GET", "/")

    def join(self, name: str, key: str) -> None:
        """Fill the form in and send it."""
        secret = token(until(self.page, "the page", self.session.tail))
        fields = {"token": secret, "ssid": name, "key": key}
        self._ask("POST", "/join", urllib.parse.urlencode(fields).encode())

    def origin(self) -> str:
        """What the phone's browser takes for the gateway's address."""
        return self._origin

    def _ask(self, method: str, path: str, body: bytes | None = None) -> str:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        try:
            fields = FORM | {"Host": self._origin, "Accept": "text/html"}
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            page = gzip.decompress(answer.read()).decode() if answer.status == 200 else ""
        except (OSError, http.client.HTTPException, EOFError):  # it fell off, in mid-page perhaps
            self.broken += 1
            return ""
        finally:
            connection.close()
            time.sleep(0.1)
        return page
