"""The collector at mosquitto: it acknowledges what is on the disk, and hands on to a store."""

from __future__ import annotations

import contextlib
import http.server
import re
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gateway_host import certificates
from gateway_host.__main__ import main as program_main
from gateway_host.broker import HOST, Broker, mosquitto
from gateway_host.collector.client import Address, Client
from gateway_host.collector.holes import Asking
from gateway_host.collector.ledger import Ledger
from gateway_host.collector.service import Service
from gateway_host.collector.victoria import Victoria
from gateway_host.interpreter import ROOT
from history_messages import START, layout, message, record
from paho.mqtt import client as mqtt

PATIENCE_S = 60

pytestmark = pytest.mark.skipif(
    mosquitto() is None, reason="no mosquitto: `make doctor` says why and the remedy"
)


class Gateway:
    """A paho client that publishes what gateways do, and hears its orders."""

    def __init__(self, port: int):
        self.orders: list[bytes] = []
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _d, message: self.orders.append(message.payload)
        self._client.on_connect = lambda c, *_: c.subscribe("servicelocation/+/gateway/set", 1)
        self._client.connect(HOST, port)
        self._client.loop_start()

    def publish(self, *messages: tuple[str, bytes]) -> None:
        for topic, payload in messages:
            sent = self._client.publish(topic, payload, 1, retain=topic.endswith("layout"))
            sent.wait_for_publish(PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def gateway(broker: Broker) -> Iterator[Gateway]:
    made = Gateway(broker.port)
    yield made
    made.close()


class Collecting:
    """A service with what it says; `until` makes it work."""

    def __init__(self, port: int, file: Path, **more: Any):
        self.said: list[str] = []
        self.ledger = Ledger(file)
        share = more.pop("share", None)
        self.client = Client(Address(((HOST, port),), more.pop("name", "collector"), share=share))
        self.service = Service(self.ledger, self.client, say=self.said.append, **more)

    def until(self, done: Callable[[], Any], what: str) -> None:
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end, f"waited in vain for {what}: {self.said}"
            self.service.step()

    def records(self) -> list[int]:
        return [
            one for (one,) in self.ledger.db.execute("SELECT sequence FROM records ORDER BY 1")
        ]

    def ready(self) -> Collecting:
        self.until(lambda: self.client.ready, "the subscription")
        return self

    def close(self) -> None:
        self.client.stop()
        self.ledger.close()


@pytest.fixture
def collecting(broker: Broker, tmp_path: Path) -> Iterator[Callable[..., Collecting]]:
    with contextlib.ExitStack() as stack:

        def make(file: str = "history.db", **more: Any) -> Collecting:
            made = Collecting(broker.port, tmp_path / file, **more)
            stack.callback(made.close)
            return made

        yield make


def test_what_came_while_it_was_away(gateway: Gateway, collecting: Any) -> None:
    first = collecting().ready()
    gateway.publish(layout(), message(record(1)))
    first.until(lambda: first.records() == [1], "a record")
    first.close()
    gateway.publish(*(message(record(n)) for n in range(2, 60)))
    second = collecting()
    second.until(lambda: len(second.records()) == 59, "what has waited")
    assert second.service.total.doubles == 0


def test_nothing_is_acknowledged_before_it_is_kept(gateway: Gateway, collecting: Any) -> None:
    """A collector that dies after it has received, and one whose disk is full, get all again."""
    dies = collecting().ready()
    gateway.publish(*(message(record(n)) for n in range(1, 11)))
    got: list[Any] = []
    dies.until(lambda: got.extend(dies.client.receive(100)) or len(got) >= 10, "ten messages")
    assert dies.service.total.records == 0
    dies.client._client.socket().close()  # as if killed: no word to the broker
    lives = collecting()
    lives.until(lambda: lives.records() == list(range(1, 11)), "the same again")
    assert lives.service.total.doubles == 0

    pages = lives.ledger.db.execute("PRAGMA page_count").fetchone()[0]
    lives.ledger.db.execute(f"PRAGMA max_page_count = {pages}")
    gateway.publish(*(message(record(n, note="x" * 5000)) for n in range(11, 15)))
    lives.until(lambda: any("cannot be written" in line for line in lives.said), "a full disk")
    lives.ledger.db.execute(f"PRAGMA max_page_count = {pages + 1000}")
    lives.until(lambda: lives.records() == list(range(1, 15)), "the rest")
    assert lives.service.total.doubles == 0


def test_the_broker_goes_and_comes(broker: Broker, gateway: Gateway, collecting: Any) -> None:
    one = collecting().ready()
    gateway.publish(message(record(1)))
    one.until(lambda: one.records() == [1], "a record")
    broker.restart()  # without what it knew
    one.until(lambda: one.client.connects == 2 and one.client.ready, "another connection")
    gateway.publish(message(record(2)))
    one.until(lambda: one.records() == [1, 2], "another record")
    assert one.said[0].startswith(f"error: the broker at {HOST}:{broker.port} ")
    assert one.said[-1] == "broker: well again"


ANSWERS = [
    ([b"\x20\x02\x00\x05"], "refuses the connection: Not authorized"),
    ([b"\x20\x02\x00\x00", b"\x90\x05{}\x80\x80\x80"], "refuses the subscription"),
    ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "does not confirm the connection"),
]


@pytest.mark.parametrize("answers, said", ANSWERS, ids=[said for _, said in ANSWERS])
def test_a_broker_that_refuses(
    answers: list[bytes], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again, and said once."""
    monkeypatch.setattr("gateway_host.collector.client._READY_S", 1)
    tries: list[Any] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            tries.append(self)
            for answer in answers:
                request = self.request.recv(1000)
                self.request.sendall(answer.replace(b"{}", request[2:4]))
            with contextlib.suppress(OSError):
                self.request.recv(1000)

    with socketserver.ThreadingTCPServer((HOST, 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        one = Collecting(server.server_address[1], tmp_path / "history.db")
        one.until(lambda: len(tries) >= 3, "three tries")
        one.close()
        server.shutdown()
    (line,) = one.said
    assert line.startswith("error: the broker at ") and said in line


def test_two_share_the_work(gateway: Gateway, collecting: Any) -> None:
    pair = [collecting(name=f"reader-{n}", share="readers").ready() for n in (1, 2)]
    gateway.publish(layout(), *(message(record(n)) for n in range(1, 41)))
    pair[0].until(lambda: pair[1].service.step() and len(pair[0].records()) == 40, "forty records")
    totals = [one.service.total for one in pair]
    assert sum(one.records for one in totals) == 40 and all(one.records for one in totals)
    assert sum(one.doubles for one in totals) == 0


def test_holes_are_asked_for(
    gateway: Gateway, collecting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway_host.collector.service._ASK_EVERY_S", 0)
    one = collecting(asking=Asking(after_s=0)).ready()
    gateway.publish(message(record(1)), message(record(5)))
    one.until(lambda: gateway.orders, "an order")
    assert gateway.orders[0] == b'{"history": {"from": 2, "to": 4}}'


LINE = re.compile(
    r"energy((?:,\w+=(?:[^,= \\]|\\.)+)+) import=(\d+)i,export=(\d+)i,missing=(\d+)i,"
    r"seconds=([\d.]+) (\d{10})0{9}"
)


class Store(http.server.ThreadingHTTPServer):
    """Stands for VictoriaMetrics: of a series and a time stamp it keeps one value."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], tuple[str, str]] = {}
        self.requests = 0
        self.broken = False
        store = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                store.requests += 1
                if self.path != "/write" or store.broken:
                    self.send_error(503)
                    return
                for line in text.splitlines():
                    series, *values, stamp = LINE.fullmatch(line).groups()
                    store.values[series, stamp] = values[0], values[1]
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__((HOST, 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/write"

    def sum(self) -> tuple[int, int]:
        grid = sum(int(i) for (series, _), (i, _) in self.values.items() if "=Grid" in series)
        sun = sum(int(e) for (series, _), (_, e) in self.values.items() if "=Solar" in series)
        return grid, sun


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store()
    yield made
    made.shutdown()
    made.server_close()


def test_a_store_gets_each_minute_once(
    gateway: Gateway, collecting: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the store was away, when the collector dies between its answer and its own note,
    when minutes become one record, and when time or layout come later."""
    one = collecting(victoria=Victoria(store.url)).ready()
    store.broken = True
    gateway.publish(*(message(record(n)) for n in (1, 2, 3)), message(record(4, time=None)))
    one.until(lambda: len(one.records()) == 4, "four records")
    assert store.requests == 0  # nobody knows yet what they are about
    gateway.publish(layout())
    one.until(lambda: store.requests, "a try")
    store.broken = False
    monkeypatch.setattr("gateway_host.collector.service._STORE_PAUSE_S", 0)
    one.service._forward_next = 0
    one.until(lambda: store.sum() == (4010, 100), "four minutes")
    assert [line for line in one.said if "503" in line] and one.said[-1] == "store: well again"
    assert ("sent", START + 240) == (
        "sent",
        one.ledger.db.execute("SELECT time FROM records WHERE sequence = 4").fetchone()[0],
    )

    one.ledger.db.execute("UPDATE records SET sent = 0")  # it died before its note
    many = dict(first=1, seconds=300, **{"import": [5015, 0], "export": [0, 150]})
    before = store.requests
    one.until(lambda: store.requests > before, "the same again")
    assert store.sum() == (4010, 100)
    gateway.publish(message(record(5, **many), kind="history"))
    one.until(lambda: store.sum() == (5015, 150), "the minute that was missing")
    assert any("sequences=5" in series for series, _ in store.values)


def test_the_command_over_tls(tmp_path: Path) -> None:
    own = certificates.make()
    files = {"ca": own.ca, "certificate": own.client_certificate, "key": own.client_key}
    words = []
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        words.append(f"--{name}={tmp_path / name}")
    with Broker(directory=tmp_path / "b", tls=own) as broker:
        gateway = Gateway(broker.port)
        file = tmp_path / "new" / "history.db"
        program = subprocess.Popen(
            [sys.executable, "-m", "gateway_host", "collect", f"--file={file}"]
            + [f"--broker={HOST}:{broker.tls_port}", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            assert program.stdout.readline().startswith("Collecting into ")
            end = time.monotonic() + PATIENCE_S
            while _count(file) == 0 and time.monotonic() < end:
                gateway.publish(layout(), message(record(1)), ("servicelocation/x/minutes", b"?"))
                time.sleep(0.1)
            program.terminate()
            rest = program.communicate(timeout=PATIENCE_S)[0]
        finally:
            program.kill()
            gateway.close()
    assert program.returncode == 0 and "put aside" in rest
    shown = command("--report", f"--file={file}")
    assert "5100000123" in shown.stdout and "servicelocation/x/minutes: no JSON" in shown.stdout
    assert shown.returncode == 0
    rows = command("--export=-", "--per=day", f"--file={file}").stdout.splitlines()
    assert rows[1].startswith("5100000123,A house,2025-11-24T00:00:00+01:00,0,Grid,grid,L1,60,60,")


def _count(file: Path) -> int:
    if not file.exists():
        return 0
    with contextlib.closing(sqlite3.connect(file)) as db, contextlib.suppress(sqlite3.Error):
        return db.execute("SELECT count(*) FROM records").fetchone()[0]
    return 0


def command(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway_host", "collect", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


WRONG = [
    (["--broker=h:99999"], "99999"),
    (["--report", "--file={}/none.db"], "there is no such history"),
    (["--export=-", "--file={}/none.db"], "there is no such history"),
    (["--file={}"], "cannot be used as a history"),
    (["--victoria=ftp://x"], "no address of a store"),
    (["--keep-days=3"], "only with --victoria"),
    (["--certificate=x"], "wants --ca"),
    (["--ca={}/none.pem"], "none.pem"),
    (["--password-file={}/none"], "none"),
    (["--per=week"], "week"),
]


@pytest.mark.parametrize("words, said", WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_what_is_wrong_is_said_in_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program_main(["collect", *(word.format(tmp_path) for word in words)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ") and said in line
