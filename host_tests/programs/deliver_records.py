"""Delivers the records of a journal that is none, by an uplink of its own, beside a `realtime`
each second. Standard input: `port`; `waiting`, how many records there are; `live_ms`, from one new
record to the next, and how many are `new`; `link`; `layouts`, [first sequence that has it, name];
`untimed_ms`, for how long their time is not known; `merged`, first and last sequence of what is
one record; `lost`, the same of what is not there any more. Seconds of the uplink are `second_ms`.
Ten times a second a line says how things are; it ends with its standard input, or when the broker
has all.

What is in a record follows from its sequence."""

import asyncio
import json
import sys
import time

from system.counters import Counters
from cloud import hearing, mqtt_client, mqtt_link, pings, uplink
from cloud.commands import Commands
from cloud.delivery import Delivery
from cloud.rates import Rates

REALTIME = 5800


class Things:
    """Anything with these attributes."""

    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


class Cursor:
    sequence = 0

    def acknowledge(self, sequence):
        assert sequence > self.sequence
        self.sequence = sequence


class Journal:
    """Records of 28 points; a quarter of them has powers."""

    first = 1
    boot = 3
    unread = 0

    def __init__(self, last, layouts, untimed_ms, merged, lost):
        self.last = last
        self.layout = layouts[-1][1]
        self._merged = merged
        self._lost = lost
        self._untimed_ms = untimed_ms
        self._began = time.ticks_ms()
        self._layouts = layouts
        self._cursor = Cursor()

    def cursor(self, name):
        return self._cursor

    def layout_text(self, name):
        return '{"layout":"%s","points":[]}' % name

    def _is_timed(self):
        return time.ticks_diff(time.ticks_ms(), self._began) >= self._untimed_ms

    def read(self, sequence):
        yield None
        if self._lost[0] <= sequence <= self._lost[1]:
            sequence = self._lost[1] + 1
        if sequence > self.last:
            return
        first, last = self._merged
        if first <= sequence <= last:
            sequence = last
        else:
            first = sequence
        layout = [name for first, name in self._layouts if first <= sequence][-1]
        yield Things(
            sequence=sequence,
            first=first if sequence == last else sequence,
            time=1764000000 + 60 * sequence if self._is_timed() else None,
            seconds=60,
            boot=3,
            layout=layout,
            imported=[sequence * 100 + i for i in range(28)],
            exported=[None if i == 27 else 0 for i in range(28)],
            missing=[0] * 28,
            estimated=0,
            grid=(-sequence, sequence),
            voltages=[(2290, 2310), (2280, 2300), None],
            power=[(-i, sequence) for i in range(28)] if sequence % 15 == 0 else None,
            pulses={"5700000011": [0, 12, None, sequence]},
            events=0,
            cut=False,
        )
        yield None


class Network:
    @staticmethod
    def online():
        return True

    @staticmethod
    def name_server():
        return "127.0.0.1"


class Hurried:
    """asyncio with shorter seconds."""

    def __init__(self, second_ms):
        self._second_ms = second_ms

    def __getattr__(self, name):
        return getattr(asyncio, name)

    def sleep(self, seconds):
        return asyncio.sleep_ms(seconds * self._second_ms)

    def wait_for(self, task, seconds):
        return asyncio.wait_for_ms(task, seconds * self._second_ms)


async def measure_live(line, said):
    """`realtime` each second; how late it has gone at most."""
    text = memoryview(b"{}" + b" " * (REALTIME - 2))
    while True:
        due = time.ticks_ms()
        if line.connected:
            if await line.send("u/realtime", text):
                said["latest_ms"] = max(said["latest_ms"], time.ticks_diff(time.ticks_ms(), due))
        await asyncio.sleep_ms(max(0, 1000 - time.ticks_diff(time.ticks_ms(), due)))


async def append(line, journal, delivery, new, live_ms):
    while not line.connected:
        await asyncio.sleep_ms(100)
    await asyncio.sleep_ms(1500)  # that it is connected is known now
    for _ in range(new):
        await asyncio.sleep_ms(live_ms)
        journal.last += 1
        delivery.wake()


async def say(line, journal, counters, said, total):
    began = time.ticks_ms()
    while True:
        acknowledged = journal.cursor("broker").sequence
        passed = time.ticks_diff(time.ticks_ms(), began)
        seen = {"errors": counters.counts, "acknowledged": acknowledged, "passed_ms": passed}
        print(json.dumps(dict(seen, **said, **line.describe())))
        if acknowledged == total:
            return
        await asyncio.sleep_ms(100)


async def run(task):
    counters = Counters()
    commands = Commands(counters, "u/gateway/set")
    rates = Rates({}, lambda: task["link"], time.ticks_ms)
    line = uplink.Uplink(
        "5010000001",
        {"host": "127.0.0.1", "port": task["port"]},
        Network,
        rates.keepalive_s,
        lambda: True,
        list,
        ("u/presence", "gone"),
        commands,
        counters,
    )
    journal = Journal(
        task["waiting"],
        task["layouts"],
        task.get("untimed_ms", 0),
        task.get("merged", (0, 0)),
        task.get("lost", (0, 0)),
    )
    delivery = Delivery("u/", "5010000001", journal, line, rates, time.ticks_ms, counters.count)
    commands.on("history", lambda fields: delivery.ask(fields["from"], fields["to"]))
    said = {"latest_ms": 0}
    tasks = [
        line.run(),
        line.watch(),
        delivery.run(lambda: None),
        measure_live(line, said),
        append(line, journal, delivery, task["new"], task["live_ms"]),
    ]
    tasks = [asyncio.create_task(one) for one in tasks]
    await say(line, journal, counters, said, task["waiting"] + task["new"])
    for _ in range(task["after_ms"] // 100):
        await asyncio.sleep_ms(100)
    await line.close()


given = json.loads(sys.stdin.readline())
for module in (uplink, pings, mqtt_client, mqtt_link, hearing):
    module.asyncio = Hurried(given["second_ms"])
asyncio.run(run(given))
