"""Publishes with QoS 1 by an uplink of its own. Arguments: port, messages, window. Message n says
n, at `count`. Prints a JSON line: the milliseconds from the first one to the last acknowledgement,
how many were sent again, and the errors."""

import asyncio
import json
import sys
import time

from system.counters import Counters
from cloud.commands import Commands
from cloud.uplink import Uplink


class Network:
    @staticmethod
    def online():
        return True

    @staticmethod
    def name_server():
        return "127.0.0.1"


class Message:
    topic, retained = "count", False

    def __init__(self, number, done):
        self._text = memoryview(b"%d" % number)
        self._done = done

    def view(self):
        return self._text

    def done(self, acknowledged):
        assert acknowledged
        self._done.set()


async def publish(uplink, count, window):
    done = asyncio.Event()
    tasks = [asyncio.create_task(task()) for task in (uplink.run, uplink.watch)]
    while not uplink.connected:
        await asyncio.sleep_ms(10)
    began = time.ticks_ms()
    for number in range(count):
        while not uplink.room():
            done.clear()
            await done.wait()
        await uplink.deliver(Message(number, done))
    while uplink.room() < window:
        done.clear()
        await done.wait()
    passed_ms = time.ticks_diff(time.ticks_ms(), began)
    for task in tasks:
        task.cancel()
    return passed_ms


def main(port, count, window):
    counters = Counters()
    uplink = Uplink(
        "5010000001",
        {"host": "127.0.0.1", "port": port},
        Network,
        lambda: 30,
        lambda: True,
        list,
        ("will", "gone"),
        Commands(counters, "gateway/set"),
        counters,
        window,
    )
    passed_ms = asyncio.run(publish(uplink, count, window))
    resent = uplink.describe()["resent"]
    print(json.dumps({"ms": passed_ms, "resent": resent, "errors": counters.counts}))


main(*[int(argument) for argument in sys.argv[1:]])
