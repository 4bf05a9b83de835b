"""The simulated world by commands, while it runs: parsing, a local socket that takes them, and
what else a person finds around a gateway in a world."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import threading
from pathlib import Path
from typing import Any

from gateway_host.broker import HOST, free_port
from gateway_host.errors import UserError
from gateway_host.interpreter import ROOT
from gateway_host.sim.internet import Internet
from gateway_host.sim.radio import INTERNET, SECURITIES, Network, World

SOCKET = ROOT / "build" / "run" / "world"
HELP = """\
wifi NAME [password=P] [security=wpa2] [rssi=-55] [channel=6] [hidden=yes]   add or change;
                                  with a space or a semicolon: wifi "My home" "password=a;b"
     [bssid=020000000002]         another access point of the name
     [addresses=no] [lost_handshakes=1] [refusals=2]   its router gives no address; so many tries
                                  fail though the key is right; so many are refused at first
wifi NAME gone                    the access point is switched off
cable in | out                    of the Ethernet
dhcp SECONDS | never              how long the router takes to give an address
internet on | off | captive       what lies behind the links
cloud on | off                    whether the cloud's port is open
lte DBM | off                     what the modem receives
sim in | out                      the SIM card
button SECONDS                    press the gateway's button
phone NAME PASSWORD               a phone joins the gateway's hotspot
show                              how things are"""
_PAGE_PORT = 8080  # where it is free
_YES = {"in": True, "on": True, "yes": True, "out": False, "off": False, "no": False}


def parts(text: str, separator: str) -> list[str]:
    """The parts of a text, without those that are empty; between double quotes nothing separates.
    The quotes stay."""
    found = re.findall(rf'(?:[^{separator}"]|"[^"]*"?)+', text)
    return [part for part in map(str.strip, found) if part]


def command(world: World, text: str) -> str:
    """Does what one command says; the answer. UserError when it cannot be understood."""
    try:
        if text.count('"') % 2:
            raise ValueError(text)
        name, *words = [word.replace('"', "") for word in parts(text, r"\s")] or ["help"]
        return _do(world, name, words)
    except (KeyError, ValueError, IndexError, TypeError):
        raise UserError(f"world: {text!r} is not understood; known are:\n{HELP}") from None


def _do(world: World, name: str, words: list[str]) -> str:
    if name == "wifi":
        return _wifi(world, words[0], words[1:])
    if name == "button":
        world.hold_button(float(words[0]))
    elif name == "phone":
        return "joined" if world.join_phone(words[0], words[1]) else "refused"
    elif name == "cable":
        world.cable = _YES[words[0]]
    elif name in ("cloud", "sim"):
        setattr(world, name, _YES[words[0]])
    elif name == "dhcp":
        world.dhcp_s = float("inf") if words[0] == "never" else float(words[0])
    elif name == "lte":
        world.lte_dbm = None if words[0] == "off" else int(words[0])
    elif name == "internet":
        world.internet = INTERNET[INTERNET.index(words[0])]
    elif name == "help":
        return HELP
    elif name != "show":
        raise ValueError(name)
    return _shown(world)


def _wifi(world: World, ssid: str, words: list[str]) -> str:
    gone = words[-1:] == ["gone"]
    fields = dict(word.split("=", 1) for word in (words[:-1] if gone else words))
    wanted = fields.get("bssid")
    named = [one for one in world.networks if one.ssid == ssid and wanted in (None, one.bssid)]
    if gone:
        world.networks.remove(named[0])
        return _shown(world)
    network = named[0] if named else Network(ssid)
    for key, value in fields.items():
        if key in ("rssi", "channel", "lost_handshakes", "refusals"):
            setattr(network, key, int(value))
        elif key in ("hidden", "addresses"):
            setattr(network, key, _YES[value])
        elif key == "security":
            network.security = SECURITIES[SECURITIES.index(value)]
        elif key == "bssid":
            network.bssid = bytes.fromhex(value).hex()
        elif key == "password":
            network.password = value
        else:
            raise ValueError(key)
    if not named:
        world.networks.append(network)
    return _shown(world)


def _shown(world: World) -> str:
    up = [link for link in ("ethernet", "wifi", "lte") if world.up(link)]
    lines = [
        f"{world.now / 1e6:.1f} s; up: {', '.join(up) or 'nothing'}; internet {world.internet}, "
        f"cloud {'open' if world.cloud else 'blocked'}; cable {'in' if world.cable else 'out'}; "
        f"dhcp {world.dhcp_s:g} s; hotspot {world.hotspot[0] if world.hotspot else 'off'}"
    ]
    lines += [f"in the router's list ({link}): {name}" for link, name in world.listed().items()]
    for one in world.networks:
        joined = ", joined" if one is world.joined() else ""
        lines.append(f"{one.ssid}: {one.security}, {one.rssi} dBm, channel {one.channel}{joined}")
    return "\n".join(lines)


class Control:
    """Takes commands for a world on a local socket, one a connection; a context manager."""

    def __init__(self, world: World, place: Path = SOCKET):
        self._world = world
        self._place = place
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        self._line = socket.socket(socket.AF_UNIX)
        self._line.bind(os.path.relpath(place))  # the whole path may be too long for a socket
        self._line.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Control:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._line.close()
        self._place.unlink(missing_ok=True)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._line.accept()
                with client:
                    text = client.recv(4096).decode()
                    try:
                        answer = command(self._world, text)
                    except UserError as error:
                        answer = f"error: {error}"
                    client.sendall(answer.encode())


def surround(
    world: World, broker_port: int, stack: contextlib.ExitStack
) -> tuple[int, str, dict[str, Any]]:
    """Opens what a person finds around a gateway in this world: commands, and an internet that
    obeys them. The port that leads to the broker, the address of the hotspot's page, and what the
    Session is to know."""
    internet = stack.enter_context(Internet(world, broker_port))
    stack.enter_context(Control(world))
    try:
        page = free_port(_PAGE_PORT)
    except UserError:  # somebody has it
        page = free_port(0)
    ports = [page, free_port(0)]
    board = {"probe": [HOST, internet.probe_port], "portal": ports}
    return internet.port, f"http://{HOST}:{ports[0]}/", {"world": world, "board": board}


def send(text: str, place: Path = SOCKET) -> str:
    """Sends a command to the world that runs; its answer. UserError when none does, or when it
    does not understand."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(os.path.relpath(place))
        except OSError:
            raise UserError(
                "no world runs: `make run WORLD=show` or `make run PROVISION=1` starts one"
            ) from None
        line.sendall(text.encode())
        answer = b""
        while data := line.recv(4096):
            answer += data
    words = answer.decode()
    if words.startswith("error: "):
        raise UserError(words.removeprefix("error: "))
    return words
