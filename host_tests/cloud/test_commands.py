"""Commands by MQTT, given by paho to a running gateway: what is carried out shows on the node;
what is refused is counted and explained."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from commanded_gateway import Running, in_
from gateway_host.broker import Broker
from gateway_host.session import SERIAL, Session
from gateway_host.sim.b_input_module import InputModule
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from gateway_host.site_document import fingerprint
from in_interpreter import succeed
from running_gateway import PATIENCE_S, Listener, mqtt_at
from test_uplink import needs_mosquitto

pytestmark = needs_mosquitto


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    house = load_house(DEFAULT_HOUSE)
    plan, installation = house.site_json(), Installation(house)
    with Broker() as broker, Listener(plan, broker.port) as listener:
        running = Running(installation, plan, listener, broker.port)
        with Session(installation, plan, mqtt=mqtt_at(broker.port)):
            listener.wait("site")
            yield running


def test_live_raises_everything_to_once_a_second(running):
    """By the gateway's clock; every 10 s, as usual, 8 of them would take 70 s."""
    listener = running.listener
    counts = {topic: len(listener.of(topic)) for topic in ("gateway", "harmonics")}
    running.command('{"live": {"seconds": 30}}')
    for topic, clock in (("gateway", "uptime"), ("harmonics", "time")):
        new = listener.wait(topic, counts[topic] + 8)[counts[topic] :]
        assert new[7][clock] - new[0][clock] <= 30, topic


def test_identify_blinks_at_the_node(running):
    serial = "5500000190"
    running.command(json.dumps({"identify": {"serial": serial, "input": "C", "seconds": 600}}))
    end = time.monotonic() + PATIENCE_S
    while (led := running.installation.leds()[serial]).name != "identify":
        assert time.monotonic() < end, led
        time.sleep(0.05)
    assert led.inputs == "C"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("not JSON", "gateway/set: not JSON"),
        ("[1]", "gateway/set: not a JSON object with a command"),
        ("{}", "gateway/set: not a JSON object with a command"),
        (
            '{"reboot": true, "scan": true}',
            "gateway/set: no such command: reboot; there are: commission, configure, free, get, "
            "history",
        ),
        ('{"scan": "now"}', 'gateway/set: scan: must be true, not "now"'),
        (
            '{"identify": {"serial": "5500000190", "input": "AB"}}',
            'gateway/set: identify.input: must be "A" or "B" or "C" or "D", not "AB"',
        ),
        (
            '{"identify": {"input": "A"}}',
            "gateway/set: identify.serial is missing: it must be ten",
        ),
        ('{"identify": 5}', "gateway/set: identify: must be {"),
        ('{"live": true}', 'gateway/set: live: must be {"seconds": }, not true'),
        ('{"live": {"seconds": 601}}', "gateway/set: live.seconds: must be a whole number from"),
        (
            '{"identify": {"serial": "5500009999", "input": "A"}}',
            "gateway/set: no node 5500009999",
        ),
        (
            '{"identify": {"serial": "5500000190", "input": "A", "seconds": 1e999}}',
            "gateway/set: identify.seconds: must be a whole number from 0 to 600, not inf",
        ),
        (
            '{"switch": {"output": "Boiler", "on": true}}',
            "gateway/set: switch wants an id and expires beside it",
        ),
        ('{"scan": true, "because": "%s"}' % (24600 * "x"), "longer than any"),
    ],
)
def test_what_is_wrong_is_counted_and_explained(running, payload, words):
    assert words in running.refusal(payload)


BOILER = {"output": "Boiler", "on": True}


# What comes, `expires` in s from now, and the answer's error; None where all is well.
ANSWERED = [
    ({"id": "1", "expires": 600, "scan": True}, None),
    ({"id": "1", "expires": 600, "scan": True}, None),
    ({"id": "1", "expires": 600, "live": {"seconds": 1}}, "replayed"),
    ({"id": "2", "expires": -600, "scan": True}, "late"),
    ({"id": "3", "expires": 86400, "scan": True}, "malformed"),
    ({"id": "4", "expires": 600, "reboot": True}, "unknown"),
    ({"id": "5", "expires": 600, "scan": "now"}, "malformed"),
    ({"id": "6", "scan": True}, "malformed"),
    ({"id": "7", "expires": 600, "switch": BOILER | {"output": "Sauna"}}, "refused"),
    ({"id": "8", "expires": 600, "switch": BOILER}, None),
    ({"id": "8", "expires": 600, "switch": BOILER | {"on": False}}, "replayed"),
]


def test_each_command_with_an_id_is_answered(running):
    """In their order, whatever they are; the last two are what came again."""
    running.listener.wait("bBus")
    before = len(running.listener.of("gateway/answer"))
    now = in_(0)  # when these are read may be long ago
    for command, _ in ANSWERED:
        expires = {"expires": now + command["expires"]} if "expires" in command else {}
        running.command(json.dumps(command | expires))
        time.sleep(0.05)
    answers = running.listener.wait("gateway/answer", before + len(ANSWERED))[before:]
    got = sorted((answer["id"], answer.get("error", "")) for answer in answers)
    assert got == sorted((command["id"], error or "") for command, error in ANSWERED)
    for answer in answers:
        assert answer["ok"] == ("error" not in answer)
        # By the gateway's clock, which is slow where the machine is.
        assert running.listener.of("site")[0]["time"] <= answer["time"] <= time.time() + 1


def test_a_scan_finds_a_module_of_the_b_bus_on_port_a(running):
    running.installation.misplaced.slaves.append(InputModule(5))
    running.command('{"scan": true}')
    running.listener.messages.until(
        lambda items: any(
            text["text"].startswith("5700000005 on port A")
            for m in items
            if m.topic == "gateway"
            for text in m.value["advice"]
        ),
        "the module's name",
    )


FREE = {"site": "u", "gateway": SERIAL, "losing": False}
FREED = [
    (FREE, 0, True, None),
    (FREE, 2, True, "2 minutes are not delivered and would be lost: wait until they"),
    (FREE | {"losing": True}, 2, True, None),
    (FREE | {"site": "v"}, 0, True, "free.site: must be u, of this site"),
    (FREE | {"gateway": "5130000007"}, 0, True, f"free.gateway: is not {SERIAL}, this one"),
    (FREE, 0, False, "the label cannot be kept: nothing is erased"),
]


def test_when_a_gateway_may_be_freed():
    """Of this site, the one that is named, and nothing would be lost, or that was said."""
    said = succeed("free_gateway", given=[case[:3] for case in FREED], heap="1M").splitlines()
    for (*_, refusal), line in zip(FREED, said, strict=True):
        answer, text, given_back = json.loads(line)
        if refusal is None:
            assert (answer, text, given_back) == ({"restarts": True}, None, 1)
        else:
            assert text.startswith(refusal) and answer is None and given_back == 0


def test_what_was_decided_is_begun():
    """Once a command is written the new start comes, whatever fails between."""
    said = succeed("end_maintenance", heap="1M").splitlines()[-1]
    assert json.loads(said) == dict.fromkeys(("nothing", "close", "commands", "memory"), 1)


def test_a_gateway_is_freed_for_another_site(tmp_path):
    """Answered, then gone from the site; at the next start nothing of the site is left, and the
    label says since when."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    (tmp_path / "factory.json").write_text('{"serial": "5020000042", "hotspot_key": "label"}')
    with Broker() as broker, lives(tmp_path, plan, broker) as start:
        mqtt = mqtt_at(broker.port, user=SECRETS[0], password=SECRETS[1])
        with start(plan, mqtt=mqtt) as running:
            other = running.ask("1", free={"site": "another", "gateway": SERIAL})
            assert other["text"] == f"free.site: must be {plan['uuid']}, of this site"
            free = {"site": plan["uuid"], "gateway": SERIAL, "losing": True}
            answer = running.ask("2", free=free)
            assert answer["result"] == {"restarts": True}
        presence = [message["value"] for message in running.listener.of("presence")]
        assert presence[-1] is False
        assert (tmp_path / "site.json").exists()  # it is the next start that erases
    with Session(Installation(load_house(DEFAULT_HOUSE)), None, directory=tmp_path) as session:
        session.wait(PATIENCE_S)  # it erases, and begins anew
    left = {path.name for path in tmp_path.iterdir()}
    assert not left & {"site.json", "settings.0", "settings.1", "registers.0", "journal", "kept"}
    label = json.loads((tmp_path / "factory.json").read_text())
    assert label.pop("freed") >= running.listener.of("site")[0]["time"]
    assert label == {"serial": "5020000042", "hotspot_key": "label"}
    said = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(secret.encode() in said for secret in SECRETS)


SECRETS = ("topsecret-user", "topsecret-key")


@contextlib.contextmanager
def lives(directory: Path, plan: dict[str, Any], broker: Broker) -> Iterator[Any]:
    """A gateway of these files; a function that starts it, as Running, and ends when it has."""
    house = load_house(DEFAULT_HOUSE)
    with Listener(plan, broker.port) as listener:

        @contextlib.contextmanager
        def start(plan: dict[str, Any] | None, **settings: Any) -> Iterator[Running]:
            installation = Installation(house)
            running = Running(installation, listener.plan, listener, broker.port)
            seen = len(listener.of("presence"))
            with Session(installation, plan, directory=directory, **settings) as session:
                listener.wait("presence", seen + 1)
                listener.messages.until(
                    lambda items: items[-1].topic == "site" or len(items) > 10_000, "a report"
                )
                yield running
                session.wait(PATIENCE_S)
                session.check(may_end=True)

        listener.plan = plan
        yield start


def test_a_site_is_replaced_read_and_taken_back(tmp_path):
    """Whole, by one command each, while it goes on measuring; the same command again gets the same
    answer, after a new start too."""
    plan = load_house(DEFAULT_HOUSE).site_json()
    new = plan | {"name": "Après la pluie", "location": 815, "points": plan["points"][:-3]}
    with Broker() as broker, lives(tmp_path, plan, broker) as start:
        mqtt = mqtt_at(broker.port, user=SECRETS[0], password=SECRETS[1])
        with start(plan, mqtt=mqtt) as running:
            listener = running.listener
            assert running.ask("1", get={"what": "site"})["result"] == plan
            assert running.ask("2", get={"what": "site_before"})["error"] == "refused"
            other = running.ask("3", configure={"site": plan | {"uuid": "another"}})
            words = f"site.uuid: must be {plan['uuid']}, of this site"
            assert (other["error"], other["text"]) == ("refused", words)
            wrong = running.ask("4", configure={"site": plan | {"scheme": "9x9"}})
            assert wrong["error"] == "refused"
            assert wrong["text"].startswith('site: scheme: "9x9" is not known (known: ')
            both = running.ask("5", configure={"site": new, "site_before": True})
            assert both["error"] == "malformed"
            elsewhere = running.ask("5b", configure={"site": plan | {"gateway": "5020000043"}})
            assert "it is for 5020000043, and this is 5020000042" in elsewhere["text"]
            assert not (tmp_path / "site.before").exists()
            change = {"id": "6", "expires": in_(3000), "configure": {"site": new}}
            answer = running.give(change)
            used = {"restarts": False, "fingerprint": fingerprint(new)}
            assert answer["result"] == used
            assert listener.of("config")[-1]["serviceLocationId"] == 815
            state = listener.messages.until(
                lambda items: [m.value for m in items if m.topic == "gateway"
                               and m.value["site"] == fingerprint(new)],
                "its fingerprint",
            )[-1]  # fmt: skip
            assert state["aBus"]["points"] == 25
            assert state["aBus"]["skipped"] == 0
            shown = listener.messages.until(
                lambda items: [m.value for m in items if m.topic == "site"
                               and len(m.value["points"]) == 25],
                "the new points",
            )[-1]  # fmt: skip
            assert {point["missing"] for point in shown["points"]} == {0}
            before = listener.of("gateway")[0]
            assert before["site"] == fingerprint(plan)
            assert listener.of("presence")[-1] == {"value": True}
            listener.messages.until(
                lambda items: any(
                    len(record["import"]) == 25
                    for m in items
                    if m.topic == "minutes"
                    for record in m.value["records"]
                ),
                "a record of the new site",
            )
            again = running.ask("6b", reapply=True)  # modules on the B-bus too
            assert again["result"] == {"restarts": True}
        assert json.loads((tmp_path / "site.json").read_text()) == new
        with start(None) as running:
            assert running.ask("7", get={"what": "site"})["result"] == new
            assert running.ask("8", get={"what": "site_before"})["result"] == plan
            assert running.give(change)["ok"]
            back = running.ask("9", configure={"site_before": True})
            assert back["result"]["fingerprint"] == fingerprint(plan)
            assert running.ask("10", restart=True)["ok"]
        assert json.loads((tmp_path / "site.json").read_text()) == plan
        assert json.loads((tmp_path / "site.before").read_text()) == new
        # The minute of the old site ends with it; the next record is of the new one.
        records = [one for m in running.listener.of("minutes") for one in m["records"]]
        points = {one["sequence"]: len(one["import"]) for one in records}
        counts = [points[sequence] for sequence in sorted(points)]
        at = counts.index(25)
        assert at and counts[:at] == at * [28]
        topics = [m.topic for m in running.listener.messages.all()]
        assert topics[-1] == "presence"
        log = (tmp_path / "gateway.log").read_text()
        said = json.dumps([m.value for m in running.listener.messages.all()]) + log
        assert not any(secret in said for secret in SECRETS)


def test_settings_log_and_new_starts(tmp_path):
    plan = load_house(DEFAULT_HOUSE).site_json()
    with Broker() as broker, lives(tmp_path, plan, broker) as start:
        with start(plan, mqtt=mqtt_at(broker.port, user="u", password=SECRETS[1])) as running:
            settings = running.ask("1", get={"what": "settings"})["result"]
            assert settings["mqtt"] == {"host": "127.0.0.1", "port": broker.port,
                                        "home_broker": True, "password": True}  # fmt: skip
            for given, words in (
                ({"networks": []}, "settings.networks: is not changed by a command"),
                ({"publish": {"sites": 5}}, "publish.sites: is not known"),
                ({"time_servers": []}, "time_servers: must be a list"),
            ):
                refused = running.ask(words, configure={"settings": given})
                assert refused["error"] == "refused" and refused["text"].startswith(words)
            first = running.ask("2", log={})["result"]
            assert first["level"] == "errors"
            assert running.ask("3", log={"level": "all"})["result"]["level"] == "all"
            lines = running.ask("4", log={"level": "errors"})["result"]["lines"]
            # The same within a minute is said once; all three are counted.
            assert [text for _, text in lines].count("order.refused") == 1
            running.listener.messages.until(
                lambda items: next(
                    (m for m in items if m.topic == "gateway"
                     and m.value["errors"].get("order.refused") == 3), None,
                ),
                "all three in errors",
            )  # fmt: skip
            answer = running.ask("5", configure={"settings": {"publish": {"totals": 7}}})
            assert answer["result"] == {"restarts": True}
        with start(None) as running:
            assert running.ask("6", get={"what": "settings"})["result"]["publish"] == {"totals": 7}
            assert running.ask("7", reapply=True)["result"] == {"restarts": True}
        with start(None) as running:
            assert running.ask("8", restart=True)["result"] == {"restarts": True}
        with start(None) as running:
            assert running.ask("8", restart=True)["ok"]  # and nothing begins anew
            assert running.ask("9", scan=True)["ok"]
            running.ask("10", restart=True)
