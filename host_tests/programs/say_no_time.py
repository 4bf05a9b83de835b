"""A gateway that does not know the time. Standard input: seconds. Reports then whether it knows
it, what it advises about it, and to what it would set the chip's clock."""

import asyncio
import json
import sys

import board
from on_world import hardware, report

from system.counters import Counters
from site import settings
from panel.housekeeping import Housekeeping

made = hardware()
clock = []
made.set_chip_clock = clock.append
panel = Housekeeping(made, board, settings.read(), Counters(), lambda: None, lambda: False)


async def main():
    asyncio.create_task(panel.run())
    await asyncio.sleep(json.load(sys.stdin))
    known = panel.set_chip_clock()
    advice = [text for name, text in panel.texts() if name == "time"]
    report(known=known, clock=clock, now=made.now_ms(), advice=advice)


asyncio.run(main())
