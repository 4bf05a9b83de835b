"""Credentials for the broker, renewed by a command while the gateway is connected with the old
ones: mosquitto is the other end, OpenSSL its TLS."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from gateway_host.broker import Broker
from gateway_host.certificates import Certificates, make, self_signed
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import succeed
from paho.mqtt import publish
from running_gateway import PATIENCE_S, Listener
from test_uplink import needs_mosquitto, password_line

pytestmark = needs_mosquitto

old, new, stranger = cache(make), cache(lambda: make()), cache(lambda: make(names=["broker.test"]))


def trusting(*others: Certificates) -> Certificates:
    """What the broker has, which takes clients of these CAs."""
    return replace(old(), ca="".join(one.ca for one in others))


class Renewing:
    """A gateway that is connected, and what it answers."""

    def __init__(self, directory: Path, listener: Listener, broker: Broker, uuid: str):
        self.directory = directory
        self.listener = listener
        self.broker = broker
        self._topic = f"servicelocation/{uuid}/gateway/set"
        self._number = 0

    def ask(self, **command: Any) -> dict[str, Any]:
        """The answer to a command."""
        self._number += 1
        id = f"n{self._number}"
        payload = json.dumps({"id": id, "expires": int(time.time()) + 600} | command)
        publish.single(self._topic, payload, qos=1, port=self.broker.port)
        return self.listener.messages.until(
            lambda items: next(
                (m.value for m in items if m.topic == "gateway/answer" and m.value["id"] == id),
                None,
            ),
            "an answer",
        )

    def kept(self) -> dict[str, bytes]:
        """Both copies of the settings."""
        return {name: (self.directory / name).read_bytes() for name in ("settings.0", "settings.1")
                if (self.directory / name).exists()}  # fmt: skip

    def settings(self) -> dict[str, Any]:
        """What is kept of the settings."""
        return json.loads(succeed("show_broker", cwd=self.directory))

    def until_kept(self, what: str, good) -> dict[str, Any]:
        """The settings that are kept, once good(them)."""
        end = time.monotonic() + 3 * PATIENCE_S
        while not good(found := self.settings()):
            assert time.monotonic() < end, f"waited in vain for {what}"
            time.sleep(0.5)
        return found


@contextlib.contextmanager
def renewing(directory: Path, broker: Broker, mqtt: dict[str, Any]) -> Iterator[Renewing]:
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    directory.mkdir(exist_ok=True)
    with Listener(plan, broker.port) as listener:
        with Session(Installation(house), plan, mqtt=mqtt, directory=directory):
            listener.wait("site")
            yield Renewing(directory, listener, broker, plan["uuid"])


def own(certificates: Certificates) -> dict[str, str]:
    return {"certificate": certificates.client_certificate, "key": certificates.client_key}


def test_a_certificate_is_renewed_and_stays(tmp_path):
    """The broker knows both CAs; then the new one alone."""
    with Broker(tls=trusting(old(), new())) as broker:
        mqtt = broker.mqtt() | {"tls": old().settings()}
        with renewing(tmp_path / "gateway", broker, mqtt) as gateway:
            answer = gateway.ask(renew=own(new()))
            assert (answer["ok"], answer.get("result")) == (True, {"reconnects": True})
            early = gateway.ask(renew=own(old()))
            assert (early["error"], early["text"]) == (
                "busy",
                "the last renewal has not lasted for 30 s yet",
            )
            gateway.listener.wait("presence", 3)  # true, false, true
            # Once it has lasted the old one is forgotten.
            found = gateway.until_kept("the new one alone", lambda kept: kept["before"] is None)
            assert found["mqtt"]["tls"] == old().settings() | own(new())
            shown = gateway.ask(get={"what": "settings"})["result"]["mqtt"]["tls"]
            assert shown["begins"] < time.time() < shown["ends"]
            said = json.dumps([m.value for m in gateway.listener.messages.all()])
            said += (gateway.directory / "gateway.log").read_text()
            for secret in (new().client_key, old().client_key, new().client_certificate):
                assert secret.splitlines()[2] not in said
            # The broker takes the new CA's alone from now on.
            broker.set_certificates(trusting(new()))
            broker.restart()
            gateway.listener.messages.until(
                lambda items: (
                    [m.value["value"] for m in items if m.topic == "presence"][-1]
                    and len([m for m in items if m.topic == "presence"]) > 3
                ),
                "the connection with it",
            )


def test_it_is_asked_for_in_time_and_no_longer_once_it_has_come(tmp_path):
    ending = make(client_days=20)
    with Broker(tls=replace(ending, ca=ending.ca + new().ca)) as broker:
        with renewing(tmp_path / "gateway", broker, broker.mqtt()) as gateway:

            def advice(items) -> list[dict[str, str]]:
                last = [m.value["advice"] for m in items if m.topic == "gateway"]
                return last[-1] if last else []

            words = r"the gateway's own certificate expires on [\d-]+: renew it before, by the"
            gateway.listener.messages.until(
                lambda items: (
                    [one["name"] for one in advice(items)] == ["certificate"]
                    and re.match(words, advice(items)[0]["text"])
                ),
                "the advice",
            )
            assert gateway.ask(renew=own(new()))["ok"]
            gateway.listener.wait("presence", 3)  # true, false, true
            gateway.listener.messages.until(lambda items: not advice(items), "no advice any more")


# What is given, what is said of it. Each leaves everything as it was.
REFUSED = [
    ("expired", lambda: own(make(client_expired=True)),
     r"mqtt\.tls\.certificate: has expired on 2020-01-01$"),
    ("not valid yet", lambda: own(make(client_early=True)),
     r"mqtt\.tls\.certificate: is not valid before 2090-01-01$"),
    ("another's key", lambda: own(new()) | {"key": stranger().client_key},
     r"mqtt\.tls\.key: is not the certificate's"),
    ("key alone", lambda: {"key": new().client_key}, r"mqtt\.tls\.key: is not the certificate's"),
    ("half a certificate", lambda: {"certificate": new().client_certificate[:300],
                                    "key": new().client_key},
     r"mqtt\.tls\.certificate: the PEM is damaged or cut off"),
    ("a key in its place", lambda: {"certificate": new().client_key, "key": new().client_key},
     r"mqtt\.tls\.certificate: must be a CERTIFICATE"),
    ("of a CA that the broker does not know", lambda: own(stranger()),
     r"tried, and nothing was changed: the broker refuses our certificate: "),
    ("a CA that is not the broker's", lambda: {"ca": stranger().ca},
     r"tried, and nothing was changed: the broker's certificate is not signed by the CA"),
    ("self-signed", lambda: {"ca": self_signed()[0]},
     r"tried, and nothing was changed: the broker's certificate is not signed by the CA"),
    ("another name", lambda: {"name": "broker.test"},
     r"tried, and nothing was changed: the broker's certificate is for another name"),
    ("user alone", lambda: {"user": "topsecret"}, r"mqtt\.user and mqtt\.password: give both"),
    ("nothing", dict, r"renew: give ca, certificate and key, or a password"),
]  # fmt: skip


def test_what_does_not_fit_changes_nothing(tmp_path):
    with Broker(tls=trusting(old(), new())) as broker:
        mqtt = broker.mqtt() | {"tls": old().settings()}
        with renewing(tmp_path / "gateway", broker, mqtt) as gateway:
            before = gateway.kept()
            for name, given, words in REFUSED:
                answer = gateway.ask(renew=given())
                assert not answer["ok"], name
                assert re.match(words, answer["text"]), (name, answer["text"])
                assert "\n" not in answer["text"]
            assert gateway.kept() == before
            assert len(gateway.listener.of("presence")) == 1  # it has stayed connected
            state = gateway.listener.wait("gateway", len(gateway.listener.of("gateway")) + 1)[-1]
            assert state["mqtt"]["connects"] == 1
            said = json.dumps([m.value for m in gateway.listener.messages.all()])
            assert "topsecret" not in said


def test_what_the_broker_does_not_take_later_is_taken_back(tmp_path):
    """It was tried well, then the broker is set up anew and knows the old CA alone."""
    with Broker(tls=trusting(old(), new()), directory=tmp_path / "broker") as broker:
        mqtt = broker.mqtt() | {"tls": old().settings()}
        with renewing(tmp_path / "gateway", broker, mqtt) as gateway:
            assert gateway.ask(renew=own(new()))["ok"]
            broker.set_certificates(trusting(old()))
            broker.restart()
            found = gateway.until_kept(
                "the old one alone",
                lambda kept: kept["before"] is None and kept["mqtt"]["tls"] == old().settings(),
            )
            assert found["mqtt"]["port"] == broker.tls_port
            counts = gateway.listener.wait("gateway", len(gateway.listener.of("gateway")) + 1)[-1]
            assert counts["errors"]["uplink.taken_back"] == 1


def test_a_password_is_renewed(tmp_path):
    file = tmp_path / "passwords"
    file.write_text(
        password_line("gateway", "geheim") + password_line("gateway2", "anders"), encoding="utf-8"
    )
    lines = ["per_listener_settings false", f"password_file {file}"]
    with Broker(tls=old(), require_certificate=False, lines=lines) as broker:
        mqtt = broker.mqtt() | {"user": "gateway", "password": "geheim"}
        with renewing(tmp_path / "gateway", broker, mqtt) as gateway:
            wrong = gateway.ask(renew={"user": "gateway2", "password": "falsch"})
            assert wrong["text"] == (
                "tried, and nothing was changed: the broker refused us: not authorised: see mqtt "
                "in settings.json"
            )
            assert gateway.ask(renew={"user": "gateway2", "password": "anders"})["ok"]
            gateway.listener.wait("presence", 3)
            kept = gateway.settings()["mqtt"]
            assert (kept["user"], kept["password"]) == ("gateway2", "anders")
            said = json.dumps([m.value for m in gateway.listener.messages.all()])
            log = (tmp_path / "gateway" / "gateway.log").read_text()
            assert not any(word in said + log for word in ("falsch", "anders", "geheim"))


def test_a_home_broker_has_no_certificates(tmp_path):
    with Broker() as broker, renewing(tmp_path / "gateway", broker, broker.mqtt()) as gateway:
        answer = gateway.ask(renew=own(new()))
        assert (
            answer["text"] == "renew.certificate: there is no TLS with a home broker"
            or answer["text"] == "renew.key: there is no TLS with a home broker"
        )


def test_a_power_cut_at_any_byte_leaves_the_old_one_or_the_new_one(tmp_path, bits):
    """And while the new one is not settled, both."""
    first = {"host": "broker.example", "port": 8883, "tls": old().settings()}
    second = first | {"tls": old().settings() | own(new())}
    (tmp_path / "settings.json").write_text(json.dumps({"mqtt": first, "link": "wifi"}))
    said = succeed("renew_with_power_cuts", given=second, bits=bits, heap="2M", cwd=tmp_path)
    ends = [[["old", None], ["new", "old"]], [["new", "old"], ["old", "new"]],
            [["old", "new"], ["old", None]]]  # fmt: skip
    for (before, after), runs in zip(ends, json.loads(said), strict=True):
        assert [state for state, _ in runs] == [before, after]
        assert runs[0][1] > 1500 and runs[1][1] == 1
