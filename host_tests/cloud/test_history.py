"""A whole gateway and the history that it delivers: what was measured before a restart comes after
it, in messages that the collector, which shares no code with the firmware, accepts."""

from __future__ import annotations

import json

import pytest
from contract import wrong
from gateway_host import broker as brokers
from gateway_host.broker import Broker
from gateway_host.collector import messages
from gateway_host.session import SERIAL, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from running_gateway import PATIENCE_S, Listener

pytestmark = pytest.mark.skipif(
    brokers.mosquitto() is None, reason="no mosquitto: `make doctor` says why and the remedy"
)


def test_a_record_of_the_life_before(tmp_path):
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    with Broker() as broker, Listener(plan, broker.port) as listener:
        for life in (1, 2):
            installation = Installation(house)
            with Session(installation, plan, mqtt=broker.mqtt(), directory=tmp_path) as session:
                listener.wait("realtime", 4 * life)
                if life == 2:
                    listener.wait("history")
                session.interrupt()
                assert session.wait(PATIENCE_S) == 0, session.tail()
        found = listener.of("history")
        topics = [message.topic for message in listener.messages.all()]
        assert topics.index("layout") < topics.index("history")
        layout = listener.of("layout")[0]
    prefix = f"servicelocation/{plan['uuid']}/"
    for topic in ("history", "layout"):
        for value in listener.of(topic):
            assert wrong(prefix + topic, json.dumps(value)) == []
    taken = messages.read(prefix + "history", json.dumps(found[0]).encode())
    assert isinstance(taken, messages.Records)
    assert (taken.device, taken.historical) == (SERIAL, True)
    (record,) = taken.records
    assert (record.sequence, record.boot) == (taken.oldest, 1)
    assert 0 < record.seconds <= 60
    assert len(record.imports) == len(plan["points"]) and sum(record.imports) > 0
    described = messages.read(prefix + "layout", json.dumps(layout).encode())
    assert isinstance(described, messages.Layout)
    assert described.layout == taken.layout
    assert [p["name"] for p in described.points] == [p["load"] for p in plan["points"]]
