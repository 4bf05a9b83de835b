"""Connects once, with what was kept in the working directory. Standard input: `site` (site.json),
`home_assistant`, `home_broker`, `lte`, `born`: ms after which Home Assistant starts, each after
the one before; these may be left out: `dropped`: how many messages the uplink drops at first;
`looks`: ms after which it is looked what is due, at the end. Prints [topic, text] of each message
that is not dropped."""

import asyncio
import json
import sys

from system.counters import Counters
from site import document
from b_bus.site import BusBSite
from cloud.commands import Commands
from cloud.home_assistant import HomeAssistant
from cloud.rates import Rates
from cloud.retained import prefix_of

BIRTH = "homeassistant/status"
task = json.load(sys.stdin)
site = document.of(task["site"])
named = BusBSite()
if site.b_bus:
    from b_bus import read

    named = read.read(site.b_bus)

counters = Counters()
now = [5000]
dropped = [None] * task.get("dropped", 0)


def text_of(pieces: AnyPieces) -> str:
    return "".join(pieces() if callable(pieces) else pieces)


class Requested:
    home_assistant = task["home_assistant"]
    mqtt = {"home_broker": task["home_broker"]}


class Hardware:
    name, serial = "GENIUS_FLEX", "5020000042"

    @staticmethod
    def uptime_ms():
        return now[0]


class Uplink:
    connected, connects = True, 1

    @staticmethod
    async def publish(topic, pieces, retained):
        assert retained
        text = text_of(pieces)
        assert not callable(pieces) or text_of(pieces) == text  # it is sent as it was counted
        if dropped:
            dropped.pop()
            return False
        print(json.dumps([topic, text]))
        return True


home = HomeAssistant(
    Requested,
    site,
    prefix_of(site),
    Hardware,
    named,
    Rates({}, lambda: "lte" if task["lte"] else "ethernet", Hardware.uptime_ms),
    Uplink,
    counters,
)
commands = Commands(counters, "gateway/set")
home.declare(commands)
hears = BIRTH in commands.topics
for born in [None] + task["born"]:
    if born is not None:
        now[0] += born
        commands.take(BIRTH.encode(), b"online")
    for _ in range(2):
        asyncio.run(home.publish())
    if hears:
        commands.take(BIRTH.encode(), b"offline")
for ms in task.get("looks", ()):
    now[0] += ms
    asyncio.run(home.publish())
assert not counters.counts, counters.counts
