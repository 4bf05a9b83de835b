"""A whole gateway and the history that it delivers: what was measured before a restart comes after
it, in messages that the collector, which shares no code with the firmware, accepts."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from contract import wrong
from gateway_host import broker as brokers
from gateway_host.broker import Broker
from gateway_host.collector import messages
from gateway_host.session import SERIAL, Session
from gateway_host.sim.house_file import DEFAULT_HOUSE, load_house
from gateway_host.sim.installation import Installation
from running_gateway import PATIENCE_S, Listener, Message

pytestmark = pytest.mark.skipif(
    brokers.mosquitto() is None, reason="no mosquitto: `make doctor` says why and the remedy"
)

EPOCH = 1764000000  # the first second of a minute
LEAST, MOST = 2, 55  # of a minute, s: its ends are not near
RECORDS = "minutes", "history"


def is_within_a_minute(items: list[Message]) -> bool:
    """Whether enough was measured, and a minute has begun and goes on: so a record is left."""
    ended = [message.value["utcTimeStamp"] for message in items if message.topic == "realtime"]
    return len(ended) >= 4 and LEAST <= ended[-1] // 1000 % 60 <= MOST


def has_records(items: list[Message]) -> bool:
    return any(message.topic in RECORDS for message in items)


def is_over(items: list[Message]) -> bool:
    """Whether the last word is the gateway's good-bye, which it says behind all else; before it
    there may be others, of connections that broke."""
    return bool(items) and items[-1].topic == "presence" and not items[-1].value["value"]


def records_of(items: list[Message], prefix: str) -> list[messages.Record]:
    """What all messages with records hold; each is as the contract says."""
    found: list[messages.Record] = []
    for message in items:
        if message.topic not in RECORDS:
            continue
        text = json.dumps(message.value)
        assert wrong(prefix + message.topic, text) == []
        taken = messages.read(prefix + message.topic, text.encode())
        assert isinstance(taken, messages.Records)
        assert (taken.device, taken.historical) == (SERIAL, message.topic == "history")
        assert taken.oldest == message.value["oldest"] <= taken.records[0].sequence
        found += taken.records
    return found


@pytest.mark.parametrize("second, crossed", [(5, False), (55, True)])
def test_a_record_of_the_life_before(second, crossed, tmp_path):
    """The first life begins at this second of a minute, and goes on until a record of it was
    delivered, where it crosses the end of one. What was measured behind comes after the
    restart."""
    house = load_house(DEFAULT_HOUSE)
    plan = house.site_json()
    prefix = f"servicelocation/{plan['uuid']}/"
    with Broker() as broker, Listener(plan, broker.port) as listener:

        def live(epoch: int, enough: Callable[[list[Message]], bool]) -> list[Message]:
            """All messages up to the end of this life."""
            before = len(listener.messages.all())
            mqtt = broker.mqtt()
            with Session(
                Installation(house), plan, mqtt=mqtt, directory=tmp_path, epoch=epoch
            ) as session:
                listener.messages.until(enough, "what it is to live for")
                session.interrupt()
                assert session.wait(PATIENCE_S) == 0, session.tail()
            listener.messages.until(lambda items: is_over(items[before:]), "a good-bye")
            return listener.messages.all()

        first = live(
            EPOCH + second,
            lambda items: is_within_a_minute(items) and (has_records(items) or not crossed),
        )
        ended_s = max(m.value["utcTimeStamp"] for m in first if m.topic == "realtime") // 1000
        both = live(
            ended_s + 1, lambda items: any(m.topic == "history" for m in items[len(first) :])
        )
    topics = [message.topic for message in both]
    assert topics.index("layout") < min(k for k, topic in enumerate(topics) if topic in RECORDS)
    before, after = records_of(first, prefix), records_of(both[len(first) :], prefix)
    kept = {record.sequence: record for record in before + after if record.boot == 1}
    # All of the first life, without a hole; the last of it came in the second one.
    oldest = next(m.value["oldest"] for m in both[len(first) :] if m.topic == "history")
    assert sorted(kept) == list(range(oldest, oldest + len(kept)))
    assert max(kept) not in [record.sequence for record in before]
    for record in kept.values():
        assert 0 < record.seconds <= 60
        assert len(record.imports) == len(plan["points"]) and sum(record.imports) > 0
    # Each ended with a minute, the last with the life.
    *whole, last = [kept[sequence].time for sequence in sorted(kept)]
    assert [time % 60 for time in whole] == [0] * len(whole)
    assert EPOCH + second < last and last >= ended_s - 1
    layouts = listener.of("layout")
    for value in layouts:
        assert wrong(prefix + "layout", json.dumps(value)) == []
    described = messages.read(prefix + "layout", json.dumps(layouts[0]).encode())
    assert isinstance(described, messages.Layout)
    assert {m.value["layout"] for m in both if m.topic in RECORDS} == {described.layout}
    assert [p["name"] for p in described.points] == [p["load"] for p in plan["points"]]
