"""Bad input, row by row: what the LED shows, what the console, the advice and the hotspot's page
say of it in one sentence. Measuring goes on (docs/led.md, "A broker that does not take us")."""

from __future__ import annotations

import contextlib
import gzip
import html
import http.client
import json
import re
import socket
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from gateway_host.broker import HOST, Broker
from gateway_host.certificates import make
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.sim.internet import Internet
from gateway_host.sim.radio import World
from journal_runs import run
from running_gateway import PROBE, Probe, free_port, mqtt_at
from test_uplink import (
    Imposter,
    answer,
    full,
    hang_up,
    holds,
    name_server,
    needs_mosquitto,
    nobody,
    password_line,
)

DAMAGED = b"DUR1 damaged"


@dataclass(frozen=True)
class Given:
    """What the gateway has: `mqtt` of settings.json; where names are asked for; bytes of files, by
    name; what happens once all is well; the program that it runs."""

    mqtt: dict[str, Any]
    names: str
    files: dict[str, bytes] = field(default_factory=dict)
    later: Callable[[], object] | None = None
    script: Path = PROBE


def silent(connection: socket.socket) -> None:
    """Takes what comes, and says nothing."""
    while connection.recv(4096):
        pass


def nothing_at_all(connection: socket.socket) -> None:
    connection.close()


Bad = Callable[[Path], contextlib.AbstractContextManager[Given]]


def at(broker: Callable[[], Any], host: str = HOST) -> Bad:
    @contextlib.contextmanager
    def begin(_: Path) -> Iterator[Given]:
        with broker() as other, nobody_knows() as names:
            yield Given(mqtt_at(other.port, host), names)

    return begin


@contextlib.contextmanager
def nobody_knows() -> Iterator[str]:
    """A name server that knows no name (RFC 1035: NXDOMAIN)."""
    with name_server(lambda query: query[:2] + b"\x81\x83" + query[4:]) as (port, _):
        yield port


def over_tls(
    changes: Callable[[], dict[str, Any]] = dict, require_certificate: bool = True, **made: Any
) -> Bad:
    @contextlib.contextmanager
    def begin(_: Path) -> Iterator[Given]:
        certificates = make(**made)
        broker = Broker(tls=certificates, require_certificate=require_certificate)
        with broker, nobody_knows() as names:
            mqtt = broker.mqtt() | {"tls": certificates.settings() | changes()}
            yield Given(mqtt, names)

    return begin


@contextlib.contextmanager
def wrong_password(place: Path) -> Iterator[Given]:
    file = place / "passwords"
    file.write_text(password_line("gateway", "geheim"), encoding="utf-8")
    lines = [f"password_file {file}"]
    with Broker(0, place / "broker", "mosquitto", lines=lines) as broker, nobody_knows() as names:
        yield Given(mqtt_at(broker.port, HOST, "gateway", "falsch"), names)


@contextlib.contextmanager
def gone_later(_: Path) -> Iterator[Given]:
    with Broker() as broker, nobody_knows() as names:
        yield Given(mqtt_at(broker.port), names, later=broker.stop)


def with_files(**files: bytes) -> Bad:
    @contextlib.contextmanager
    def begin(_: Path) -> Iterator[Given]:
        with Broker() as broker, nobody_knows() as names:
            found = {name.replace("_", "."): content for name, content in files.items()}
            yield Given(mqtt_at(broker.port), names, found)

    return begin


@contextlib.contextmanager
def broken_settings(_: Path) -> Iterator[Given]:
    """A settings.json that was cut off; what was kept before has the broker."""
    with Broker() as broker, nobody_knows() as names:
        mqtt = mqtt_at(broker.port)
        value = json.dumps({"mqtt": mqtt}).encode()
        slot = struct.pack("<4sII", b"DUR1", 1, len(value)) + value
        slot += struct.pack("<I", zlib.crc32(slot))
        yield Given(mqtt, names, {"settings.json": value[:40], "settings.0": slot})


@contextlib.contextmanager
def full_flash(_: Path) -> Iterator[Given]:
    """No block is free once something was measured."""
    with Broker() as broker, nobody_knows() as names:
        yield Given(mqtt_at(broker.port), names, script=PROBE.parent / "small_flash.py")


@contextlib.contextmanager
def full_journal(place: Path) -> Iterator[Given]:
    """Of minutes that a broker has not taken, which is away still: old ones are records of 5 and
    15 minutes."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    plan.pop("b_bus", None)  # the journal alone has no such line
    steps = [{"s": 20, "now": 1764000000000 + 20000 * k} for k in range(1, 3000)]
    run(place, steps, len(plan["points"]), site=plan, cursors={"broker": 1}, capacity=16384)
    kept = [*(place / "journal").iterdir(), *place.glob("registers.*")]
    files = {str(one.relative_to(place)): one.read_bytes() for one in kept}
    with nobody() as gone, nobody_knows() as names:
        yield Given(mqtt_at(gone.port), names, files)


# What is wrong, the LED's state, the sentence; two where two things are wrong.
ROWS: dict[str, tuple[Bad, str, str | tuple[str, ...]]] = {
    "a name that nobody knows": (
        at(nobody, "broker.invalid"), "no internet",
        r"nobody knows broker\.invalid: is mqtt\.host right, and does the network's name server "),
    "a port that refuses": (
        at(nobody), "no internet",
        r"nothing listens on port \d+ of 127\.0\.0\.1: is the broker running, and is mqtt\.port"),
    "a port that is silent": (
        at(full), "no internet", "the broker does not answer"),
    "a port that hangs up": (
        at(lambda: Imposter(nothing_at_all)), "no internet",
        r"127\.0\.0\.1 closed the connection"),
    "hangs up when it is spoken to": (
        at(lambda: Imposter(hang_up)), "connecting", r"127\.0\.0\.1 closed the connection"),
    "a web server": (
        at(lambda: Imposter(answer(b"HTTP/1.1 400 Bad Request\r\n\r\n"))), "connecting",
        r"what answers on port \d+ of 127\.0\.0\.1 is a web server: is mqtt\.port right\?"),
    "one that says nothing": (
        at(lambda: Imposter(silent)), "connecting", "the broker does not answer"),
    "was there and is gone": (
        gone_later, "lost", r"nothing listens on port \d+ of 127\.0\.0\.1"),
    "wrong password": (wrong_password, "connecting", "the broker refused us: "),
    "another CA": (
        over_tls(lambda: {"ca": make(names=["broker.test"]).ca}), "connecting",
        r"the broker's certificate is not signed by the CA in mqtt\.tls\.ca"),
    "expired certificate": (
        over_tls(broker_expired=True), "connecting", "the broker's certificate has expired"),
    "our certificate has expired": (
        over_tls(client_expired=True), "connecting",
        "the gateway's own certificate expired on 2020-01-01: give a new one, by the command "),
    "our certificate is not valid yet": (
        over_tls(client_early=True), "connecting",
        "the gateway's own certificate is not valid before 2090-01-01: give one that is"),
    "our certificate expires soon": (
        over_tls(client_days=29), "well",
        r"the gateway's own certificate expires on \d{4}-\d\d-\d\d: renew it before, by the "),
    "our certificate has expired, and the broker does not mind": (
        over_tls(require_certificate=False, client_expired=True), "well",
        "the gateway's own certificate expired on 2020-01-01: give a new one"),
    "broken settings": (
        broken_settings, "well",
        "settings.json cannot be used, what was kept before is: put a good one on the gateway"),
    "damaged registers": (
        with_files(registers_0=DAMAGED, registers_1=DAMAGED), "well",
        "the energy registers in the flash were damaged: they have begun at 0"),
    "a damaged journal": (
        with_files(**{"journal/1.1": b"J1 damaged"}), "well",
        "a part of the history in the flash is damaged and passed over: what it had is lost"),
    "no place for the journal": (
        with_files(journal=b"no folder"), "well", "the flash cannot be written: "),
    "a full flash": (full_flash, "well", "the flash cannot be written: "),
    "a full journal": (full_journal, "no internet", (
        "the flash is full of minutes that the broker has not taken: old ones are kept as records",
        r"nothing listens on port \d+ of 127\.0\.0\.1")),
}  # fmt: skip


class Bare(Session):
    """Its folder has more files."""

    files: dict[str, bytes] = {}

    def _write(self, name: str, content: Any) -> None:
        super()._write(name, content)
        for one, data in self.files.items():
            (self.directory / one).parent.mkdir(exist_ok=True)
            (self.directory / one).write_bytes(data)


def page(port: int) -> str:
    """The hotspot's."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", "/", headers={"Accept": "text/html"})
        got = connection.getresponse()
        assert got.status == 200
        return html.unescape(gzip.decompress(got.read()).decode())
    finally:
        connection.close()


@needs_mosquitto
@pytest.mark.parametrize("bad, led, words", ROWS.values(), ids=ROWS)
def test_one_sentence(tmp_path, bad, led, words):
    wanted = (words,) if isinstance(words, str) else words
    house, world, port = load_house(DEFAULT_HOUSE), World(), free_port()
    with contextlib.ExitStack() as stack:
        given = stack.enter_context(bad(tmp_path))
        internet = stack.enter_context(Internet(world, free_port()))
        board = {"portal": [port, free_port()], "probe": [HOST, internet.probe_port]}
        kind = type("Given", (Bare,), {"files": given.files})
        session = stack.enter_context(
            kind(
                Installation(house), house.site_json(), mqtt=given.mqtt, script=given.script,
                arguments=[given.names], console=False, world=world, board=board,
            )
        )  # fmt: skip
        probe = Probe(session)
        probe.session = session

        def said(states: list[dict[str, Any]]) -> list[str] | None:
            now = states[-1] if states else {"texts": [], "led": None}
            texts = now["texts"]
            if now["led"] == led and len(texts) == len(wanted):
                return texts if all(map(re.match, wanted, texts)) else None
            return None

        if given.later:
            probe.until(lambda states: states and states[-1]["led"] == "well", "all is well")
            given.later()
        texts = probe.until(said, words)
        assert not any("\n" in text for text in texts)
        lines = [f"advice: {text}\n" for text in texts]
        probe.until(lambda _: all(line in probe.rest for line in lines), "the console")
        world.hold_button(0.3)
        probe.until(lambda _: world.hotspot, "the hotspot")
        shown = page(port)
        assert [text in shown for text in texts] == [True] * len(texts)
        holds(probe)
        assert [probe.rest.count(line) for line in lines] == [1] * len(lines)
