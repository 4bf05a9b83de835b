"""The soak: its network does the harm that it says, its verdict sees what is lost, and a short one
of the firmware's journal and delivery loses nothing."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from gateway_host.broker import HOST, Broker, mosquitto
from gateway_host.collector.ledger import Ledger
from gateway_host.session import SERIAL
from gateway_host.soak.collector import Collector
from gateway_host.soak.gateways import EPOCH, Driven, Kind, energy, serial
from gateway_host.soak.proxy import Proxy
from gateway_host.soak.real import Real
from gateway_host.soak.run import Options, play
from gateway_host.soak.verdict import held, judge
from history_messages import message, record

PATIENCE_S = 20
SILENCE_S = 0.5
LONG_S = 120  # on a busy machine
TOPICS = ("minutes", "history")

needs_broker = pytest.mark.skipif(
    mosquitto() is None, reason="no mosquitto: `make doctor` has the remedy"
)


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says everything again."""
    server = socket.create_server((HOST, 0))

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            while data := connection.recv(1000):
                connection.sendall(data)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=server.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def talk(line: socket.socket, data: bytes) -> bytes | None:
    """What comes back; None where nothing does, b"" at the end of the connection."""
    line.settimeout(SILENCE_S)
    try:
        line.sendall(data)
        return line.recv(1000)
    except TimeoutError:
        return None
    except OSError:
        return b""


def test_the_network_does_its_harm(echo: int) -> None:
    with Proxy(echo) as proxy:

        def connect() -> socket.socket:
            return socket.create_connection((HOST, proxy.port), PATIENCE_S)

        with connect() as line:
            line.settimeout(PATIENCE_S)
            line.sendall(b"a")
            assert line.recv(10) == b"a"
            proxy.mode = "black hole"
            assert talk(line, b"b") is None
            proxy.mode = "pass"
            line.settimeout(PATIENCE_S)
            assert line.recv(10) == b"b"  # it was only late
            proxy.mode = "half open"
            assert talk(line, b"c") is None
            proxy.mode = "pass"
            assert talk(line, b"d") is None  # for ever
            proxy.cut()
            line.settimeout(PATIENCE_S)
            with contextlib.suppress(ConnectionResetError):
                assert line.recv(10) == b""
        proxy.mode = "refuse"
        with connect() as line:
            assert talk(line, b"e") == b""


def test_the_verdict(tmp_path: Path) -> None:
    """Of records 1 to 30, with a record of five minutes among them."""
    ledger = Ledger(tmp_path / "history.db")
    gateway = Driven(4, Kind(2), 1, tmp_path)
    gateway.state["kept"] = 30

    def give(first: int, last: int, more: int = 0) -> None:
        minutes = range(first, last + 1)
        taken = [sum(energy(4, one, point) for one in minutes) + more for point in range(2)]
        record = {"sequence": last, "first": first, "time": EPOCH + 60 * last, "boot": 1}
        record |= {"seconds": 60 * len(minutes), "import": taken, "export": [0, 0]}
        message = {"device": serial(4), "layout": "00000001", "oldest": 1, "records": [record]}
        topic = "servicelocation/x/history"
        assert ledger.take([(topic, json.dumps(message).encode())]).aside == 0

    for one in [*range(1, 11), *range(16, 30)]:
        give(one, one)
    give(11, 15)
    found = judge(ledger.db, gateway)
    assert (found.records, found.lost, found.doubled, found.coarser) == (30, 1, 0, 5)
    give(30, 30, more=1)
    assert judge(ledger.db, gateway).lost == 1  # its energy is another one
    ledger.db.execute("UPDATE records SET import = ? WHERE sequence = 30", (json.dumps([0, 0]),))
    ledger.db.execute("UPDATE records SET seconds = 120 WHERE sequence = 30")
    assert judge(ledger.db, gateway).doubled == 1
    assert held(ledger.db, gateway) == 30
    ledger.close()


def test_samples_that_the_whole_gateway_has_lost(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "history.db")
    assert Real.samples_lost(ledger.db) == 0
    lost = [record(1), record(2, missing=[3200, 64]), record(3, missing=[0, 1])]
    ledger.take([message(*lost, device=SERIAL), message(record(1, missing=[7, 0]))])
    assert Real.samples_lost(ledger.db) == 3265
    ledger.close()


def test_how_late_a_live_minute_was(tmp_path: Path) -> None:
    """Where none has arrived nobody knows; the time of one whose clock is wrong says nothing."""
    real = Real(Broker(), tmp_path, random.Random(1))

    def hear(time_s: float | None) -> float | None:
        payload = json.dumps({"records": [{"time": time_s}]})
        real._hear(None, None, SimpleNamespace(payload=payload))
        return real.worst_live_s

    now = time.time()
    assert (real.worst_live_s, hear(None)) == (None, None)
    assert 2 <= (first := hear(now - 2) or 0) < PATIENCE_S
    assert hear(now) == first
    assert (hear(now - 100) or 0) >= 100


def until(gateway: Driven, condition: Callable[[], bool]) -> None:
    """It becomes true while the gateway runs."""
    end = time.monotonic() + LONG_S
    while not condition():
        gateway.check()
        assert time.monotonic() < end, gateway.state
        time.sleep(0.1)


@needs_broker
def test_sequences_that_are_left_out(tmp_path: Path) -> None:
    """After a cut in the middle of a write the gateway goes on a thousand further."""

    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Broker(0, tmp_path, "mosquitto"))
        collector = stack.enter_context(Collector(broker.port, tmp_path))
        ledger = stack.enter_context(contextlib.closing(Ledger(collector.file)))
        gateway = Driven(0, Kind(3, ahead=100), broker.port, tmp_path)
        stack.callback(gateway.end)
        gateway.start()
        until(gateway, lambda: gateway.state["kept"] > 10)
        gateway.kill()
        gateway.tear(0.5)
        gateway.start()
        until(gateway, lambda: gateway.state["last"] > 1000 and held(ledger.db, gateway) > 0)
        gateway.stop_measuring()
        until(gateway, lambda: gateway.state["kept"] == gateway.state["made"])
        made = gateway.state["made"]
        gateway.measure_more()  # what went before the collector was there is seen by it
        until(gateway, lambda: gateway.state["kept"] > made)
        until(gateway, lambda: held(ledger.db, gateway) >= gateway.state["last"])
        found = judge(ledger.db, gateway)
        assert found.records > 10
        assert (found.lost, found.doubled) == (0, 0)
        left_out = "SELECT count(*) FROM lost WHERE last - first >= 999"
        assert ledger.db.execute(left_out).fetchone()[0] == 1


@needs_broker
def test_a_broker_that_drops_what_it_acknowledges(tmp_path: Path) -> None:
    """By its access rules, both topics of the history. Once these are right the first minute that
    comes says what else there is, and the collector asks for it."""
    acl = tmp_path / "acl"
    right = "topic readwrite #\n"
    acl.write_text(right + "".join(f"topic deny servicelocation/+/{one}\n" for one in TOPICS))
    with contextlib.ExitStack() as stack:
        broker = stack.enter_context(Broker(0, tmp_path, "mosquitto", lines=[f"acl_file {acl}"]))
        collector = stack.enter_context(Collector(broker.port, tmp_path))
        ledger = stack.enter_context(contextlib.closing(Ledger(collector.file)))
        gateway = Driven(0, Kind(3, ahead=100), broker.port, tmp_path)
        stack.callback(gateway.end)
        gateway.start()
        until(gateway, lambda: gateway.state["acknowledged"] > 50)
        gateway.stop_measuring()
        until(gateway, lambda: gateway.state["kept"] == gateway.state["made"])
        until(gateway, lambda: gateway.state["acknowledged"] == gateway.state["last"])
        assert held(ledger.db, gateway) == 0
        acl.write_text(right)
        broker.restart()
        heard = "SELECT count(*) FROM devices"
        end = time.monotonic() + LONG_S
        while not ledger.db.execute(heard).fetchone()[0]:  # the collector has to come back first
            gateway.measure_more()
            gateway.check()
            assert time.monotonic() < end, gateway.state
            time.sleep(2)
        until(gateway, lambda: gateway.state["kept"] == gateway.state["made"])
        until(gateway, lambda: held(ledger.db, gateway) == gateway.state["last"])
        found = judge(ledger.db, gateway)
        assert found.records > 50
        assert (found.lost, found.doubled) == (0, 0)


@needs_broker
def test_a_short_soak(tmp_path: Path) -> None:
    kinds = (Kind(3), Kind(28))
    found = play(Options(12, kinds=kinds, real=False), tmp_path, lambda line: None)
    assert (found["lost"], found["doubled"], found["put_aside"]) == (0, 0, 0)
    assert found["complete"] and found["faults"] >= 1 and found["records"] > 20


@needs_broker
def test_it_goes_on_until_gateways_were_started_so_often(tmp_path: Path) -> None:
    kinds = (Kind(3), Kind(3))
    options = Options(0, starts=8, calm_s=0, kinds=kinds, real=False, only=("power cut of all",))
    found = play(options, tmp_path, lambda line: None)
    assert found["starts"] == 8 and found["fault"] == {"power cut of all": 3}
    assert (found["lost"], found["doubled"], found["put_aside"]) == (0, 0, 0)
    assert found["complete"]
