"""The gateway as main.py starts it, but what the uplink and the name look-up wait for takes a
tenth of the time, sockets hold what an ESP32's do, files that cannot be used do not end it, and
ten times a second a line says how things are. For host_tests/support/running_gateway.py, in the
interpreter on the host.

Arguments: [port of the name server].
"""

import asyncio
import json
import socket
import sys

import hardware

from net import resolve
from cloud import mqtt_client, mqtt_link, pings, uplink
from panel import console
import start

SO_SNDBUF = 7  # Linux
ESP32_SEND_BUFFER = 5744


class Hurried:
    """asyncio with seconds of 100 ms."""

    def __getattr__(self, name):
        return getattr(asyncio, name)

    def sleep(self, seconds):
        return asyncio.sleep(seconds / 10)

    def wait_for(self, task, seconds):
        return asyncio.wait_for(task, seconds / 10)

    async def open_connection(self, host, port):
        stream, _ = await asyncio.open_connection(host, port)
        stream.s.setsockopt(socket.SOL_SOCKET, SO_SNDBUF, ESP32_SEND_BUFFER)
        return stream, stream


class Redirected:
    """socket whose addresses are all a port of this machine."""

    def __init__(self, port):
        self._port = port

    def __getattr__(self, name):
        return getattr(socket, name)

    def getaddrinfo(self, _host, _port):
        return socket.getaddrinfo("127.0.0.1", self._port)


def state(gateway):
    bus = gateway.measuring.bus
    return {
        "blocks": bus.blocks,
        "skipped": bus.backlog.skipped,
        "missing": sum(gateway.measuring.energy.missing),
        "reports": gateway.measuring.reports,
        "led": gateway.led.state,
        "connected": gateway.uplink.connected,
        "errors": gateway.counters.counts,
        "texts": [text for name, text in gateway.texts()],
        "advice": [text for name, text in gateway.texts() if name == "uplink"],
    } | gateway.uplink.describe()


async def report(gateway):
    while True:
        print(json.dumps(state(gateway)))
        await asyncio.sleep_ms(100)


async def run(gateway):
    await asyncio.gather(gateway.run(), report(gateway))


for module in (uplink, pings, mqtt_client, mqtt_link, resolve, console):
    module.asyncio = Hurried()
if len(sys.argv) > 1:
    resolve.socket = Redirected(int(sys.argv[1]))
hardware.give_up = lambda: None
start._run = run
if __name__ == "__main__":
    start.main()
