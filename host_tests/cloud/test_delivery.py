"""Every record reaches a reader that keys by (device, sequence) exactly once, whatever happens to
acknowledgements, connections and the broker: mosquitto, and a network that does harm on purpose.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from broker_proxy import BrokerProxy
from contract import wrong
from gateway_host import broker as brokers
from gateway_host import interpreter, processes
from gateway_host.broker import HOST, Broker
from gateway_host.collector.holes import Asking, State, holes
from gateway_host.collector.ledger import Ledger
from gateway_host.session import MODULE_PATH
from in_interpreter import program
from paho.mqtt import client as mqtt
from running_gateway import PATIENCE_S, Waiting

pytestmark = pytest.mark.skipif(
    brokers.mosquitto() is None, reason="no mosquitto: `make doctor` says why and the remedy"
)

DEVICE = "5010000001"
POINTS = 28


def record(sequence: int) -> dict[str, Any]:
    """What programs/deliver_records.py has in a record, as docs/history.md has it."""
    ranges = {"power": [[-i, sequence] for i in range(POINTS)]} if sequence % 15 == 0 else {}
    return {
        "sequence": sequence,
        "time": 1764000000 + 60 * sequence,
        "seconds": 60,
        "boot": 3,
        "import": [sequence * 100 + i for i in range(POINTS)],
        "export": [0] * (POINTS - 1) + [None],
        "estimated": 0,
        "grid": [-sequence, sequence],
        "voltages": [[2290, 2310], [2280, 2300], None],
        "pulses": {"5700000011": [0, 12, None, sequence]},
        "events": 0,
        **ranges,
    }


class Reader:
    """A client with a session that the broker keeps. `messages`: (topic, value, retained)."""

    def __init__(self, port: int):
        self.messages = Waiting()
        self.connected = threading.Event()
        kind = mqtt.CallbackAPIVersion.VERSION2
        self._client = mqtt.Client(kind, client_id="reader", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("u/#", qos=1)
        self._client.on_subscribe = lambda *_: self.connected.set()
        self._client.on_disconnect = lambda *_: self.connected.clear()
        self._client.on_message = self._take
        self._client.connect(HOST, port)
        self._client.loop_start()
        assert self.connected.wait(PATIENCE_S)

    def _take(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic != "u/presence":
            value = json.loads(message.payload)
            self.messages.add((message.topic[2:], value, message.retain))

    def ask(self, first: int, last: int) -> None:
        order = {"history": {"from": first, "to": last}}
        self._client.publish("u/gateway/set", json.dumps(order), qos=1)

    def of(self, topic: str) -> list[dict[str, Any]]:
        return [value for name, value, _ in self.messages.all() if name == topic]

    def sequences(self, topic: str) -> list[int]:
        return [one["sequence"] for value in self.of(topic) for one in value["records"]]

    def check(self, total: int) -> int:
        """All records are there, each with what belongs to it, behind its layout; how many came
        again."""
        due = set(range(1, total + 1))
        topics = "minutes", "history"
        self.messages.until(
            lambda _: due <= {one for topic in topics for one in self.sequences(topic)},
            "all records",
        )
        known: dict[int, Any] = {}
        layouts = set()
        again = 0
        for topic, value, _ in self.messages.all():
            if topic == "layout":
                layouts.add(value["layout"])
            if topic not in ("minutes", "history"):
                continue
            assert wrong(f"servicelocation/u/{topic}", json.dumps(value)) == []
            assert value["device"] == DEVICE
            assert value["layout"] in layouts
            assert value["historical"] == (topic == "history")
            assert value["oldest"] == 1
            for one in value["records"]:
                assert one == record(one["sequence"])
                again += one["sequence"] in known
                known[one["sequence"]] = one
        assert set(known) == due
        return again

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Run(Waiting):
    """programs/deliver_records.py, and what it says."""

    def __init__(self, process: subprocess.Popen):
        super().__init__()
        self._process = process
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("{"):
                self.add(json.loads(line))

    def complete(self, total: int) -> dict[str, Any]:
        """The state once the broker has acknowledged all."""
        for sequence in range(50, total, 50):
            self.reach(sequence)
        self.until(lambda states: states and states[-1]["acknowledged"] == total, "all of them")
        return self.all()[-1]

    def reach(self, sequence: int) -> None:
        self.until(
            lambda states: states and states[-1]["acknowledged"] >= sequence, f"record {sequence}"
        )


@contextlib.contextmanager
def delivering(port: int, waiting: int, new: int = 0, **given: Any) -> Iterator[Run]:
    """A gateway's delivery with `waiting` records that wait, and `new` ones."""
    task = {
        "port": port, "waiting": waiting, "new": new, "live_ms": 300, "link": "ethernet",
        "layouts": [[1, "0000000a"]], "second_ms": 100, "after_ms": 0,
    } | given  # fmt: skip
    process = interpreter.start(
        [program("deliver_records")],
        heap="1M",
        path=MODULE_PATH,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        yield Run(process)
    finally:
        processes.stop(process)


@pytest.mark.usefixtures("umqtt")
def test_all_is_well():
    """What is new goes at once, what waited behind it, oldest first; nothing goes twice."""
    layouts = [[1, "0000000a"], [101, "0000000b"]]
    with Broker() as broker, BrokerProxy(broker.port) as proxy, Reader(broker.port) as reader:
        with delivering(proxy.port, 200, 10, layouts=layouts) as run:
            state = run.complete(210)
            assert (state["errors"], state["resent"], proxy.copies) == ({}, 0, 0)
        reader.messages.until(lambda _: reader.sequences("history")[-1:] == [200], "the last")
        assert reader.check(210) == 0
        assert reader.sequences("minutes") == list(range(201, 211))
        assert reader.sequences("history") == list(range(1, 201))
        assert all(len(value["records"]) <= 10 for value in reader.of("history"))
        assert all(len(value["records"]) == 1 for value in reader.of("minutes"))
        for topic, value, retained in reader.messages.all():
            assert not retained, (topic, value)
        with Reader(broker.port) as late:
            late.messages.until(lambda _: late.of("layout"), "the layout, retained")


def test_records_wait_for_their_time():
    """A gateway that has a connection has the time soon, and its journal fills it in."""
    with Broker() as broker, Reader(broker.port) as reader:
        with delivering(broker.port, 20, 2, untimed_ms=4000) as run:
            run.complete(22)
        reader.messages.until(lambda _: reader.sequences("minutes")[-1:] == [22], "the last")
        assert reader.check(22) == 0


def test_a_quarter_of_an_hour_at_once_on_lte():
    with Broker() as broker, Reader(broker.port) as reader:
        with delivering(broker.port, 3, 30, link="lte", live_ms=50) as run:
            run.complete(33)
        reader.messages.until(lambda _: len(reader.of("minutes")) == 2, "two messages")
        assert reader.check(33) == 0
        assert [len(value["records"]) for value in reader.of("minutes")] == [15, 15]


@pytest.mark.usefixtures("umqtt")
def test_acknowledgements_that_get_lost():
    """On a connection that stays: the messages come again, with DUP."""
    with Broker() as broker, BrokerProxy(broker.port) as proxy, Reader(broker.port) as reader:
        proxy.swallow_acknowledgements(3)
        with delivering(proxy.port, 100, 10) as run:
            state = run.complete(110)
            assert (state["connects"], state["resent"], state["errors"]) == (1, 3, {})
        assert proxy.copies == 3
        assert reader.check(110) >= 2  # the third is the layout's


@pytest.mark.usefixtures("umqtt")
def test_connections_that_are_cut_between_message_and_acknowledgement():
    with Broker() as broker, BrokerProxy(broker.port) as proxy, Reader(broker.port) as reader:
        proxy.cut_at(1, 4, 9, 13, 14)
        with delivering(proxy.port, 150, 10) as run:
            state = run.complete(160)
            assert set(state["errors"]) <= {"uplink.lost", "uplink.network"}
            assert state["connects"] == 6
        assert proxy.copies >= 5
        reader.check(160)


@pytest.mark.parametrize("with_state", [True, False])
def test_a_broker_that_is_killed_and_comes_back(tmp_path, with_state):
    """Without its state it has forgotten the reader, too, who is there first."""
    lines = [f"persistence {str(with_state).lower()}", f"persistence_location {tmp_path}/"]
    with Broker(lines=lines) as broker, BrokerProxy(broker.port) as proxy:
        with Reader(broker.port) as reader, delivering(proxy.port, 300, 20) as run:
            for reached in (60, 120):
                run.reach(reached)
                proxy.target = 1  # nobody
                reader.connected.clear()
                broker.restart()
                assert reader.connected.wait(PATIENCE_S)
                proxy.target = broker.port
            assert run.complete(320)["connects"] == 3
            reader.messages.until(lambda _: 300 in reader.sequences("history"), "the last")
            reader.check(320)


@pytest.mark.parametrize("half_open", [False, True])
def test_connections_that_fall_silent(half_open):
    """A black hole, and a connection whose other end is gone without a word: both are noticed."""
    with Broker() as broker, BrokerProxy(broker.port) as proxy, Reader(broker.port) as reader:
        with delivering(proxy.port, 200, 10) as run:
            run.reach(50)
            proxy.is_silent = True
            if half_open:
                reader.connected.clear()
                broker.restart()
            run.until(lambda states: states[-1]["errors"].get("uplink.silent"), "the error")
            assert reader.connected.wait(PATIENCE_S)
            proxy.is_silent = False
            state = run.complete(210)
            assert state["resent"] >= 1
        reader.check(210)


def test_a_broker_that_takes_no_long_message():
    """The messages become shorter."""
    lines = ["max_packet_size 4000"]
    with Broker(lines=lines) as broker, Reader(broker.port) as reader:
        with delivering(broker.port, 100, 10) as run:
            run.complete(110)
        reader.check(110)


def test_a_broker_that_takes_no_history():
    """It closes the connection at that topic: all else goes on, and the records wait."""
    with Broker() as broker, BrokerProxy(broker.port) as proxy, Reader(broker.port) as reader:
        proxy.refuse("/history")
        with delivering(proxy.port, 50, 400) as run:
            run.until(lambda s: s and s[-1]["errors"].get("uplink.left_out", 0) >= 3, "left out")
            count = len(reader.of("realtime"))
            seen = reader.sequences("minutes")[-1:]
            reader.messages.until(lambda _: len(reader.of("realtime")) >= count + 3, "realtime")
            reader.messages.until(lambda _: reader.sequences("minutes")[-1:] > seen, "a minute")
            assert run.all()[-1]["acknowledged"] == 0
            assert reader.of("history") == []


@pytest.mark.usefixtures("umqtt")
def test_a_hole_that_a_reader_asks_for():
    with Broker() as broker, Reader(broker.port) as reader:
        with delivering(broker.port, 30, after_ms=60000) as run:
            run.complete(30)
            before = len(reader.sequences("history"))
            reader.ask(4, 16)
            reader.messages.until(
                lambda _: reader.sequences("history")[before:] == list(range(4, 17)), "all again"
            )
            reader.ask(29, 2000000000)  # what there will be comes anyway
            reader.messages.until(
                lambda _: reader.sequences("history")[before + 13 :] == [29, 30], "the end"
            )
        assert reader.check(30) == 15


def test_a_hole_in_what_is_merged_now():
    """The reader gets the record that has it, whatever else that has."""
    with Broker() as broker, Reader(broker.port) as reader:
        with delivering(broker.port, 20, after_ms=60000, merged=[6, 10]) as run:
            run.complete(20)
            expected = [*range(1, 6), *range(10, 21)]
            assert reader.sequences("history") == expected
            for first, last in ((7, 8), (4, 9), (10, 11)):
                before = len(reader.sequences("history"))
                reader.ask(first, last)
                again = sorted({10 if 6 <= k <= 10 else k for k in range(first, last + 1)})
                reader.messages.until(
                    lambda _, before=before, again=again: (
                        reader.sequences("history")[before:] == again
                    ),
                    "again",
                )
        for value in reader.of("history"):
            assert wrong("servicelocation/u/history", json.dumps(value)) == []
        records = [one for value in reader.of("history") for one in value["records"]]
        assert {one["first"] for one in records if one["sequence"] == 10} == {6}
        assert not any("first" in one for one in records if one["sequence"] != 10)


def test_a_hole_of_which_the_gateway_has_nothing(tmp_path):
    """It says so, and the collector, which shares no code with it, asks no more."""
    with Broker() as broker, Reader(broker.port) as reader:
        with delivering(broker.port, 20, after_ms=60000, lost=[7, 11]) as run:
            run.complete(20)
            reader.messages.until(lambda _: reader.sequences("history")[-1:] == [20], "the last")
            before = len(reader.of("history"))
            reader.ask(7, 11)
            reader.ask(10, 13)
            reader.messages.until(
                lambda _: reader.sequences("history")[-2:] == [12, 13], "what is there"
            )
        said = reader.of("history")[before:]
        # The second question is a part of the first, where that one waits still.
        lost = [one["lost"] for one in said if "lost" in one]
        assert lost in ([[7, 11]], [[7, 11], [10, 11]])
        assert [len(one["records"]) for one in said] == [0] * len(lost) + [2]
        ledger = Ledger(tmp_path / "history.db")
        for value in reader.of("history"):
            text = json.dumps(value)
            assert wrong("servicelocation/u/history", text) == []
            assert ledger.take([("servicelocation/u/history", text.encode())]).aside == 0
        assert [(hole.first, hole.last, hole.state) for hole in holes(ledger.db)] == [
            (7, 11, State.LOST)
        ]
        assert Asking(after_s=0).due(ledger.db, 0) == []
        ledger.close()


def test_a_day_at_50_ms_round_trip():
    """1440 records behind an outage, while new ones and `realtime` go on."""
    with Broker() as broker, BrokerProxy(broker.port, 0.025) as proxy:
        with Reader(broker.port) as reader:
            with delivering(proxy.port, 1440, 20, second_ms=1000, live_ms=1000) as run:
                state = run.complete(1460)
            assert reader.check(1460) == 0
            assert (state["errors"], state["connects"]) == ({}, 1)
            seconds, latest = state["passed_ms"] / 1000, state["latest_ms"]
            print(f"24 hours delivered in {seconds:.1f} s, realtime at most {latest} ms late")
