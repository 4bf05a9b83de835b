"""QoS 1 against mosquitto: packet numbers that wrap on one connection, and how many messages a
second go."""

from __future__ import annotations

import json
import threading

import pytest
from broker_proxy import BrokerProxy
from gateway_host import broker as brokers
from gateway_host import image
from gateway_host.broker import HOST, Broker
from in_interpreter import succeed
from paho.mqtt import client as mqtt

PATIENCE_S = 60.0

needs_mosquitto = pytest.mark.skipif(
    brokers.mosquitto() is None, reason="no mosquitto: `make doctor` says why and the remedy"
)


class Counting:
    """A client that keeps the numbers at `count`, until it has the last one."""

    def __init__(self, port: int, last: int):
        self.numbers: list[int] = []
        self._last = last
        self._subscribed, self._complete = threading.Event(), threading.Event()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe("count", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take
        self._client.connect(HOST, port)
        self._client.loop_start()
        assert self._subscribed.wait(PATIENCE_S)

    def _take(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        self.numbers.append(int(message.payload))
        if self.numbers[-1] == self._last:
            self._complete.set()

    def close(self) -> list[int]:
        assert self._complete.wait(PATIENCE_S), self.numbers[-1:]
        self._client.disconnect()
        self._client.loop_stop()
        return self.numbers


@pytest.mark.usefixtures("umqtt")
@needs_mosquitto
def test_more_messages_on_one_connection_than_there_are_packet_numbers():
    """All of them arrive, once and in their order. mosquitto answers by the number that it was
    given (MQTT 3.1.1 section 2.3.1: never 0, none that is in use)."""
    count = 66_000
    with Broker(lines=["max_queued_messages 0"]) as broker, BrokerProxy(broker.port) as proxy:
        counting = Counting(broker.port, count - 1)
        arguments = (str(proxy.port), str(count), "32")
        said = json.loads(succeed("publish_qos1", *arguments, timeout=300))
        assert counting.close() == list(range(count))
        assert (said["resent"], said["errors"]) == (0, {})
        assert proxy.published == count
        print(f"through a proxy: {count * 1000 // said['ms']} messages of QoS 1 a second")


def test_each_version_of_umqtt_is_what_runs(umqtt):
    """In programs and in the image from which sessions boot. 1.3.4 has no `unsubscribe`."""
    is_newer = umqtt == "1.8.0"
    assert succeed("show_umqtt").strip() == str(is_newer)
    compiled = image.host_image(32).parent / "files" / "lib" / "umqtt" / "simple.mpy"
    assert (b"unsubscribe" in compiled.read_bytes()) == is_newer


@needs_mosquitto
def test_messages_a_second(bits):
    with Broker(lines=["max_queued_messages 0"]) as broker:
        said = json.loads(succeed("publish_qos1", str(broker.port), "10000", "32", bits=bits))
        assert (said["resent"], said["errors"]) == (0, {})
        print(f"{10_000_000 // said['ms']} messages of QoS 1 a second on the host")
