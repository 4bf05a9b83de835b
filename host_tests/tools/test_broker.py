"""Both kinds of broker, as the MQTT client library paho sees them."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gateway_host.broker import HOST, KINDS, Broker, available
from gateway_host.errors import UserError
from in_interpreter import program
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 60


@pytest.fixture(params=KINDS)
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    if request.param not in available():
        pytest.skip(f"{request.param} is not here: `make doctor` says why and the remedy")
    with Broker(directory=tmp_path, kind=request.param) as started:
        yield started


class Client:
    """A connected paho client whose messages wait in a queue."""

    def __init__(self, port: int, will: tuple[str, bytes] | None = None) -> None:
        self.inbox: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self._subscribed: queue.Queue[int] = queue.Queue()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.paho.on_message = lambda _client, _data, message: self.inbox.put(message)
        self.paho.on_subscribe = lambda _client, _data, mid, *_: self._subscribed.put(mid)
        if will:
            self.paho.will_set(*will, qos=1, retain=True)
        self.paho.connect(HOST, port)
        self.paho.loop_start()

    def subscribe(self, topic: str) -> None:
        self.paho.subscribe(topic, qos=1)
        self._subscribed.get(timeout=PATIENCE_S)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self.paho.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE_S)

    def next(self) -> tuple[str, bytes, bool]:
        message = self.inbox.get(timeout=PATIENCE_S)
        return message.topic, message.payload, message.retain

    def vanish(self) -> None:
        """Lose the connection without a word."""
        self.paho.loop_stop()
        self.paho.socket().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


@pytest.fixture
def connect(broker: Broker) -> Iterator[Callable[..., Client]]:
    clients = []

    def make(will: tuple[str, bytes] | None = None) -> Client:
        clients.append(Client(broker.port, will))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def test_publish_reaches_a_subscriber(connect: Callable[..., Client]) -> None:
    hears, speaks = connect(), connect()
    hears.subscribe("house/+/power")
    speaks.publish("house/oven/voltage", b"230")
    speaks.publish("house/oven/power", b"1500")
    assert hears.next() == ("house/oven/power", b"1500", False)


def test_retained_message_waits_for_a_later_subscriber(connect: Callable[..., Client]) -> None:
    connect().publish("house/config", b"first", retain=True)
    connect().publish("house/config", b"second", retain=True)
    late = connect()
    late.subscribe("house/config")
    assert late.next() == ("house/config", b"second", True)


def test_last_will_is_published_for_a_lost_client(connect: Callable[..., Client]) -> None:
    hears = connect()
    hears.subscribe("house/presence")
    lost = connect(will=("house/presence", b"false"))
    lost.publish("house/presence", b"true", retain=True)
    assert hears.next()[1] == b"true"
    lost.vanish()
    assert hears.next()[1] == b"false"
    late = connect()
    late.subscribe("house/presence")
    assert late.next() == ("house/presence", b"false", True)


def test_nothing_listens_after_stop(broker: Broker) -> None:
    broker.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((HOST, broker.port))


def test_only_this_machine_is_listened_to(broker: Broker) -> None:
    listening = f"{broker.port:04X} 00000000:0000 0A"
    rows = Path("/proc/net/tcp").read_text().splitlines()
    addresses = [row.split()[1].partition(":")[0] for row in rows if listening in row]
    assert addresses == ["0100007F"]  # 127.0.0.1, as Linux writes it


def test_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(UserError, match=f"port {port} is in use"):
            Broker(port=port, directory=tmp_path).start()


@pytest.mark.parametrize("port", [-1, 65536])
def test_port_out_of_range_is_refused(port: int, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"port {port} "):
        Broker(port=port, directory=tmp_path).start()


@pytest.mark.parametrize("kind", KINDS)
def test_broker_ends_with_a_killed_parent(kind: str, tmp_path: Path) -> None:
    if kind not in available():
        pytest.skip(f"{kind} is not here: `make doctor` says why and the remedy")
    command = [sys.executable, program("cpython/die_beside"), "a_broker", tmp_path, kind]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == -9
    # The port can be listened on again once the kernel has ended the broker.
    for _ in range(500):
        try:
            with Broker(port=int(done.stdout), directory=tmp_path, kind=kind):
                return
        except UserError:
            time.sleep(0.02)
    pytest.fail(f"{kind} still holds port {done.stdout}")
