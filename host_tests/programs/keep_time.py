"""The gateway's clock. Standard input: `ports` of the time servers, `start`, what the clock begins
with, or None, `pauses` after which it ends, `signed`, from when on our certificate is valid, s; a
pause lasts as long as it says by the clock's own time. Prints the time, the pauses, the
counters."""

import asyncio
import asyncio.core
import json
import sys
import time

from system.counters import Counters
from net import sntp
from net.clock import Clock
from net.time_floor import TimeFloor

given = json.load(sys.stdin)


class Made:
    began = time.ticks_ms()
    paused_ms = 0

    def uptime_ms(self):
        return time.ticks_diff(time.ticks_ms(), self.began) + self.paused_ms


class Connection:
    def online(self):
        return True

    def name_server(self):
        return "127.0.0.1"


made, counters = Made(), Counters()
made.clock = Clock(made.uptime_ms, given["start"])
sleep = asyncio.sleep
paused = []


async def pauses(seconds):
    paused.append(seconds)
    if len(paused) == given["pauses"]:
        print(json.dumps([made.clock.now_ms(), paused, counters.counts]))
        sys.exit(0)
    if given.get("pass"):
        made.paused_ms += 1000 * seconds
    await sleep(0)


asyncio.sleep = pauses
servers = [("127.0.0.1", port) for port in given["ports"]]
floor = TimeFloor(given.get("signed", 0), counters.count)
asyncio.run(sntp.keep(servers, made, Connection(), floor, counters))
