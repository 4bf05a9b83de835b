"""Asks the time of a server. Argument: its port. Prints the time in ms, or the error."""

import asyncio
import json
import sys
import time

from net import sntp
from net.clock import Clock

began = time.ticks_ms()


def uptime_ms():
    return time.ticks_diff(time.ticks_ms(), began)


async def main():
    clock = Clock(uptime_ms)
    try:
        clock.correct(await sntp.ask(("127.0.0.1", int(sys.argv[1])), "127.0.0.1", uptime_ms))
        print(json.dumps({"ms": clock.now_ms()}))
    except OSError as error:
        print(json.dumps({"error": str(error)}))


asyncio.run(main())
