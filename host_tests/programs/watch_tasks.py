"""How often the watchdog is fed in 300 s. Standard input: whether a task stands still."""

import asyncio
import json
import sys

import hardware
from on_world import hardware as made_by
from on_world import report

from panel import housekeeping
import start

made = made_by()
hardware.make = lambda board: made


async def stands_still(self, beat):
    beat()
    await asyncio.Event().wait()


async def run(gateway):
    asyncio.create_task(gateway.run())
    await asyncio.sleep(100)
    before = made.fed
    await asyncio.sleep(300)
    report(
        fed=made.fed - before,
        bitten=made.bitten,
        watch=[name for name in gateway.counters.counts if name.startswith("watch.")],
    )


if json.load(sys.stdin):
    housekeeping.Housekeeping._run_panel = stands_still
start._run = run
start.main()
