"""Starts a gateway; reports after 20 s whether the Wi-Fi is up."""

import asyncio

import board
from on_world import hardware, report

from system.counters import Counters
from site import settings
from panel.housekeeping import Housekeeping

made = hardware()
panel = Housekeeping(made, board, settings.read(), Counters(), lambda: None, lambda: False)


async def main():
    asyncio.create_task(panel.run())
    await asyncio.sleep(20)
    report(up=made.radio.connected())


asyncio.run(main())
