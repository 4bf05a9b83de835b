"""No secret that a gateway was given is on its console, in its log, in a topic or in an answer:
also where what it was given is refused, does not work, or ends the program."""

from __future__ import annotations

import copy
import json
from typing import Any

from commanded_gateway import Running
from gateway_host.certificates import make
from gateway_host.session import Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from in_interpreter import succeed
from running_gateway import PATIENCE_S, Listener, mqtt_at

KEY, PASSWORD, SITE_KEY = "SECRETKEYOFWIFI", "SECRETPASSWORD", "5ec2e7" * 10 + "5ec2"
HOTSPOT, NETWORK = "secret23hot5", "Woning"
TLS = make()
PRIVATE = TLS.client_key.strip().splitlines()[1]
SECRETS = (KEY, PASSWORD, SITE_KEY, HOTSPOT, PRIVATE)
GOOD: dict[str, Any] = {
    "mqtt": {
        "host": "broker.example",
        "port": 8883,
        "user": "me",
        "password": PASSWORD,
        "tls": {"ca": TLS.ca, "certificate": TLS.client_certificate, "key": TLS.client_key},
    },
    "networks": [[NETWORK, KEY]],
    "site_key": SITE_KEY,
}
WRONG = (None, True, -1, [], {}, "", "\u0000", "x" * 300)


def places(table: Any, at: tuple = ()) -> list[tuple]:
    """The way to everything in it."""
    inner = table.items() if isinstance(table, dict) else enumerate(table)
    found = []
    for name, value in inner:
        found.append((*at, name))
        if isinstance(value, dict | list):
            found += places(value, (*at, name))
    return found


def changed(way: tuple, value: Any) -> dict[str, Any]:
    table = copy.deepcopy(GOOD)
    inner: Any = table
    for name in way[:-1]:
        inner = inner[name]
    inner[way[-1]] = value
    return table


def cut_and_swapped() -> list[dict[str, Any]]:
    """Secrets that are damaged, or stand where something else should."""
    tls = GOOD["mqtt"]["tls"]
    cases = [changed(("mqtt", "tls", name), tls[name][:-80]) for name in tls]
    cases += [changed(("mqtt", "tls", "key"), PASSWORD), changed(("mqtt", "host"), 5)]
    cases += [changed(("networks", 0), [KEY]), changed(("networks", 0), [KEY, 5])]
    cases += [changed(("networks", 0), [NETWORK, KEY, KEY]), changed(("networks", 0), KEY)]
    cases += [changed(("networks", 0), [NETWORK, KEY * 9]), changed(("networks",), KEY)]
    cases += [changed(("site_key",), SITE_KEY[1:]), changed(("mqtt",), PASSWORD)]
    cases += [changed(("mqtt", "user"), None), changed(("link",), PASSWORD)]
    cases += [changed(("apn",), 5), changed(("publish",), PASSWORD)]
    return cases


def test_settings_that_are_refused():
    """Every field with values of every kind, cut and exchanged: of the two hundred sentences none
    has a secret in it."""
    cases = [changed(way, value) for way in places(GOOD) for value in WRONG]
    cases += cut_and_swapped()
    texts = [json.dumps(case) for case in cases]
    texts += [text[:-at] for text in texts[:1] for at in (1, 2, 40, len(text) // 2)]
    said = json.loads(succeed("refuse_settings", given=texts, heap="4M"))
    assert len(said) == len(texts)
    assert sum(text is not None for text in said) > 120
    found = {text for text in said if text and any(secret in text for secret in SECRETS)}
    assert found == set()


def test_a_gateway_that_works_with_them(broker, tmp_path):
    """It measures, answers all that can be asked of it, is given secrets that it refuses, and
    begins anew."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    label = {"serial": "5020000042", "hotspot_key": HOTSPOT}
    (tmp_path / "factory.json").write_text(json.dumps(label))
    mqtt = mqtt_at(broker.port, user="me", password=PASSWORD)
    with Listener(plan, broker.port) as listener:
        installation = Installation(load_house(DEFAULT_HOUSE))
        running = Running(installation, plan, listener, broker.port)
        with Given(installation, plan, mqtt=mqtt, directory=tmp_path) as session:
            listener.wait("realtime", 2)
            answers = [running.ask(f"c{n}", **command) for n, command in enumerate(ASKED)]
            assert [answer["ok"] for answer in answers[:3]] == [True, True, True]
            assert sum(not answer["ok"] for answer in answers) >= 5
            assert running.ask("r", restart=True)["ok"]
            session.wait(PATIENCE_S)
        kept = (tmp_path / "settings.0").read_text(errors="replace")
        assert PASSWORD in kept and KEY in kept  # it had them
        messages = [m for m in listener.messages.all() if not m.topic.endswith("/set")]
        said = json.dumps([m.value for m in messages])
        for text in (said, (tmp_path / "gateway.log").read_text()):
            assert not any(secret in text for secret in SECRETS)


class Given(Session):
    """Its settings have more secrets."""

    def _write(self, name: str, content: Any) -> None:
        if name == "settings.json":
            content |= {"networks": [[NETWORK, KEY]], "site_key": SITE_KEY}
        super()._write(name, content)


ASKED: tuple[dict[str, Any], ...] = (
    {"get": {"what": "settings"}},
    {"get": {"what": "site"}},
    {"log": {"level": "all"}},
    {"get": {"what": "networks"}},
    {"renew": {"password": PASSWORD}},
    {"renew": {"key": TLS.client_key, "certificate": PASSWORD}},
    {"renew": {"certificate": TLS.client_certificate, "key": PRIVATE}},
    {"configure": {"settings": {"networks": [[NETWORK, KEY]]}}},
    {"configure": {"settings": {"site_key": SITE_KEY}}},
)
