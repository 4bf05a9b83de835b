"""The gateway and a mosquitto over TLS: who is accepted, and what is said where one side is not
what the other one expects. OpenSSL is the other end."""

from __future__ import annotations

import datetime
import ipaddress
import json
import re
from dataclasses import replace
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from gateway_host.broker import HOST, Broker
from gateway_host.certificates import Certificates, make, self_signed
from gateway_host.errors import UserError
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import succeed
from running_gateway import PROBE, Listener, Probe, need
from test_uplink import (
    Imposter,
    answer,
    descriptors,
    gateway,
    holds,
    needs_mosquitto,
    password_line,
)

pytestmark = needs_mosquitto
LATE = datetime.datetime(2090, 1, 1, tzinfo=datetime.UTC)

made = cache(make)
good, other = cache(make), cache(lambda: make(names=["broker.test"]))


@pytest.mark.usefixtures("umqtt")
@pytest.mark.parametrize("bits, rsa", [(32, False), (64, False), (32, True)],
                         ids=["32-bit", "64-bit", "RSA"])  # fmt: skip
def test_a_broker_that_wants_a_certificate(bits, rsa):
    need(bits)
    plan = load_house(DEFAULT_HOUSE).site_json()
    with Broker(tls=make(rsa=rsa)) as broker, Listener(plan, broker.port) as listener:
        with gateway(broker.mqtt(), bits=bits) as probe:
            listener.wait("realtime", 2)
            listener.wait("config")
            assert holds(probe)["errors"] == {}
            assert probe.all()[-1]["advice"] == []


def test_several_cas_and_certificates_between():
    """The settings know two CAs; both sides bring what is between theirs and their certificate."""
    with Broker(tls=make(between=True)) as broker:
        mqtt = broker.mqtt()
        mqtt["tls"]["ca"] = other().ca + mqtt["tls"]["ca"]
        assert mqtt["tls"]["certificate"].count("BEGIN CERTIFICATE") == 2
        with gateway(mqtt) as probe:
            probe.until(lambda states: states and states[-1]["published"] >= 8, "messages")
            assert holds(probe)["errors"] == {}


@pytest.mark.usefixtures("umqtt")
@pytest.mark.parametrize("password, accepted", [("geheim", True), ("falsch", False)])
def test_a_broker_that_wants_a_password(tmp_path, password, accepted):
    file = tmp_path / "passwords"
    file.write_text(password_line("gateway", "geheim"), encoding="utf-8")
    lines = ["per_listener_settings false", f"password_file {file}"]
    with Broker(tls=good(), require_certificate=False, lines=lines) as broker:
        with gateway(broker.mqtt() | {"user": "gateway", "password": password}) as probe:
            if accepted:
                probe.until(lambda states: states and states[-1]["published"] >= 8, "messages")
                assert holds(probe)["errors"] == {}
            else:
                assert probe.error("uplink.refused")["connects"] == 0


def test_the_name_may_be_another_than_the_host():
    with Broker(tls=other()) as broker:
        mqtt = broker.mqtt()
        mqtt["tls"]["name"] = "broker.test"
        with gateway(mqtt) as probe:
            probe.until(lambda states: states and states[-1]["published"] >= 8, "messages")
            assert holds(probe)["errors"] == {}


def without(table: dict, *names: str) -> dict:
    return {name: value for name, value in table.items() if name not in names}


def alone(whole: Certificates) -> Certificates:
    """The same with a broker that signs for itself."""
    certificate, key = self_signed()
    return replace(whole, certificate=certificate, key=key)


def with_expired_ca() -> Certificates:
    """The CA's own certificate has expired, and what it has signed has not."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    begins, ends = (datetime.datetime(year, 1, 1, tzinfo=datetime.UTC) for year in (2019, 2020))
    name, serial = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")]), 1
    ca = x509.CertificateBuilder(name, name, ca_key.public_key(), serial, begins, ends)
    ca = ca.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    own = x509.CertificateBuilder(name, x509.Name([]), key.public_key(), 2, begins, LATE)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    own = own.add_extension(names, critical=True)
    texts = [
        one.sign(ca_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode() for one in (ca, own)
    ]
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Certificates(*texts, secret, texts[1], secret)


CLIENT = r"the broker refuses our certificate: has it expired, .* does mqtt\.tls\.key belong to it"
FOREIGN = r"the broker's certificate is not signed by the CA in mqtt\.tls\.ca$"

# What the broker has, what of `mqtt.tls` the gateway has in place of what fits, what it says.
REFUSED = [
    ("wrong CA", good, lambda: {"ca": other().ca}, FOREIGN),
    ("wrong name", other, dict,
     r"the broker's certificate is for another name than 127\.0\.0\.1: set mqtt\.tls\.name"),
    ("wrong CA and name", other, lambda: {"ca": good().ca},
     r"the broker's certificate is not signed .*; it is for another name than 127\.0\.0\.1"),
    ("wrong name given", good, lambda: {"name": "broker.test"},
     r"the broker's certificate is for another name than broker\.test"),
    ("expired broker", cache(lambda: make(broker_expired=True)), dict,
     r"the broker's certificate has expired"),
    ("expired CA", cache(with_expired_ca), dict,
     r"the CA in mqtt\.tls\.ca expired on 2020-01-01: give a new one"),
    ("broker not valid yet", cache(lambda: make(broker_early=True)), dict,
     r"the broker's certificate is not valid yet: has the gateway the right time\?"),
    ("self-signed broker", cache(lambda: alone(good())), dict,
     r"the broker's certificate is not signed by the CA in mqtt\.tls\.ca; it is for another name"),
    ("client not valid yet", cache(lambda: make(client_early=True)), dict,
     r"the gateway's own certificate is not valid before 2090-01-01: give one that is"),
    ("expired client", cache(lambda: make(client_expired=True)), dict,
     r"the gateway's own certificate expired on 2020-01-01: give a new one"),
    ("stranger", good, lambda: {"certificate": other().client_certificate,
                                "key": other().client_key}, CLIENT),
    ("another's key", good, lambda: {"key": other().client_key}, CLIENT),
    ("no certificate", good, lambda: {"certificate": None, "key": None},
     r"the broker wants a certificate: give mqtt\.tls\.certificate and mqtt\.tls\.key"),
    ("no certificate in it", good,
     lambda: {"ca": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
     r"mqtt\.tls\.ca: the interpreter reads no certificate in it"),
    ("no key in it", good,
     lambda: {"key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"},
     r"mqtt\.tls\.key: the interpreter cannot read it"),
]  # fmt: skip


def refused(mqtt: dict, words: str) -> None:
    """It is counted under one name, said in one line and in the advice, each time anew, and
    measuring goes on."""
    with gateway(mqtt) as probe:
        state = probe.error("uplink.tls")
        assert re.match(words, state["lastError"]), state["lastError"]
        assert "\n" not in state["lastError"]
        probe.until(lambda states: states[-1]["texts"] == [state["lastError"]], "the advice")
        before = descriptors(probe.session.pid)
        probe.until(lambda states: states[-1]["errors"]["uplink.tls"] >= 4, "three more tries")
        assert descriptors(probe.session.pid) <= before + 1
        now = holds(probe)
        assert (set(now["errors"]), now["connects"]) == ({"uplink.tls"}, 0)


@pytest.mark.parametrize("has, changes, words", [row[1:] for row in REFUSED],
                         ids=[row[0] for row in REFUSED])  # fmt: skip
def test_one_side_is_not_what_the_other_expects(has, changes, words):
    with Broker(tls=has()) as broker:
        mqtt = broker.mqtt()
        mqtt["tls"] |= changes()
        refused(mqtt, words)


def test_a_port_without_tls():
    with Broker(tls=good()) as broker:
        refused(
            broker.mqtt() | {"port": broker.port},
            rf"the broker broke off the TLS handshake: is {broker.port} its port for TLS\?$",
        )


def test_a_web_server():
    with Imposter(answer(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as imposter:
        mqtt = {"host": HOST, "port": imposter.port, "tls": good().settings()}
        refused(mqtt, rf"what answers on port {imposter.port} speaks no TLS: ")


def test_a_port_with_tls_and_settings_without():
    with Broker(tls=good()) as broker:
        mqtt = without(broker.mqtt(), "tls") | {"home_broker": True}
        with gateway(mqtt) as probe:
            said = probe.until(lambda states: states and states[-1]["lastError"], "an error")
            # The broker says so by an alert of TLS, or closes: then that is all that is known.
            assert said in (
                "the broker's port wants TLS: give mqtt.tls",
                f"127.0.0.1 closed the connection as we said who we are: is {broker.tls_port} a "
                "port for TLS?",
            )
            assert holds(probe)["connects"] == 0


@pytest.mark.usefixtures("umqtt")
def test_the_connection_comes_back():
    """A broker that ends and starts anew with the same certificates."""
    with Broker(tls=good()) as broker, gateway(broker.mqtt()) as probe:
        probe.until(lambda states: states and states[-1]["published"] >= 5, "messages")
        before = descriptors(probe.session.pid)
        for connects in (2, 3):
            broker.restart()
            probe.until(lambda states: states[-1]["connects"] >= connects, "a new connection")  # noqa: B023
        published = probe.all()[-1]["published"]
        probe.until(lambda states: states[-1]["published"] >= published + 4, "messages")
        state = holds(probe)
        assert set(state["errors"]) <= {"uplink.lost", "uplink.network", "uplink.tls"}
        assert descriptors(probe.session.pid) <= before + 1


def test_certificates_and_key_survive_a_restart_and_a_power_cut(tmp_path, bits):
    """RSA is the longest: they are kept whole, also when the newer of the two copies is not."""
    mqtt = {"host": HOST, "port": 8883, "tls": made(rsa=True).settings()}
    (tmp_path / "settings.json").write_text(json.dumps({"mqtt": mqtt}))
    said = succeed("damage_settings", bits=bits, heap="200K", cwd=tmp_path)
    files, before, after = json.loads(said)
    assert sorted(files) == ["settings.0", "settings.1"]
    assert (before, after) == (mqtt, mqtt)


def test_without_the_time_it_waits_and_tries(tmp_path):
    """No time server answers for a minute (here of 6 s): name and chain are verified as ever, and
    nothing that expires is carried out."""
    house = load_house(DEFAULT_HOUSE)
    with Broker(tls=good()) as broker:
        with Session(
            Installation(house),
            house.site_json(),
            mqtt=broker.mqtt(),
            script=PROBE,
            console=False,
            board={"epoch": None},
        ) as session:
            told = Probe(session)
            first = told.until(lambda states: states and states[-1]["connects"], "a connection")
            assert first == 1
            before = next(s for s in told.all() if s["connects"])["reports"]
            assert before >= 1  # it has waited, and measured


def test_amqtt_is_refused():
    with pytest.raises(UserError, match="TLS wants mosquitto"):
        Broker(kind="amqtt", tls=good()).start()
