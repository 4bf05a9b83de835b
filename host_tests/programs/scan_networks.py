"""A scan of boards/common's radio. Standard input: `error`, the name of what the scan raises, or
None; `thread`, what the driver's thread does: "runs", "hangs", or "refused" where there can be
none. Prints how many were found."""

import asyncio
import builtins
import json
import sys
import time

from esp32_fakes import Module

import links

given = json.load(sys.stdin)
radio = links.Radio()
passed = [0]


def scan():
    if given["error"]:
        raise getattr(builtins, given["error"])("scan")
    return [(b"house", b"123456", 6, -60, 3, False)]


def nothing(*what):  # a driver that never comes back
    pass


def refuses(*what):
    raise OSError("can't create thread")


async def passes(ms):
    passed[0] += ms
    assert passed[0] < 20000, "the wait has no end"


radio._interface.scan = scan
if given["thread"] == "hangs":
    links._thread = Module(start_new_thread=nothing, stack_size=nothing)
    links.time = Module(ticks_ms=lambda: passed[0], ticks_diff=time.ticks_diff)
    asyncio.sleep_ms = passes
elif given["thread"] == "refused":
    links._thread = Module(start_new_thread=refuses, stack_size=nothing)
print(json.dumps({"found": len(asyncio.run(radio.scan()))}))
